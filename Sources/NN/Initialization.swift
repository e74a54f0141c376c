import Foundation
import Tensors

/// The distribution that a parameter's first values are drawn from, on the CPU, from libtorch's generator
/// (`Random.seed`).
public enum Initialization: Hashable, Sendable {
    /// Which number of connections a Kaiming initialisation keeps the variance over.
    public enum Fan: Hashable, Sendable {
        /// The inputs of one output: values keep their variance on the way forward.
        case fanIn
        /// The outputs of one input: gradients keep their variance on the way back.
        case fanOut
    }

    /// All values 0.
    case zeros
    /// All values 1.
    case ones
    /// All values this number.
    case constant(Double)
    /// Uniform in `low..<high`.
    case uniform(low: Double, high: Double)
    /// Normal with this mean and standard deviation.
    case normal(mean: Double = 0, deviation: Double)
    /// Normal with mean 0 and standard deviation `gain / √fan` (He et al., "Delving Deep into Rectifiers", 2015,
    /// equation 10). The default gain, √2, suits a ReLU.
    case kaimingNormal(Fan, gain: Double = 2.0.squareRoot())
    /// Uniform within ±`gain · √(3 / fan)`, which has the standard deviation `gain / √fan`.
    case kaimingUniform(Fan, gain: Double = 2.0.squareRoot())
    /// Uniform within ±√(6 / (fan in + fan out)) (Glorot and Bengio, "Understanding the difficulty of training deep
    /// feedforward neural networks", 2010, equation 16).
    case xavierUniform

    /// Whether random values are drawn. Where a model is made to be filled from a file, they would be drawn in vain.
    @TaskLocal private static var isDrawing = true

    private var isRandom: Bool {
        switch self {
        case .zeros, .ones, .constant: false
        case .uniform, .normal, .kaimingNormal, .kaimingUniform, .xavierUniform: true
        }
    }

    /// Makes modules whose random parameters have no definite values yet. All of them must be loaded before they are used.
    package static func withoutDrawing<R>(_ make: () throws -> R) rethrows -> R {
        try $isDrawing.withValue(false, operation: make)
    }

    /// A float32 tensor of `shape` with drawn values, contiguous, on the CPU. Kaiming's and Xavier's take a weight's
    /// shape, `[out, in, …kernel]`, and trap on fewer than two axes.
    public func tensor(_ shape: [Int]) -> Tensor {
        switch self {
        case _ where !Self.isDrawing && isRandom: return Tensor.empty(shape)
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
