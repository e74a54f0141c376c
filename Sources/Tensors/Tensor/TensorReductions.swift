import CTorch

// Reductions over axes; without axes, over every element to a tensor without axes.
extension Tensor {
    private typealias ReductionCall = (
        OpaquePointer?, UnsafePointer<Int64>?, Int32, Bool, UnsafeMutablePointer<OpaquePointer?>?
    ) -> ct_status

    private func reduce(_ name: StaticString, _ call: ReductionCall, _ dims: [Int], _ keepDim: Bool) -> Tensor {
        produce(name, [self]) { out in withSizes(dims) { call(raw, $0, $1, keepDim, out) } }
    }

    public func sum(_ dims: [Int] = [], keepDim: Bool = false) -> Tensor { reduce("sum", ct_sum, dims, keepDim) }
    public func mean(_ dims: [Int] = [], keepDim: Bool = false) -> Tensor { reduce("mean", ct_mean, dims, keepDim) }
    public func amax(_ dims: [Int] = [], keepDim: Bool = false) -> Tensor { reduce("amax", ct_amax, dims, keepDim) }
    public func amin(_ dims: [Int] = [], keepDim: Bool = false) -> Tensor { reduce("amin", ct_amin, dims, keepDim) }
    public func variance(_ dims: [Int] = [], unbiased: Bool = true, keepDim: Bool = false) -> Tensor {
        produce("variance", [self]) { out in withSizes(dims) { ct_var(raw, $0, $1, unbiased, keepDim, out) } }
    }
    public func std(_ dims: [Int] = [], unbiased: Bool = true, keepDim: Bool = false) -> Tensor {
        variance(dims, unbiased: unbiased, keepDim: keepDim).sqrt()
    }
    public func prod() -> Tensor { unary("prod", ct_prod) }
    /// Square root of the sum of squares.
    public func norm() -> Tensor { unary("norm", ct_linalg_vector_norm) }

    public func any() -> Tensor { unary("any", ct_any) }
    public func all() -> Tensor { unary("all", ct_all) }
    public func any(dim: Int, keepDim: Bool = false) -> Tensor {
        produce("any", [self]) { ct_any_axis(raw, Int64(dim), keepDim, $0) }
    }
    public func all(dim: Int, keepDim: Bool = false) -> Tensor {
        produce("all", [self]) { ct_all_axis(raw, Int64(dim), keepDim, $0) }
    }

    public func max(dim: Int, keepDim: Bool = false) -> (values: Tensor, indices: Tensor) {
        producePair("max", [self]) { ct_max_axis(raw, Int64(dim), keepDim, $0, $1) }
    }
    public func min(dim: Int, keepDim: Bool = false) -> (values: Tensor, indices: Tensor) {
        producePair("min", [self]) { ct_min_axis(raw, Int64(dim), keepDim, $0, $1) }
    }
    public func argmax(dim: Int, keepDim: Bool = false) -> Tensor {
        produce("argmax", [self]) { ct_argmax(raw, Int64(dim), keepDim, $0) }
    }
    public func argmin(dim: Int, keepDim: Bool = false) -> Tensor {
        produce("argmin", [self]) { ct_argmin(raw, Int64(dim), keepDim, $0) }
    }
    public func cumsum(dim: Int) -> Tensor { produce("cumsum", [self]) { ct_cumsum(raw, Int64(dim), $0) } }

    public func sorted(
        dim: Int = -1, descending: Bool = false, stable: Bool = true
    ) -> (values: Tensor, indices: Tensor) {
        producePair("sorted", [self]) { ct_sort(raw, Int64(dim), descending, stable, $0, $1) }
    }
    public func argsort(dim: Int = -1, descending: Bool = false, stable: Bool = true) -> Tensor {
        sorted(dim: dim, descending: descending, stable: stable).indices
    }
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
