/// The functions of `DetectionOps` composed of tensor operations: what the native ones are tested against, and what
/// runs on CUDA devices. Gradients flow where `DetectionOps` says, and in the box arithmetic to the boxes too.
package enum ComposedDetectionOps {
    package static func nms(boxes: Tensor, scores: Tensor, iouThreshold: Double) -> Tensor {
        precondition(
            boxes.rank == 2 && boxes.shape[1] == 4 && scores.shape == [boxes.shape[0]],
            "nms: boxes \(boxes.shape) with scores \(scores.shape)")
        let order = scores.argsort(dim: 0, descending: true)
        let ranked = boxes.detached().indexSelect(dim: 0, order)
        let count = boxes.shape[0]
        var isSuppressed = [Bool](repeating: false, count: count)
        var kept: [Int] = []
        // The device compares, some rows at a time; the greedy choice is made here.
        let rows = 1024
        for start in stride(from: 0, to: count, by: rows) {
            let block = ranked.slice(dim: 0, start, min(start + rows, count))
            let overlaps = boxIoU(block, ranked.slice(dim: 0, start, count)).to(.float64) .> iouThreshold
            let exceeds = overlaps.array(Bool.self)
            let width = count - start
            for i in 0..<block.shape[0] where !isSuppressed[start + i] {
                kept.append(start + i)
                for j in (i + 1)..<max(width, i + 1) where exceeds[i * width + j] { isSuppressed[start + j] = true }
            }
        }
        return order.indexSelect(dim: 0, Tensor(kept, device: boxes.device))
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
        let a = a.unsqueeze(1), b = b.unsqueeze(0)
        let low = Tensor.maximum(a.slice(dim: 2, 0, 2), b.slice(dim: 2, 0, 2))
        let high = Tensor.minimum(a.slice(dim: 2, 2, 4), b.slice(dim: 2, 2, 4))
        let size = (high - low).clamp(min: 0)
        let intersection = size.select(dim: 2, index: 0) * size.select(dim: 2, index: 1)
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
        let limits = Tensor([width, height]).to(boxes.dtype).to(boxes.device)
        return Tensor.minimum(boxes.reshape([-1, 2]).clamp(min: 0), limits).reshape(boxes.shape)
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
