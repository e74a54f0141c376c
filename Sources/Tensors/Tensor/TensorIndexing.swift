import CTorch

/// What stands at one place of a tensor's subscript: an integer, a range, `.all`, `.ellipsis`, `.newAxis` or
/// `.slice(…)`.
public struct TensorIndex: Sendable {
    enum Place {
        case all
        case ellipsis
        case newAxis
        case index(Int)
        case slice(from: Int, to: Int?, step: Int)
    }
    let place: Place
}

/// A type whose values may stand at one place of a tensor's subscript: `Int`, ranges of `Int`, ``TensorIndex``.
public protocol TensorIndexConvertible {
    /// The value as one place of a subscript.
    var tensorIndex: TensorIndex { get }
}

extension TensorIndex: TensorIndexConvertible { public var tensorIndex: TensorIndex { self } }
extension Int: TensorIndexConvertible { public var tensorIndex: TensorIndex { TensorIndex(place: .index(self)) } }
extension Range<Int>: TensorIndexConvertible {
    /// The elements of this range along an axis, clipped to it; negative bounds count from the end.
    public var tensorIndex: TensorIndex { .slice(from: lowerBound, to: upperBound) }
}
extension ClosedRange<Int>: TensorIndexConvertible {
    /// The elements of this range along an axis, clipped to it; negative bounds count from the end.
    public var tensorIndex: TensorIndex { .slice(from: lowerBound, to: upperBound + 1) }
}
extension PartialRangeFrom<Int>: TensorIndexConvertible {
    /// The elements from this one on along an axis.
    public var tensorIndex: TensorIndex { .slice(from: lowerBound) }
}
extension PartialRangeUpTo<Int>: TensorIndexConvertible {
    /// The elements before this one along an axis.
    public var tensorIndex: TensorIndex { .slice(from: 0, to: upperBound) }
}

extension TensorIndexConvertible where Self == TensorIndex {
    /// The whole axis, `:` in Python.
    public static var all: TensorIndex { TensorIndex(place: .all) }
    /// As many whole axes as the other places leave over, `...` in Python.
    public static var ellipsis: TensorIndex { TensorIndex(place: .ellipsis) }
    /// A new axis of size 1, `None` in Python.
    public static var newAxis: TensorIndex { TensorIndex(place: .newAxis) }
    /// Every `step`-th element from `from` to before `to`, or to the end, clipped to the axis: `from:to:step` in
    /// Python. Negative indices count from the end; the step must be above 0.
    public static func slice(from: Int, to: Int? = nil, step: Int = 1) -> TensorIndex {
        TensorIndex(place: .slice(from: from, to: to, step: step))
    }
}

extension Tensor {
    /// A view of the part that the places select along the first axes: `x[3]`, `x[.all, 0..<4]`, `x[.ellipsis, 1]`.
    /// Axes that aren't named are whole.
    ///
    /// An integer takes its axis away and counts from the end if negative. An integer outside its axis, and more places
    /// than there are axes, trap.
    public subscript<A: TensorIndexConvertible>(_ a: A) -> Tensor {
        view(at: [a.tensorIndex.place])
    }
    /// A view of the part that the places select along the first two axes; further axes stay whole.
    public subscript<A: TensorIndexConvertible, B: TensorIndexConvertible>(_ a: A, _ b: B) -> Tensor {
        view(at: [a.tensorIndex.place, b.tensorIndex.place])
    }
    /// A view of the part that the places select along the first three axes; further axes stay whole.
    public subscript<A: TensorIndexConvertible, B: TensorIndexConvertible, C: TensorIndexConvertible>(_ a: A, _ b: B,
        _ c: C
    ) -> Tensor {
        view(at: [a.tensorIndex.place, b.tensorIndex.place, c.tensorIndex.place])
    }
    /// A view of the part that the places select along the first four axes; further axes stay whole.
    public subscript<
        A: TensorIndexConvertible, B: TensorIndexConvertible, C: TensorIndexConvertible, D: TensorIndexConvertible
    >(_ a: A, _ b: B, _ c: C, _ d: D) -> Tensor {
        view(at: [a.tensorIndex.place, b.tensorIndex.place, c.tensorIndex.place, d.tensorIndex.place])
    }
    /// A view of the part that the places select along the first five axes; further axes stay whole.
    public subscript<
        A: TensorIndexConvertible, B: TensorIndexConvertible, C: TensorIndexConvertible, D: TensorIndexConvertible,
        E: TensorIndexConvertible
    >(_ a: A, _ b: B, _ c: C, _ d: D, _ e: E) -> Tensor {
        view(at: [
            a.tensorIndex.place, b.tensorIndex.place, c.tensorIndex.place, d.tensorIndex.place, e.tensorIndex.place,
        ])
    }

