import Foundation
import Tensors

/// How a parameter's first values are drawn, on the CPU, from libtorch's generator (`Random.seed`).
public enum Initialization: Hashable, Sendable {
    /// Which number of connections a Kaiming initialisation keeps the variance over.
    public enum Fan: Hashable, Sendable {
        /// Inputs of one output: keeps the forward variance.
        case fanIn
        /// Outputs of one input: keeps the backward variance.
        case fanOut
    }

    case zeros
    case ones
    case constant(Double)
    /// Between `low` and `high`.
    case uniform(low: Double, high: Double)
    case normal(mean: Double = 0, deviation: Double)
    /// Normal with deviation `gain / √fan` (He et al., "Delving deep into rectifiers", 2015). The gain suits a ReLU.
    case kaimingNormal(Fan, gain: Double = 2.0.squareRoot())
    /// Uniform with the same deviation: bounds of ±`gain · √(3 / fan)`.
    case kaimingUniform(Fan, gain: Double = 2.0.squareRoot())
    /// Uniform within ±√(6 / (fan in + fan out)) (Glorot and Bengio, 2010).
    case xavierUniform

    /// A float32 tensor of `shape`, contiguous, on the CPU.
    ///
    /// Fans need a weight's shape, `[out, in, …kernel]`; traps on fewer than two axes.
    public func tensor(_ shape: [Int]) -> Tensor {
        switch self {
        case .zeros: return Tensor.zeros(shape)
        case .ones: return Tensor.ones(shape)
        case .constant(let value): return Tensor.full(shape, value)
        case .uniform(let low, let high): return Self.uniformTensor(shape, low, high)
        case .normal(let mean, let deviation):
            let values = Tensor.empty(shape)
            values.normalInPlace(mean: mean, deviation: deviation)
            return values
        case .kaimingNormal(let fan, let gain):
            return Self.normal(deviation: gain / Double(Self.fan(fan, shape)).squareRoot()).tensor(shape)
        case .kaimingUniform(let fan, let gain):
            let bound = gain * (3 / Double(Self.fan(fan, shape))).squareRoot()
            return Self.uniformTensor(shape, -bound, bound)
        case .xavierUniform:
            let bound = (6 / Double(Self.fan(.fanIn, shape) + Self.fan(.fanOut, shape))).squareRoot()
            return Self.uniformTensor(shape, -bound, bound)
        }
    }

    /// PyTorch's default for the weight and the bias of convolutions and linear layers: uniform within ±1/√(fan in) of
    /// the weight's shape.
    static func standard(weightShape: [Int]) -> Initialization {
        let fanIn = fan(.fanIn, weightShape)
        guard fanIn > 0 else { return .zeros }
        let bound = 1 / Double(fanIn).squareRoot()
        return .uniform(low: -bound, high: bound)
    }

    private static func uniformTensor(_ shape: [Int], _ low: Double, _ high: Double) -> Tensor {
        let values = Tensor.empty(shape)
        values.uniformInPlace(low, high)
        return values
    }

    private static func fan(_ fan: Fan, _ shape: [Int]) -> Int {
        precondition(shape.count >= 2, "a fan needs a weight of shape [out, in, …], not \(shape)")
        let kernel = shape.dropFirst(2).reduce(1, *)
        switch fan {
        case .fanIn: return shape[1] * kernel
        case .fanOut: return shape[0] * kernel
        }
    }
}
