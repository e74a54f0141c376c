import CTorch

// Reductions over axes; without any named, over every element to a tensor without axes. The axes go, or with `keepDim`
// stay with size 1.
extension Tensor {
    private typealias ReductionCall = (
        OpaquePointer?, UnsafePointer<Int64>?, Int32, Bool, UnsafeMutablePointer<OpaquePointer?>?
    ) -> ct_status

    private func reduce(_ name: StaticString, _ call: ReductionCall, _ dims: [Int], _ keepDim: Bool) -> Tensor {
        produce(name, [self]) { out in withSizes(dims) { call(raw, $0, $1, keepDim, out) } }
    }

    /// Sum over these axes, over all where none is named; integers and bools give int64. The axes go, or with `keepDim`
    /// stay with size 1.
    public func sum(_ dims: [Int] = [], keepDim: Bool = false) -> Tensor { reduce("sum", ct_sum, dims, keepDim) }
    /// Mean over these axes, over all where none is named; floating-point tensors only. The axes go, or with `keepDim`
    /// stay with size 1.
    public func mean(_ dims: [Int] = [], keepDim: Bool = false) -> Tensor { reduce("mean", ct_mean, dims, keepDim) }
    /// Largest element over these axes, over all where none is named; the gradient is shared by those that are equal.
    /// The axes go, or with `keepDim` stay with size 1.
    public func amax(_ dims: [Int] = [], keepDim: Bool = false) -> Tensor { reduce("amax", ct_amax, dims, keepDim) }
    /// Smallest element over these axes, over all where none is named; the gradient is shared by those that are equal.
    /// The axes go, or with `keepDim` stay with size 1.
    public func amin(_ dims: [Int] = [], keepDim: Bool = false) -> Tensor { reduce("amin", ct_amin, dims, keepDim) }
    /// Variance over these axes, over all where none is named: the squared deviations' sum over n − 1, or over n where
    /// it isn't `unbiased`. The axes go, or with `keepDim` stay with size 1.
    public func variance(_ dims: [Int] = [], unbiased: Bool = true, keepDim: Bool = false) -> Tensor {
        produce("variance", [self]) { out in withSizes(dims) { ct_var(raw, $0, $1, unbiased, keepDim, out) } }
    }
    /// Standard deviation over these axes, over all where none is named: the root of ``variance(_:unbiased:keepDim:)``.
    /// The axes go, or with `keepDim` stay with size 1.
    public func std(_ dims: [Int] = [], unbiased: Bool = true, keepDim: Bool = false) -> Tensor {
        variance(dims, unbiased: unbiased, keepDim: keepDim).sqrt()
    }
    /// Euclidean norm of all elements, the root of the sum of their squares, without axes.
    public func norm() -> Tensor { unary("norm", ct_linalg_vector_norm) }

    /// Whether any element is true or not zero, as a bool without axes.
    public func any() -> Tensor { unary("any", ct_any) }
    /// Whether all elements are true or not zero, as a bool without axes.
    public func all() -> Tensor { unary("all", ct_all) }
    /// Whether any element along the axis is true or not zero, as bools.
    public func any(dim: Int, keepDim: Bool = false) -> Tensor {
        produce("any", [self]) { ct_any_axis(raw, Int64(dim), keepDim, $0) }
    }
    /// Whether all elements along the axis are true or not zero, as bools.
    public func all(dim: Int, keepDim: Bool = false) -> Tensor {
        produce("all", [self]) { ct_all_axis(raw, Int64(dim), keepDim, $0) }
    }

    /// Largest elements along the axis, and their places, int64 (`torch.max`); the gradient flows to them alone.
    public func max(dim: Int, keepDim: Bool = false) -> (values: Tensor, indices: Tensor) {
        producePair("max", [self]) { ct_max_axis(raw, Int64(dim), keepDim, $0, $1) }
    }
    /// Smallest elements along the axis, and their places, int64 (`torch.min`); the gradient flows to them alone.
    public func min(dim: Int, keepDim: Bool = false) -> (values: Tensor, indices: Tensor) {
        producePair("min", [self]) { ct_min_axis(raw, Int64(dim), keepDim, $0, $1) }
    }
    /// Places of the largest elements along the axis, int64.
    public func argmax(dim: Int, keepDim: Bool = false) -> Tensor {
        produce("argmax", [self]) { ct_argmax(raw, Int64(dim), keepDim, $0) }
    }
    /// Places of the smallest elements along the axis, int64.
    public func argmin(dim: Int, keepDim: Bool = false) -> Tensor {
        produce("argmin", [self]) { ct_argmin(raw, Int64(dim), keepDim, $0) }
    }
    /// Sums along the axis of every element and those before it.
    public func cumsum(dim: Int) -> Tensor { produce("cumsum", [self]) { ct_cumsum(raw, Int64(dim), $0) } }

    /// The elements in order along the axis, and the places that they come from, int64; a stable order keeps equal
    /// elements as they stood.
    public func sorted(
        dim: Int = -1, descending: Bool = false, stable: Bool = true
    ) -> (values: Tensor, indices: Tensor) {
        producePair("sorted", [self]) { ct_sort(raw, Int64(dim), descending, stable, $0, $1) }
    }
    /// Places of the elements along the axis in their order, int64; a stable order keeps equal elements as they stood.
    public func argsort(dim: Int = -1, descending: Bool = false, stable: Bool = true) -> Tensor {
        sorted(dim: dim, descending: descending, stable: stable).indices
    }
    /// The `k` largest elements along the axis, or the smallest, and their places, int64 (`torch.topk`); the gradient
    /// flows to them alone. More than the axis has trap.
    ///
    /// - Parameters:
    ///   - k: how many.
    ///   - dim: the axis.
    ///   - largest: false takes the smallest.
    ///   - sorted: whether they come in order, the extreme one first.
    public func topK(
        _ k: Int, dim: Int = -1, largest: Bool = true, sorted: Bool = true
    ) -> (values: Tensor, indices: Tensor) {
        producePair("topK", [self]) { ct_topk(raw, Int64(k), Int64(dim), largest, sorted, $0, $1) }
    }
    /// Places of the elements that are true or not zero, row-major, int64 `[n, rank]`.
    public func nonzero() -> Tensor { unary("nonzero", ct_nonzero) }
    /// The distinct elements in ascending order, `[n]`.
    public func unique() -> Tensor { unary("unique", ct_unique) }
}