    private func view(at places: [TensorIndex.Place]) -> Tensor {
        let named = places.count { place in
            switch place {
            case .ellipsis, .newAxis: false
            case .all, .index, .slice: true
            }
        }
        precondition(named <= rank, "subscript: \(named) places for the \(rank) axes of \(signature)")
        var result = self
        var axis = 0
        for place in places {
            switch place {
            case .all: axis += 1
            case .ellipsis: axis += rank - named
            case .newAxis:
                result = result.unsqueeze(axis)
                axis += 1
            case .index(let i): result = result.select(dim: axis, index: i)
            case .slice(let from, let to, let step):
                result = result.slice(dim: axis, from, to ?? Int.max, step: step)
                axis += 1
            }
        }
        return result
    }

    /// A copy of the slices along `dim` whose numbers stand in `index`, int64 `[n]` (`torch.index_select`). An index
    /// outside the axis traps.
    public func indexSelect(dim: Int, _ index: Tensor) -> Tensor {
        produce("indexSelect", [self, index]) { ct_index_select(raw, Int64(dim), index.raw, $0) }
    }
    /// Elements along `dim` at the places in `index`, int64, which has as many axes as this tensor and gives the result
    /// its shape (`torch.gather`).
    public func gather(dim: Int, index: Tensor) -> Tensor {
        produce("gather", [self, index]) { ct_gather(raw, Int64(dim), index.raw, $0) }
    }
    /// A copy to which the slices of `source` are added along `dim` at the places in `index`, int64 `[n]`
    /// (`torch.index_add`).
    public func indexAdd(dim: Int, index: Tensor, source: Tensor) -> Tensor {
        produce("indexAdd", [self, index, source]) { ct_index_add(raw, Int64(dim), index.raw, source.raw, $0) }
    }
    /// A copy of the elements that one tensor for each axis selects, int64 places or bools; nil takes an axis whole
    /// (`x[i, j]` with tensors in PyTorch).
    public func indexed(by indices: [Tensor?]) -> Tensor {
        produce("indexed", [self] + indices.compactMap { $0 }) { out in
            withHandles(indices) { ct_index(raw, $0, $1, out) }
        }
    }
    /// The elements, or slices, where the bool `mask` holds, in their order: `x[mask]` in PyTorch. The mask has the
    /// shape of the first axes.
    public func masked(by mask: Tensor) -> Tensor { indexed(by: [mask]) }
    /// A copy with `values`, which broadcast, at the places that `indexed(by:)` would take (`torch.index_put`).
    ///
    /// - Parameters:
    ///   - indices: int64 places or bools, one tensor for each axis; nil takes the axis whole.
    ///   - values: what is put there, of this tensor's type.
    ///   - accumulate: adds to what is there instead; a place that is named twice then counts twice.
    public func indexPut(_ indices: [Tensor?], values: Tensor, accumulate: Bool = false) -> Tensor {
        produce("indexPut", [self, values] + indices.compactMap { $0 }) { out in
            withHandles(indices) { ct_index_put(raw, $0, $1, values.raw, accumulate, out) }
        }
    }
    /// A copy with a number where the bool `mask`, which broadcasts, holds; no gradient flows through those places.
    public func maskedFill(_ mask: Tensor, _ value: Double) -> Tensor {
        produce("maskedFill", [self, mask]) { ct_masked_fill(raw, mask.raw, ct_scalar(value), $0) }
    }
}
