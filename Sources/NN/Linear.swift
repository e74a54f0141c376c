import Tensors

/// `x · weightᵀ + bias` over the last axis, `[…, inputs]` → `[…, outputs]`.
///
/// Starts as in PyTorch: weight and bias uniform within ±1/√(inputs).
public final class Linear: Module, UnaryLayer {
    /// `[outputs, inputs]`.
    public let weight: Parameter
    /// `[outputs]`.
    public let bias: Parameter?

    /// From `inputs` to `outputs` numbers.
    public init(_ inputs: Int, _ outputs: Int, bias: Bool = true) {
        let initialization = Initialization.standard(weightShape: [outputs, inputs])
        weight = Parameter([outputs, inputs], initialization)
        self.bias = bias ? Parameter([outputs], initialization) : nil
    }

    /// `[…, inputs]` → `[…, outputs]`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        F.linear(x, weight: weight.tensor, bias: bias?.tensor)
    }
}
