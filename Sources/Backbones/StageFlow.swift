import Architectures
import Tensors

/// A tensor and, where a norm reads it next, its means and variances, taken while it was made (`F.sumWithMoments`).
struct Measured {
    /// The tensor, `[N, C, …]`.
    var value: Tensor
    /// Means and variances of every image and channel, `[N, 2, C]`.
    var moments: Tensor?

    init(value: Tensor, moments: Tensor? = nil) {
        self.value = value
        self.moments = moments
    }

    /// Σ addends, and ReLU of that.
    init(sumOf terms: [SumTerm], rectified: Bool = false, wantsMoments: Bool) {
        if wantsMoments {
            (value, moments) = F.sumWithMoments(terms, rectified: rectified)
        } else {
            value = F.normalizedSum(terms, rectified: rectified)
        }
    }
}

/// What flows from block to block within a stage.
struct StageFlow {
    /// The output of the block before, `[N, C, …]`.
    var x: Measured
    /// That output before its last ReLU, where a GS shortcut asks for it.
    var beforeReLU: Measured?
    /// What the dense shortcuts of later blocks sum: a value of each earlier block.
    var terms: [Measured] = []
}

/// What a block leaves.
struct BlockOutput {
    /// The block's output, `[N, C, …]`.
    var value: Measured
    /// F(x), where dense shortcuts sum it in the output's place.
    var residual: Tensor?
    /// The output before its last ReLU, where a GS shortcut asks for it.
    var beforeReLU: Measured?
}

extension Shortcut {
    /// Whether the shortcut sums a value of every earlier block of the stage.
    var sumsEarlierBlocks: Bool {
        switch self {
        case .dense, .denseIdentity: true
        default: false
        }
    }

    /// Whether the value that it sums of each block is F(x), as in DSNet-a.
    var sumsResiduals: Bool {
        if case .dense(.residuals, _, _) = self { return true }
        return false
    }
}
