import Tensors

/// Draws a fixed number of examples of one image, so that the few positives are not drowned (Ren et al. 2015, section
/// 3.1.3). Random numbers come from libtorch's generator, in torchvision's order.
package struct BalancedSampler {
    /// Examples to draw.
    let count: Int
    /// Largest part of them that is positive; negatives fill up the rest.
    let positiveFraction: Double

    package init(count: Int, positiveFraction: Double) {
        self.count = count
        self.positiveFraction = positiveFraction
    }

    /// Some of the candidates, given and returned as int64 indices `[n]`.
    package func sample(positives: Tensor, negatives: Tensor) -> (positives: Tensor, negatives: Tensor) {
        let positiveCount = min(positives.count, Int(Double(count) * positiveFraction))
        let negativeCount = min(negatives.count, count - positiveCount)
        return (draw(positiveCount, of: positives), draw(negativeCount, of: negatives))
    }

    private func draw(_ count: Int, of candidates: Tensor) -> Tensor {
        let order = Tensor.randperm(candidates.count).to(candidates.device)
        return candidates.indexSelect(dim: 0, order.narrow(dim: 0, start: 0, length: count))
    }
}

/// Which ground truth each box stands for (torchvision's `Matcher`).
struct BoxMatcher {
    let high: Double
    let low: Double
    /// Whether the best boxes of a ground truth count even where they overlap it little.
    let allowLowQuality: Bool

    /// Indices int64 of the boxes that match a ground truth, which one each matches, and of those that match none. Boxes
    /// between the thresholds are in neither.
    func match(_ boxes: Tensor, to truth: GroundTruth) -> (positives: Tensor, matches: Tensor, negatives: Tensor) {
        let count = boxes.shape[0]
        guard truth.count > 0, count > 0 else {
            let none = Tensor.zeros([0], dtype: .int64, device: boxes.device)
            return (none, none, Tensor.arange(0, Double(count), dtype: .int64).to(boxes.device))
        }
        let matches = DetectionOps.matchAnchors(
            gt: truth.boxes, anchors: boxes, high: high, low: low, allowLowQuality: allowLowQuality)
        return ((matches .>= 0).nonzero().reshape([-1]), matches, (matches .== -1).nonzero().reshape([-1]))
    }
}
