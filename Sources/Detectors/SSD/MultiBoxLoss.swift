import Foundation
import Tensors

/// SSD's loss (Liu et al. 2016, equations 1 to 3) with hard negative mining.
///
/// Classification is the cross-entropy of all positives and of those background boxes that look least like background: each
/// image has `negativesPerPositive` times as many of them as it has positives, and `minNegatives` at least. Regression is the
/// smooth L1 distance of the positives' offsets. Both are summed and divided by the number of positives in the batch, or by
/// 1 where there are none.
package struct MultiBoxLoss {
    let negativesPerPositive: Double
    /// Background boxes of an image at least, so that one without objects trains as well.
    let minNegatives: Int
    /// Factors on the terms of the classification, float32 `[1 + classes]`; nil for 1 each. Which background boxes are hard does
    /// not depend on them.
    package var classWeights: Tensor?

    package init(negativesPerPositive: Double, minNegatives: Int) {
        self.negativesPerPositive = negativesPerPositive
        self.minNegatives = minNegatives
    }

    /// What the boxes of a batch of N images, A boxes each, should be.
    package struct Targets {
        /// `[N · A]` int64: 0 for background.
        package let labels: Tensor
        /// `[P]` int64: places of the positives among the N · A.
        package let positives: Tensor
        /// `[P, 4]`.
        package let offsets: Tensor
        /// Positives of each image.
        package let counts: [Int]

        package init(labels: Tensor, positives: Tensor, offsets: Tensor, counts: [Int]) {
            self.labels = labels
            self.positives = positives
            self.offsets = offsets
            self.counts = counts
        }
    }

    /// The two terms of the loss, scalars with a gradient.
    ///
    /// - Parameters:
    ///   - logits: `[N, A, 1 + classes]` float32; class 0 is the background.
    ///   - offsets: `[N, A, 4]` float32.
    ///   - targets: what they should be.
    package func callAsFunction(
        logits: Tensor, offsets: Tensor, targets: Targets
    ) -> (classification: Tensor, boxRegression: Tensor) {
        let flat = logits.reshape([-1, logits.shape[2]])
        let negatives = withoutGrad { hardNegatives(flat, targets: targets) }
        let chosen = Tensor.cat([targets.positives, negatives])
        let count = Double(max(1, targets.positives.count))
        return (
            F.crossEntropy(
                flat.indexSelect(dim: 0, chosen), targets.labels.indexSelect(dim: 0, chosen),
                classWeights: classWeights, reduction: .sum) / count,
            F.smoothL1(
                offsets.reshape([-1, 4]).indexSelect(dim: 0, targets.positives), targets.offsets, reduction: .sum)
                / count
        )
    }

    /// The two terms of the loss where the targets are on a device that the host had better not wait for.
    ///
    /// - Parameters:
    ///   - logits: `[N, A, 1 + classes]` float32; class 0 is the background.
    ///   - offsets: `[N, A, 4]` float32.
    ///   - labels: what the boxes should be, int64 `[N, A]`; 0 for background.
    ///   - targets: what the offsets of those that are not background should be, `[N, A, 4]`.
    func callAsFunction(
        logits: Tensor, offsets: Tensor, labels: Tensor, targets: Tensor
    ) -> (classification: Tensor, boxRegression: Tensor) {
        let flat = logits.reshape([-1, logits.shape[2]])
        let isPositive = labels .> 0
        let areExamples = withoutGrad {
            let losses = F.crossEntropy(flat, Tensor.zerosLike(labels).flatten(), reduction: .none)
                .reshape(labels.shape).maskedFill(isPositive, -1)
            let wanted = (isPositive.to(.float64).sum([1], keepDim: true) * negativesPerPositive).floor()
                .clamp(min: Double(minNegatives))
            let rank = losses.argsort(dim: 1, descending: true).argsort(dim: 1)
            return isPositive .| (rank.to(.float64) .< wanted)
        }
        let count = isPositive.to(.float32).sum().clamp(min: 1)
        let entropies = F.crossEntropy(flat, labels.flatten(), classWeights: classWeights, reduction: .none)
        return (
            (entropies * areExamples.flatten().to(.float32)).sum() / count,
            BoxCoder.distance(offsets, targets, mask: isPositive.unsqueeze(-1), beta: 1) / count
        )
    }

    /// Places among the N · A of the background boxes with the greatest loss.
    private func hardNegatives(_ logits: Tensor, targets: Targets) -> Tensor {
        let perImage = logits.shape[0] / targets.counts.count
        let background = Tensor.zeros([logits.shape[0]], dtype: .int64, device: logits.device)
        // A loss is never below 0, so the positives come last.
        let losses = F.crossEntropy(logits, background, reduction: .none)
            .maskedFill(targets.labels .> 0, -1).reshape([-1, perImage])
        return Tensor.cat(
            targets.counts.enumerated().map { image, positives in
                let wanted = max(Int(negativesPerPositive * Double(positives)), minNegatives)
                let count = min(wanted, perImage - positives)
                return losses.select(dim: 0, index: image).topK(count, dim: 0).indices + image * perImage
            })
    }
}
