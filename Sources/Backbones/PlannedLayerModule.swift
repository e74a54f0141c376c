import Architectures
import NN
import Tensors

extension PlannedLayer {
    /// The module that a plan's layer stands for, with its first values: convolutions He-normal over fan-out, norms 1
    /// and 0, weights of terms 1.
    func makeModule() -> any UnaryLayer {
        switch kind {
        case .convolution(let kernelSize, let stride, let padding, let groups):
            if kernelSize.count == 2 {
                let layer = Conv2d(
                    inputs, outputs, kernelSize: kernelSize, stride: stride, padding: padding, groups: groups,
                    bias: false)
                layer.weight.initialize(.kaimingNormal(.fanOut))
                return layer
            }
            let layer = Conv3d(
                inputs, outputs, kernelSize: kernelSize, stride: stride, padding: padding, groups: groups, bias: false)
            layer.weight.initialize(.kaimingNormal(.fanOut))
            return layer
        case .batchNorm: return BatchNorm(outputs)
        case .frozenBatchNorm: return FrozenBatchNorm(outputs)
        case .groupNorm(let groups): return GroupNorm(groups, outputs)
        case .maxPool(let kernelSize, let stride, let padding):
            return MaxPool(kernelSize: kernelSize, stride: stride, padding: padding)
        case .averagePool(let size, let keepsEdges): return WindowAverage(size, keepsEdges: keepsEdges)
        case .linear: return Linear(inputs, outputs)
        case .termWeights(let terms): return TermWeights(terms: terms, channels: outputs)
        }
    }
}

/// The mean of windows that lie side by side. Those at the edge are smaller where the size asks for it, so that no
/// position is lost, or left out.
final class WindowAverage: Module, UnaryLayer {
    let size: [Int]
    let keepsEdges: Bool

    init(_ size: [Int], keepsEdges: Bool) {
        self.size = size
        self.keepsEdges = keepsEdges
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        F.avgPool(x, kernelSize: size, stride: size, ceilMode: keepsEdges, countPadding: false)
    }
}

/// A weight per channel for each term of a dense shortcut, `[terms, C]`, initially 1.
final class TermWeights: Module, UnaryLayer {
    let weight: Parameter

    init(terms: Int, channels: Int) {
        weight = Parameter([terms, channels], .ones)
    }

    /// `x` of `[N, C, …]` times the weights of the first term.
    func callAsFunction(_ x: Tensor) -> Tensor { F.normalizedSum([SumTerm(x, weight: row(0))]) }

    /// The weights of term `index`, `[C]`.
    func row(_ index: Int) -> Tensor { weight.tensor.select(dim: 0, index: index) }
}
