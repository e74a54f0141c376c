import CTorch

/// One place of a subscript: an integer, a range, `.all`, `.ellipsis`, `.newAxis` or `.slice(…)`.
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

/// What may stand at one place of a tensor's subscript.
public protocol TensorIndexConvertible {
    var tensorIndex: TensorIndex { get }
}

extension TensorIndex: TensorIndexConvertible { public var tensorIndex: TensorIndex { self } }
extension Int: TensorIndexConvertible { public var tensorIndex: TensorIndex { TensorIndex(place: .index(self)) } }
extension Range<Int>: TensorIndexConvertible {
    /// The elements of this range along an axis.
    public var tensorIndex: TensorIndex { .slice(from: lowerBound, to: upperBound) }
}
extension ClosedRange<Int>: TensorIndexConvertible {
    /// The elements of this range along an axis.
    public var tensorIndex: TensorIndex { .slice(from: lowerBound, to: upperBound + 1) }
}
extension PartialRangeFrom<Int>: TensorIndexConvertible {
    /// The elements of this range along an axis.
    public var tensorIndex: TensorIndex { .slice(from: lowerBound) }
}
extension PartialRangeUpTo<Int>: TensorIndexConvertible {
    /// The elements of this range along an axis.
    public var tensorIndex: TensorIndex { .slice(from: 0, to: upperBound) }
}

extension TensorIndexConvertible where Self == TensorIndex {
    /// The whole axis.
    public static var all: TensorIndex { TensorIndex(place: .all) }
    /// As many whole axes as the other places leave over.
    public static var ellipsis: TensorIndex { TensorIndex(place: .ellipsis) }
    /// A new axis of size 1.
    public static var newAxis: TensorIndex { TensorIndex(place: .newAxis) }
    /// Every `step`-th index from the first (to the end without a second), clipped to the axis; negative ones count
    /// from the end.
    public static func slice(from: Int, to: Int? = nil, step: Int = 1) -> TensorIndex {
        TensorIndex(place: .slice(from: from, to: to, step: step))
    }
}

extension Tensor {
    /// A view of part of the tensor, `x[3]`, `x[.all, 0..<4]`, `x[.ellipsis, 1]`; axes that aren't named are whole.
    public subscript<A: TensorIndexConvertible>(_ a: A) -> Tensor {
        view(at: [a.tensorIndex.place])
    }
    /// What the indices select along the first axes; further axes stay whole.
    public subscript<A: TensorIndexConvertible, B: TensorIndexConvertible>(_ a: A, _ b: B) -> Tensor {
        view(at: [a.tensorIndex.place, b.tensorIndex.place])
    }
    /// What the indices select along the first axes; further axes stay whole.
    public subscript<A: TensorIndexConvertible, B: TensorIndexConvertible, C: TensorIndexConvertible>(_ a: A, _ b: B,
        _ c: C
    ) -> Tensor {
        view(at: [a.tensorIndex.place, b.tensorIndex.place, c.tensorIndex.place])
    }
    /// What the indices select along the first axes; further axes stay whole.
    public subscript<
        A: TensorIndexConvertible, B: TensorIndexConvertible, C: TensorIndexConvertible, D: TensorIndexConvertible
    >(_ a: A, _ b: B, _ c: C, _ d: D) -> Tensor {
        view(at: [a.tensorIndex.place, b.tensorIndex.place, c.tensorIndex.place, d.tensorIndex.place])
    }
    /// What the indices select along the first axes; further axes stay whole.
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

    /// Rows (or other slices) by number: `index` int64 `[n]`.
    public func indexSelect(dim: Int, _ index: Tensor) -> Tensor {
        produce("indexSelect", [self, index]) { ct_index_select(raw, Int64(dim), index.raw, $0) }
    }
    /// Elements along `dim` at the places in `index` (int64), which has as many axes as this tensor.
    public func gather(dim: Int, index: Tensor) -> Tensor {
        produce("gather", [self, index]) { ct_gather(raw, Int64(dim), index.raw, $0) }
    }
    /// A copy in which `source`'s elements stand at `index` along an axis.
    public func scatter(dim: Int, index: Tensor, source: Tensor) -> Tensor {
        produce("scatter", [self, index, source]) { ct_scatter(raw, Int64(dim), index.raw, source.raw, $0) }
    }
    /// A copy with the elements of `source` added along `dim` at the places in `index` (int64).
    public func scatterAdd(dim: Int, index: Tensor, source: Tensor) -> Tensor {
        produce("scatterAdd", [self, index, source]) { ct_scatter_add(raw, Int64(dim), index.raw, source.raw, $0) }
    }
    /// A copy with whole slices of `source` added along `dim` at the places in `index` (int64 `[n]`).
    public func indexAdd(dim: Int, index: Tensor, source: Tensor) -> Tensor {
        produce("indexAdd", [self, index, source]) { ct_index_add(raw, Int64(dim), index.raw, source.raw, $0) }
    }
    /// Advanced indexing with one int64 or bool tensor an axis; nil takes the axis whole.
    public func indexed(by indices: [Tensor?]) -> Tensor {
        produce("indexed", [self] + indices.compactMap { $0 }) { out in
            withHandles(indices) { ct_index(raw, $0, $1, out) }
        }
    }
    /// The elements (or slices) where `mask` holds, in order: `x[mask]`.
    public func masked(by mask: Tensor) -> Tensor { indexed(by: [mask]) }
    /// A copy with `values` at the places of `indexed(by:)`, put or added.
    public func indexPut(_ indices: [Tensor?], values: Tensor, accumulate: Bool = false) -> Tensor {
        produce("indexPut", [self, values] + indices.compactMap { $0 }) { out in
            withHandles(indices) { ct_index_put(raw, $0, $1, values.raw, accumulate, out) }
        }
    }
    /// A copy with `value` where `mask` holds.
    public func maskedFill(_ mask: Tensor, _ value: Double) -> Tensor {
        produce("maskedFill", [self, mask]) { ct_masked_fill(raw, mask.raw, ct_scalar(value), $0) }
    }
}
