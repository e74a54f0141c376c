import CTorch

extension Tensor {
    /// The elements, row-major, in another shape, a view where the strides allow it and else a copy; −1 stands for the
    /// size that makes them fit. Another number of elements traps.
    public func reshape(_ shape: [Int]) -> Tensor {
        produce("reshape", [self]) { out in withSizes(shape) { ct_reshape(raw, $0, $1, out) } }
    }
    /// A view of the elements, row-major, in another shape; −1 stands for the size that makes them fit. Traps where the
    /// strides would need a copy.
    public func view(_ shape: [Int]) -> Tensor {
        produce("view", [self]) { out in withSizes(shape) { ct_view(raw, $0, $1, out) } }
    }
    /// A view in which axes of size 1, and new leading ones, repeat to this shape; −1 keeps a size
    /// (`torch.Tensor.expand`).
    public func expand(_ shape: [Int]) -> Tensor {
        produce("expand", [self]) { out in withSizes(shape) { ct_expand(raw, $0, $1, out) } }
    }
    /// A copy that holds the whole tensor so many times along each axis (`torch.Tensor.repeat`).
    public func repeated(_ counts: [Int]) -> Tensor {
        produce("repeated", [self]) { out in withSizes(counts) { ct_repeat(raw, $0, $1, out) } }
    }
    /// A view with the axes in this order (`torch.permute`): `[N, H, W, C]` with [0, 3, 1, 2] is `[N, C, H, W]`.
    public func permute(_ dims: [Int]) -> Tensor {
        produce("permute", [self]) { out in withSizes(dims) { ct_permute(raw, $0, $1, out) } }
    }
    /// A view with two axes exchanged.
    public func transpose(_ a: Int, _ b: Int) -> Tensor {
        produce("transpose", [self]) { ct_transpose(raw, Int64(a), Int64(b), $0) }
    }
    /// Axes `from` through `to` made one, a view where the strides allow it and else a copy.
    public func flatten(from: Int = 0, to: Int = -1) -> Tensor {
        produce("flatten", [self]) { ct_flatten(raw, Int64(from), Int64(to), $0) }
    }
    /// A view without the axes of size 1.
    public func squeeze() -> Tensor { unary("squeeze", ct_squeeze) }
    /// A view without this axis if its size is 1, else of the same shape.
    public func squeeze(_ dim: Int) -> Tensor { produce("squeeze", [self]) { ct_squeeze_axis(raw, Int64(dim), $0) } }
    /// A view with a new axis of size 1, which has this number in it.
    public func unsqueeze(_ dim: Int) -> Tensor {
        produce("unsqueeze", [self]) { ct_unsqueeze(raw, Int64(dim), $0) }
    }
    /// A copy with the elements in reverse along these axes.
    public func flip(_ dims: [Int]) -> Tensor {
        produce("flip", [self]) { out in withSizes(dims) { ct_flip(raw, $0, $1, out) } }
    }

    /// A view of the slice at one index of an axis, which goes. A negative index counts from the end; one outside the
    /// axis traps.
    public func select(dim: Int, index: Int) -> Tensor {
        produce("select", [self]) { ct_select(raw, Int64(dim), Int64(index), $0) }
    }
    /// A view of `length` elements of an axis from `start` on; a part outside the axis traps.
    public func narrow(dim: Int, start: Int, length: Int) -> Tensor {
        let size = shape[dim < 0 ? dim + rank : dim]
        precondition(
            start >= 0 && length >= 0 && start + length <= size,
            "narrow: \(start)..<\(start + length) is outside axis \(dim) of \(signature)")
        return slice(dim: dim, start, start + length)
    }
    /// A view of every `step`-th element of an axis from `start` to before `end`, clipped to the axis; negative indices
    /// count from the end.
    public func slice(dim: Int, _ start: Int, _ end: Int, step: Int = 1) -> Tensor {
        produce("slice", [self]) { ct_slice(raw, Int64(dim), Int64(start), Int64(end), Int64(step), $0) }
    }

    /// Views of consecutive parts of the given sizes along an axis, from its start on. Sizes that sum to more than the
    /// axis trap; what they leave over is left out.
    public func split(sizes: [Int], dim: Int = 0) -> [Tensor] {
        var start = 0
        return sizes.map { size in
            defer { start += size }
            return narrow(dim: dim, start: start, length: size)
        }
    }
    /// Views of at most `count` consecutive parts of an axis, all but the last of one size (`torch.chunk`).
    public func chunk(_ count: Int, dim: Int = 0) -> [Tensor] {
        let size = shape[dim < 0 ? dim + rank : dim]
        let part = Swift.max(1, (size + count - 1) / count)
        return stride(from: 0, to: size, by: part).map {
            narrow(dim: dim, start: $0, length: Swift.min(part, size - $0))
        }
    }

    /// The tensors one behind the other along an axis; their other axes must agree (`torch.cat`).
    public static func cat(_ tensors: [Tensor], dim: Int = 0) -> Tensor {
        produce("cat", tensors) { out in withHandles(tensors) { ct_cat($0, $1, Int64(dim), out) } }
    }
    /// The tensors, all of one shape, one behind the other along a new axis (`torch.stack`).
    public static func stack(_ tensors: [Tensor], dim: Int = 0) -> Tensor {
        produce("stack", tensors) { out in withHandles(tensors) { ct_stack($0, $1, Int64(dim), out) } }
    }
}
