import NN
import Tensors

/// h(x), what is added to F(x): two that are published, and one to try.
enum Shortcut: String, CaseIterable {
    /// x
    case identity
    /// GN(ReLU(x)) + x: Res-RGSNet.
    case identityAndRG
    /// g ⊙ GN(ReLU(x)) + x, with a gate g per channel that starts closed.
    case gated
}

/// out = ReLU(F(x) + h(x)) with F two 3×3 convolutions, in the original order of a residual network.
final class GatedBlock: Module, UnaryLayer {
    let conv1: Conv2d
    let bn1: BatchNorm
    let conv2: Conv2d
    let bn2: BatchNorm
    /// Without an affine where a gate takes its place.
    let rg: GroupNorm?
    let gate: Parameter?

    init(_ channels: Int, _ shortcut: Shortcut) {
        conv1 = Conv2d(channels, channels, kernelSize: 3, padding: 1, bias: false)
        bn1 = BatchNorm(channels)
        conv2 = Conv2d(channels, channels, kernelSize: 3, padding: 1, bias: false)
        bn2 = BatchNorm(channels)
        rg = shortcut == .identity ? nil : GroupNorm(8, channels, affine: shortcut != .gated)
        gate = shortcut == .gated ? Parameter([channels], .zeros) : nil
    }

    /// `[N, C, H, W]` → the same shape.
    func callAsFunction(_ x: Tensor) -> Tensor {
        let f = bn2(conv2(bn1(conv1(x)).relu()))
        return (f + shortcut(x)).relu()
    }

    /// h(x), from libtorch's own operations: gradients come by themselves.
    func shortcut(_ x: Tensor) -> Tensor {
        guard let rg else { return x }
        let normalized = rg(x.relu())
        guard let gate else { return normalized + x }
        return gate.tensor.reshape([1, gate.count, 1, 1]) * normalized + x
    }
}
