import CTorch

extension Tensor {
    /// The elements, row-major, in another shape; −1 stands for the size that makes them fit.
    public func reshape(_ shape: [Int]) -> Tensor {
        produce("reshape", [self]) { out in withSizes(shape) { ct_reshape(raw, $0, $1, out) } }
    }
    /// As `reshape`, but never a copy: traps where the strides don't allow it.
    public func view(_ shape: [Int]) -> Tensor {
        produce("view", [self]) { out in withSizes(shape) { ct_view(raw, $0, $1, out) } }
    }
    /// Axes of size 1 stretched without a copy; −1 keeps a size.
    public func expand(_ shape: [Int]) -> Tensor {
        produce("expand", [self]) { out in withSizes(shape) { ct_expand(raw, $0, $1, out) } }
    }
    /// A view of this shape in which axes of length 1 repeat.
    public func broadcast(to shape: [Int]) -> Tensor { expand(shape) }
    /// The whole tensor, so many times along each axis.
    public func repeated(_ counts: [Int]) -> Tensor {
        produce("repeated", [self]) { out in withSizes(counts) { ct_repeat(raw, $0, $1, out) } }
    }
    /// A view with the axes in this order.
    public func permute(_ dims: [Int]) -> Tensor {
        produce("permute", [self]) { out in withSizes(dims) { ct_permute(raw, $0, $1, out) } }
    }
    /// A view with two axes exchanged.
    public func transpose(_ a: Int, _ b: Int) -> Tensor {
        produce("transpose", [self]) { ct_transpose(raw, Int64(a), Int64(b), $0) }
    }
    /// Axes `from` through `to` as one.
    public func flatten(from: Int = 0, to: Int = -1) -> Tensor {
        produce("flatten", [self]) { ct_flatten(raw, Int64(from), Int64(to), $0) }
    }
    /// A view without the axes of length 1.
    public func squeeze() -> Tensor { unary("squeeze", ct_squeeze) }
    /// A view without this axis, if its length is 1.
    public func squeeze(_ dim: Int) -> Tensor { produce("squeeze", [self]) { ct_squeeze_axis(raw, Int64(dim), $0) } }
    /// A view with a new axis of length 1 before this one.
    public func unsqueeze(_ dim: Int) -> Tensor {
        produce("unsqueeze", [self]) { ct_unsqueeze(raw, Int64(dim), $0) }
    }
    /// A copy with the elements in reverse along these axes.
    public func flip(_ dims: [Int]) -> Tensor {
        produce("flip", [self]) { out in withSizes(dims) { ct_flip(raw, $0, $1, out) } }
    }

    /// The slice at one index of an axis, which disappears. Negative indices count from the end.
    public func select(dim: Int, index: Int) -> Tensor {
        produce("select", [self]) { ct_select(raw, Int64(dim), Int64(index), $0) }
    }
    /// A view of `length` elements of an axis from `start` on.
    public func narrow(dim: Int, start: Int, length: Int) -> Tensor {
        let size = shape[dim < 0 ? dim + rank : dim]
        precondition(
            start >= 0 && length >= 0 && start + length <= size,
            "narrow: \(start)..<\(start + length) is outside axis \(dim) of \(signature)")
        return slice(dim: dim, start, start + length)
    }
    /// Every `step`-th index from `start` to before `end`, clipped to the axis.
    public func slice(dim: Int, _ start: Int, _ end: Int, step: Int = 1) -> Tensor {
        produce("slice", [self]) { ct_slice(raw, Int64(dim), Int64(start), Int64(end), Int64(step), $0) }
    }

    /// Consecutive parts of the given sizes along an axis.
    public func split(sizes: [Int], dim: Int = 0) -> [Tensor] {
        var start = 0
        return sizes.map { size in
            defer { start += size }
            return narrow(dim: dim, start: start, length: size)
        }
    }
    /// At most `count` parts along an axis, all but the last of the same size.
    public func chunk(_ count: Int, dim: Int = 0) -> [Tensor] {
        let size = shape[dim < 0 ? dim + rank : dim]
        let part = Swift.max(1, (size + count - 1) / count)
        return stride(from: 0, to: size, by: part).map {
            narrow(dim: dim, start: $0, length: Swift.min(part, size - $0))
        }
    }

    /// The tensors one behind the other along an axis that they have.
    public static func cat(_ tensors: [Tensor], dim: Int = 0) -> Tensor {
        produce("cat", tensors) { out in withHandles(tensors) { ct_cat($0, $1, Int64(dim), out) } }
    }
    /// The tensors one behind the other along a new axis; all of one shape.
    public static func stack(_ tensors: [Tensor], dim: Int = 0) -> Tensor {
        produce("stack", tensors) { out in withHandles(tensors) { ct_stack($0, $1, Int64(dim), out) } }
    }
}
