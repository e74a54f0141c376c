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

    /// Examples of every image in tensors of one size.
    struct Draw {
        /// int64 `[N, n]`: places among the candidates. The positives come first, then the negatives, then candidates that
        /// are no examples.
        let places: Tensor
        /// bool `[N, n]`.
        let arePositive: Tensor
        /// bool `[N, n]`.
        let areExamples: Tensor
        /// How many of the n may be positive.
        let mostPositives: Int
    }

    /// Draws examples of every image on the device of the candidates, bool `[N, A]` both, so that the host need not know how
    /// many there are of either kind: in the order of random numbers, drawn on that device.
    func draw(arePositive: Tensor, areNegative: Tensor) -> Draw {
        let candidates = arePositive.shape[1]
        let most = min(Int(Double(count) * positiveFraction), candidates)
        let order = Tensor.rand(arePositive.shape, dtype: .float64, device: arePositive.device)
        let no = Tensor.full([], 3, dtype: .float64, device: order.device)
        var key = Tensor.where(areNegative, order + 1, no)
        if most > 0 {
            let positives = Tensor.where(arePositive, order, no)
            let last = positives.topK(most, dim: 1, largest: false).values.narrow(dim: 1, start: most - 1, length: 1)
            key = Tensor.where(arePositive .& (order .<= last), order, key)
        }
        let drawn = key.topK(min(count, candidates), dim: 1, largest: false)
        return Draw(
            places: drawn.indices, arePositive: drawn.values .< 1, areExamples: drawn.values .< 2,
            mostPositives: most)
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
        let matches = matches(boxes, to: truth)
        return ((matches .>= 0).nonzero().reshape([-1]), matches, (matches .== -1).nonzero().reshape([-1]))
    }

    /// Which ground truth each box `[n, 4]` stands for, int64 `[n]`: −1 for none, −2 between the thresholds.
    func matches(_ boxes: Tensor, to truth: GroundTruth) -> Tensor {
        guard truth.count > 0, boxes.shape[0] > 0 else {
            return Tensor.full([boxes.shape[0]], -1, dtype: .int64, device: boxes.device)
        }
        return DetectionOps.matchAnchors(
            gt: truth.boxes, anchors: boxes, high: high, low: low, allowLowQuality: allowLowQuality)
    }
}
