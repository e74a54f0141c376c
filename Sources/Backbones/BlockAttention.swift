import NN
import Tensors

/// Re-weights the channels by what all positions together say (Hu et al., 2018, section 3).
struct SqueezeExcitation {
    let fc1: any UnaryLayer
    let fc2: any UnaryLayer

    /// `[N, C, …]` → the same shape.
    func callAsFunction(_ x: Tensor) -> Tensor {
        let scale = fc2(fc1(x.flatten(from: 2).mean([2])).relu()).sigmoid()
        return x * scale.reshape(scale.shape + Array(repeating: 1, count: x.rank - 2))
    }
}

/// Re-weights the channels, then the positions (Woo et al., 2018, section 3).
struct CBAM {
    let fc1: any UnaryLayer
    let fc2: any UnaryLayer
    let conv: any UnaryLayer
    let bn: any UnaryLayer

    /// `[N, C, H, W]` → the same shape.
    func callAsFunction(_ x: Tensor) -> Tensor {
        func excite(_ squeezed: Tensor) -> Tensor { fc2(fc1(squeezed).relu()) }
        let channels = (excite(x.mean([2, 3])) + excite(x.amax([2, 3]))).sigmoid()
        let y = x * channels.reshape(channels.shape + [1, 1])
        let summary = Tensor.cat([y.amax([1], keepDim: true), y.mean([1], keepDim: true)], dim: 1)
        return y * bn(conv(summary)).sigmoid()
    }
}
