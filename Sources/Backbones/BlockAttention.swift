import NN
import Tensors

/// What weighs F(x) before it is added.
protocol BlockAttention {
    /// `[N, C, …]` → the same shape.
    func callAsFunction(_ x: Tensor) -> Tensor
}

/// Weighs the channels by what all positions together say (Hu et al., 2018, section 3).
struct SqueezeExcitation: BlockAttention {
    let fc1: any UnaryLayer
    let fc2: any UnaryLayer

    func callAsFunction(_ x: Tensor) -> Tensor {
        let scale = fc2(fc1(x.flatten(from: 2).mean([2])).relu()).sigmoid()
        return x * scale.reshape(scale.shape + Array(repeating: 1, count: x.rank - 2))
    }
}

/// Weighs the channels, then the positions (Woo et al., 2018, section 3). For images only.
struct CBAM: BlockAttention {
    let fc1: any UnaryLayer
    let fc2: any UnaryLayer
    let conv: any UnaryLayer
    let bn: any UnaryLayer

    func callAsFunction(_ x: Tensor) -> Tensor {
        func excite(_ squeezed: Tensor) -> Tensor { fc2(fc1(squeezed).relu()) }
        let channels = (excite(x.mean([2, 3])) + excite(x.amax([2, 3]))).sigmoid()
        let y = x * channels.reshape(channels.shape + [1, 1])
        let summary = Tensor.cat([y.amax([1], keepDim: true), y.mean([1], keepDim: true)], dim: 1)
        return y * bn(conv(summary)).sigmoid()
    }
}

extension BlockLayers {
    /// The attention that the block was planned with.
    var attention: (any BlockAttention)? {
        if let fc1 = self["se.fc1"], let fc2 = self["se.fc2"] { return SqueezeExcitation(fc1: fc1, fc2: fc2) }
        guard let fc1 = self["cbam.fc1"], let fc2 = self["cbam.fc2"], let conv = self["cbam.conv"],
            let bn = self["cbam.bn"]
        else { return nil }
        return CBAM(fc1: fc1, fc2: fc2, conv: conv, bn: bn)
    }
}
