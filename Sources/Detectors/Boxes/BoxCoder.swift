import Foundation
import Tensors

/// Boxes as offsets from reference boxes: shift of the centre over the reference's extent, logarithm of the extents' ratio
/// (Girshick et al. 2014, appendix C), times a weight each.
package struct BoxCoder {
    /// Factors on x, y, width and height.
    let weights: (Double, Double, Double, Double)

    /// Largest offset of an extent that is decoded: 1000 pixels from a cell of 16.
    static let clip = log(1000.0 / 16)

    package init(_ weights: [Double]) { self.weights = (weights[0], weights[1], weights[2], weights[3]) }

    /// The factors as a recording names them.
    var recordedWeights: [Double] { [weights.0, weights.1, weights.2, weights.3] }

    /// Offsets `[n, 4]` that take the references `[n, 4]` to the boxes `[n, 4]`.
    package func encode(_ boxes: Tensor, references: Tensor) -> Tensor {
        DetectionOps.encodeBoxes(reference: boxes, anchors: references, weights: weights)
    }

    /// The sum of the smooth L1 distances of offsets and what they should be, `[…, 4]` both, over the boxes that a mask
    /// `[…, 1]` names; the others pass on no gradient, whatever stands there.
    static func distance(_ offsets: Tensor, _ targets: Tensor, mask: Tensor, beta: Double) -> Tensor {
        F.smoothL1(offsets, Tensor.where(mask, targets, offsets.detached()), beta: beta, reduction: .sum)
    }

    /// Boxes `[n, 4k]` from offsets `[n, 4k]` and references `[n, 4]`.
    package func decode(_ offsets: Tensor, references: Tensor) -> Tensor {
        DetectionOps.decodeBoxes(deltas: offsets, anchors: references, weights: weights, clip: Self.clip)
    }
}
