/// The functions of `DetectionOps` composed of tensor operations: what the native ones are tested against, and what
/// runs on CUDA devices. Gradients flow where `DetectionOps` says, and in the box arithmetic to the boxes too.
package enum ComposedDetectionOps {
    package static func nms(boxes: Tensor, scores: Tensor, iouThreshold: Double) -> Tensor {
        precondition(
            boxes.rank == 2 && boxes.shape[1] == 4 && scores.shape == [boxes.shape[0]],
            "nms: boxes \(boxes.shape) with scores \(scores.shape)")
        let order = scores.argsort(dim: 0, descending: true)
        let ranked = boxes.detached().indexSelect(dim: 0, order)
        guard boxes.shape[0] <= mostComparedAtOnce else {
            return order.indexSelect(dim: 0, Tensor(survivors(of: ranked, iouThreshold), device: boxes.device))
        }
        return order.indexSelect(dim: 0, survivors(ofList: ranked, iouThreshold))
    }

    /// Boxes that are all compared with each other at once: a number for each pair.
    private static let mostComparedAtOnce = 10_000
    /// Boxes that are compared with all others in one operation, which keeps some numbers for each pair.
    private static let rowsOfComparison = 1024

    /// For some boxes of a list, best first, which of the list's boxes from `start` on they overlap too much: bool.
    private static func overlaps(_ ranked: Tensor, _ rows: Range<Int>, from start: Int, _ iouThreshold: Double)
        -> Tensor
    {
        boxIoU(ranked.slice(dim: 0, rows.lowerBound, rows.upperBound), ranked.slice(dim: 0, start, ranked.shape[0]))
            .to(.float64) .> iouThreshold
    }

    /// Places, ascending, of the boxes that greedy suppression keeps, of a list with the best first.
    private static func survivors(ofList ranked: Tensor, _ iouThreshold: Double) -> Tensor {
        let (count, device) = (ranked.shape[0], ranked.device)
        guard count > 0 else { return Tensor([Int](), shape: [0], device: device) }
        let suppresses = Tensor.cat(
            stride(from: 0, to: count, by: rowsOfComparison).map { start in
                let end = min(start + rowsOfComparison, count)
                return
                    (overlaps(ranked, start..<end, from: 0, iouThreshold) .& isBehind(start..<end, of: count, device))
                    .to(.float32)
            })
        let (stay, kept) = fixedPoint(suppresses, candidates: Tensor.ones([count], dtype: .bool, device: device))
        return stay.to(.int32).argsort(dim: 0, descending: true, stable: true).narrow(dim: 0, start: 0, length: kept)
    }

    /// Which boxes of many lists greedy suppression keeps, each list for itself and with the best first: bool `[N, L, K]`.
    ///
    /// - Parameters:
    ///   - boxes: `[N, L, K, 4]`, L lists of K boxes for each of N images.
    ///   - candidates: bool `[N, L, K]`; the other boxes neither stay nor suppress.
    ///   - iouThreshold: boxes that overlap a better one by more than this go.
    ///   - movesApart: whether the lists of an image are moved apart as ``batchedNMS(boxes:scores:classes:iouThreshold:)``
    ///     moves classes apart, which rounds the boxes' edges.
    package static func survivors(
        ofLists boxes: Tensor, candidates: Tensor, iouThreshold: Double, movesApart: Bool
    ) -> Tensor {
        let (lists, count, device) = (boxes.shape[1], boxes.shape[2], boxes.device)
        var boxes = boxes.detached()
        if movesApart {
            let none = Tensor.full([], -Double.infinity, dtype: boxes.dtype, device: device)
            let extent = Tensor.where(candidates.unsqueeze(-1), boxes, none).amax([1, 2, 3], keepDim: true)
            let list = Tensor.arange(0, Double(lists), dtype: .float32, device: device).to(boxes.dtype)
            boxes = boxes + list.reshape([1, lists, 1, 1]) * (extent + 1)
        }
        let isBehind = isBehind(0..<count, of: count, device)
        let suppresses = Tensor.stack(
            (0..<boxes.shape[0]).map { image in
                let own = boxes.select(dim: 0, index: image)
                return ((boxIoU(own, own).to(.float64) .> iouThreshold) .& isBehind).to(.float32)
            })
        return fixedPoint(suppresses, candidates: candidates).stay
    }

    /// For some places of a list, which places stand behind them: bool `[rows, count]`.
    private static func isBehind(_ rows: Range<Int>, of count: Int, _ device: Device) -> Tensor {
        let place = Tensor.arange(0, Double(count), dtype: .int64, device: device)
        return place.unsqueeze(0) .> place.slice(dim: 0, rows.lowerBound, rows.upperBound).unsqueeze(1)
    }

    /// Which candidates `[…, K]` greedy suppression keeps, and how many, where `suppresses`, float32 `[…, K, K]`, is 1 for each
    /// box and those behind it that it overlaps too much, else 0.
    ///
    /// Those that stay are the one solution of: a box stays if no better one that stays overlaps it too much. Rounds of
    /// "goes if one of those that stayed in the round before overlaps it" come to it, each at least one box further down
    /// the lists; few are needed, as few as the longest chain of boxes that save each other. The host waits for the device
    /// once in `roundsAtOnce` rounds.
    private static func fixedPoint(_ suppresses: Tensor, candidates: Tensor) -> (stay: Tensor, count: Int) {
        let roundsAtOnce = 8
        var stay = candidates
        while true {
            var before = stay
            for _ in 0..<roundsAtOnce {
                before = stay
                // A product of matrices counts faster than anything looks.
                let suppressors = stay.to(.float32).unsqueeze(-2).matmul(suppresses).squeeze(-2)
                stay = candidates .& (suppressors .< 0.5)
            }
            let state = Tensor.stack([(stay .!= before).to(.int64).sum(), stay.to(.int64).sum()]).array(Int.self)
            if state[0] == 0 { return (stay, state[1]) }
        }
    }

    /// Places, ascending, of the boxes that greedy suppression keeps, of a list with the best first and with too many pairs
    /// for the memory: the device compares them by blocks, the host chooses.
    private static func survivors(of ranked: Tensor, _ iouThreshold: Double) -> [Int] {
        let count = ranked.shape[0]
        var isSuppressed = [Bool](repeating: false, count: count)
        var kept: [Int] = []
        for start in stride(from: 0, to: count, by: rowsOfComparison) {
            let end = min(start + rowsOfComparison, count)
            let exceeds = overlaps(ranked, start..<end, from: start, iouThreshold).array(Bool.self)
            let width = count - start
            for i in 0..<(end - start) where !isSuppressed[start + i] {
                kept.append(start + i)
                for j in (i + 1)..<max(width, i + 1) where exceeds[i * width + j] { isSuppressed[start + j] = true }
            }
        }
        return kept
    }

    package static func batchedNMS(boxes: Tensor, scores: Tensor, classes: Tensor, iouThreshold: Double) -> Tensor {
        let count = boxes.shape[0]
        guard count > 0 else { return Tensor([Int](), shape: [0], device: boxes.device) }
        if count <= (boxes.device == .cpu ? 1000 : 25_000) {
            let offsets = classes.to(boxes.dtype) * (boxes.amax() + 1)
            return nms(boxes: boxes + offsets.unsqueeze(1), scores: scores, iouThreshold: iouThreshold)
        }
        let kept = classes.unique().array(Int.self).map { label in
            let members = (classes .== Double(label)).nonzero().squeeze(1)
            let inClass = nms(
                boxes: boxes.indexSelect(dim: 0, members), scores: scores.indexSelect(dim: 0, members),
                iouThreshold: iouThreshold)
            return members.indexSelect(dim: 0, inClass)
        }
        let indices = Tensor.cat(kept).sorted(dim: 0).values
        return indices.indexSelect(
            dim: 0, scores.indexSelect(dim: 0, indices).argsort(dim: 0, descending: true))
    }

    package static func boxIoU(_ a: Tensor, _ b: Tensor) -> Tensor {
        let a = a.unsqueeze(-2), b = b.unsqueeze(-3)
        let low = Tensor.maximum(a.slice(dim: -1, 0, 2), b.slice(dim: -1, 0, 2))
        let high = Tensor.minimum(a.slice(dim: -1, 2, 4), b.slice(dim: -1, 2, 4))
        let size = (high - low).clamp(min: 0)
        let intersection = size.select(dim: -1, index: 0) * size.select(dim: -1, index: 1)
        return intersection / (area(a) + area(b) - intersection)
    }

    /// Areas `[…]` of boxes `[…, 4]`, XYXY.
    private static func area(_ boxes: Tensor) -> Tensor {
        let edges = (0..<4).map { boxes.select(dim: -1, index: $0) }
        return (edges[2] - edges[0]) * (edges[3] - edges[1])
    }

    package static func encodeBoxes(
        reference: Tensor, anchors: Tensor, weights: (Double, Double, Double, Double) = (1, 1, 1, 1)
    ) -> Tensor {
        let (target, anchor) = (CenteredBoxes(reference), CenteredBoxes(anchors))
        return Tensor.stack(
            [
                (target.centerX - anchor.centerX) * weights.0 / anchor.width,
                (target.centerY - anchor.centerY) * weights.1 / anchor.height,
                (target.width / anchor.width).log() * weights.2,
                (target.height / anchor.height).log() * weights.3,
            ], dim: 1)
    }

    package static func decodeBoxes(
        deltas: Tensor, anchors: Tensor, weights: (Double, Double, Double, Double) = (1, 1, 1, 1),
        clip: Double = DetectionOps.largestSizeDelta
    ) -> Tensor {
        let anchor = CenteredBoxes(anchors.to(deltas.dtype).unsqueeze(1))
        let codes = deltas.reshape([deltas.shape[0], deltas.shape[1] / 4, 4])
        let delta = (0..<4).map { codes.select(dim: 2, index: $0) }
        let centerX = delta[0] / weights.0 * anchor.width + anchor.centerX
        let centerY = delta[1] / weights.1 * anchor.height + anchor.centerY
        let halfWidth = 0.5 * ((delta[2] / weights.2).clamp(max: clip).exp() * anchor.width)
        let halfHeight = 0.5 * ((delta[3] / weights.3).clamp(max: clip).exp() * anchor.height)
        return Tensor.stack(
            [centerX - halfWidth, centerY - halfHeight, centerX + halfWidth, centerY + halfHeight], dim: 2
        ).flatten(from: 1)
    }

    package static func clipBoxes(_ boxes: Tensor, height: Double, width: Double) -> Tensor {
        let corners = boxes.reshape([-1, 2])
        return Tensor.stack(
            [
                corners.select(dim: 1, index: 0).clamp(min: 0, max: width),
                corners.select(dim: 1, index: 1).clamp(min: 0, max: height),
            ], dim: 1
        ).reshape(boxes.shape)
    }

    package static func matchAnchors(
        gt: Tensor, anchors: Tensor, high: Double, low: Double, allowLowQuality: Bool
    ) -> Tensor {
        let count = anchors.shape[0]
        guard gt.shape[0] > 0, count > 0 else { return Tensor.full([count], -1, dtype: .int64, device: anchors.device) }
        let overlaps = boxIoU(gt.detached(), anchors.detached())
        let (best, bestTruth) = overlaps.max(dim: 0)
        let matches = bestTruth.maskedFill(best .< high, -2).maskedFill(best .< low, -1)
        guard allowLowQuality else { return matches }
        let isHighest = (overlaps .== overlaps.amax([1], keepDim: true)).any(dim: 0)
        return Tensor.where(isHighest, bestTruth, matches)
    }

    /// Boxes `[…, 4]`, XYXY, by size and centre, `[…]` each.
    private struct CenteredBoxes {
        let width, height, centerX, centerY: Tensor

        init(_ boxes: Tensor) {
            let edges = (0..<4).map { boxes.select(dim: -1, index: $0) }
            width = edges[2] - edges[0]
            height = edges[3] - edges[1]
            centerX = edges[0] + 0.5 * width
            centerY = edges[1] + 0.5 * height
        }
    }
}
