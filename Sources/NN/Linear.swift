import Tensors

/// `x · weightᵀ + bias` over the last axis, `[…, inputs]` → `[…, outputs]` (`torch.nn.Linear`).
///
/// Starts as in PyTorch: weight and bias uniform within ±1/√(inputs).
public final class Linear: Module, UnaryLayer {
    /// The matrix, `[outputs, inputs]`.
    public let weight: Parameter
    /// What is added to each output, `[outputs]`; nil for nothing.
    public let bias: Parameter?

    /// A layer from `inputs` to `outputs` numbers, with or without a bias.
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
