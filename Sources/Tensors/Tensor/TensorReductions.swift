import CTorch

// Reductions over axes; without axes, over every element to a tensor without axes.
extension Tensor {
    private typealias ReductionCall = (
        OpaquePointer?, UnsafePointer<Int64>?, Int32, Bool, UnsafeMutablePointer<OpaquePointer?>?
    ) -> ct_status

    private func reduce(_ name: StaticString, _ call: ReductionCall, _ dims: [Int], _ keepDim: Bool) -> Tensor {
        produce(name, [self]) { out in withSizes(dims) { call(raw, $0, $1, keepDim, out) } }
    }

    /// Sum over these axes, all of them where none is named.
    public func sum(_ dims: [Int] = [], keepDim: Bool = false) -> Tensor { reduce("sum", ct_sum, dims, keepDim) }
    /// Mean over these axes, all of them where none is named.
    public func mean(_ dims: [Int] = [], keepDim: Bool = false) -> Tensor { reduce("mean", ct_mean, dims, keepDim) }
    /// Largest element over these axes, all of them where none is named.
    public func amax(_ dims: [Int] = [], keepDim: Bool = false) -> Tensor { reduce("amax", ct_amax, dims, keepDim) }
    /// Smallest element over these axes, all of them where none is named.
    public func amin(_ dims: [Int] = [], keepDim: Bool = false) -> Tensor { reduce("amin", ct_amin, dims, keepDim) }
    /// Variance over these axes, all of them where none is named; divided by n − 1 where it is unbiased.
    public func variance(_ dims: [Int] = [], unbiased: Bool = true, keepDim: Bool = false) -> Tensor {
        produce("variance", [self]) { out in withSizes(dims) { ct_var(raw, $0, $1, unbiased, keepDim, out) } }
    }
    /// Standard deviation over these axes, all of them where none is named; from n − 1 where it is unbiased.
    public func std(_ dims: [Int] = [], unbiased: Bool = true, keepDim: Bool = false) -> Tensor {
        variance(dims, unbiased: unbiased, keepDim: keepDim).sqrt()
    }
    /// Product of all elements.
    public func prod() -> Tensor { unary("prod", ct_prod) }
    /// Square root of the sum of squares.
    public func norm() -> Tensor { unary("norm", ct_linalg_vector_norm) }

    /// Whether any element is true or not zero, as a bool of no axes.
    public func any() -> Tensor { unary("any", ct_any) }
    /// Whether all elements are true or not zero, as a bool of no axes.
    public func all() -> Tensor { unary("all", ct_all) }
    /// Whether any element along the axis is true or not zero.
    public func any(dim: Int, keepDim: Bool = false) -> Tensor {
        produce("any", [self]) { ct_any_axis(raw, Int64(dim), keepDim, $0) }
    }
    /// Whether all elements along the axis are true or not zero.
    public func all(dim: Int, keepDim: Bool = false) -> Tensor {
        produce("all", [self]) { ct_all_axis(raw, Int64(dim), keepDim, $0) }
    }

    /// Largest elements along the axis and their places (int64).
    public func max(dim: Int, keepDim: Bool = false) -> (values: Tensor, indices: Tensor) {
        producePair("max", [self]) { ct_max_axis(raw, Int64(dim), keepDim, $0, $1) }
    }
    /// Smallest elements along the axis and their places (int64).
    public func min(dim: Int, keepDim: Bool = false) -> (values: Tensor, indices: Tensor) {
        producePair("min", [self]) { ct_min_axis(raw, Int64(dim), keepDim, $0, $1) }
    }
    /// Places (int64) of the largest elements along the axis.
    public func argmax(dim: Int, keepDim: Bool = false) -> Tensor {
        produce("argmax", [self]) { ct_argmax(raw, Int64(dim), keepDim, $0) }
    }
    /// Places (int64) of the smallest elements along the axis.
    public func argmin(dim: Int, keepDim: Bool = false) -> Tensor {
        produce("argmin", [self]) { ct_argmin(raw, Int64(dim), keepDim, $0) }
    }
    /// Running sums along the axis.
    public func cumsum(dim: Int) -> Tensor { produce("cumsum", [self]) { ct_cumsum(raw, Int64(dim), $0) } }

    /// The elements in order along the axis, and the places (int64) that they come from.
    public func sorted(
        dim: Int = -1, descending: Bool = false, stable: Bool = true
    ) -> (values: Tensor, indices: Tensor) {
        producePair("sorted", [self]) { ct_sort(raw, Int64(dim), descending, stable, $0, $1) }
    }
    /// Places (int64) of the elements along the axis, in their order.
    public func argsort(dim: Int = -1, descending: Bool = false, stable: Bool = true) -> Tensor {
        sorted(dim: dim, descending: descending, stable: stable).indices
    }
    /// The `k` largest (or smallest) elements along the axis and their places (int64).
    public func topK(
        _ k: Int, dim: Int = -1, largest: Bool = true, sorted: Bool = true
    ) -> (values: Tensor, indices: Tensor) {
        producePair("topK", [self]) { ct_topk(raw, Int64(k), Int64(dim), largest, sorted, $0, $1) }
    }
    /// Places of the elements that aren't zero, `[n, rank]` int64.
    public func nonzero() -> Tensor { unary("nonzero", ct_nonzero) }
    /// The distinct elements, ascending.
    public func unique() -> Tensor { unary("unique", ct_unique) }
}
