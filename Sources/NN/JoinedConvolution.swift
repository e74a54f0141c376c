import Tensors

/// Several convolutions of one map computed as one, so that the map is read once. The outputs are filled up with zeros
/// to a multiple of 16 channels, which products of matrices on the CPU want.
///
/// Gradients flow to the map and to every part's weight and bias. Where none is wanted, the joined weight is kept until
/// one of those that it is made of changes.
public final class JoinedConvolution {
    private let parts: [Conv2d]
    private var joined: (sources: [TensorVersion], operation: FusedConvolution)?

    /// Joins convolutions.
    ///
    /// - Parameter parts: at least one; with the same inputs, kernel, stride, padding and dilation, and ungrouped.
    ///   Others trap.
    public init(_ parts: [Conv2d]) {
        precondition(!parts.isEmpty, "JoinedConvolution: nothing to join")
        func layout(_ layer: Conv2d) -> [[Int]] {
            [Array(layer.weight.tensor.shape.dropFirst()), layer.stride, layer.padding, layer.dilation, [layer.groups]]
        }
        precondition(
            parts.allSatisfy { layout($0) == layout(parts[0]) && $0.groups == 1 },
            "JoinedConvolution: the convolutions differ in more than their outputs: \(parts.map(layout))")
        self.parts = parts
    }

    /// `[N, C, H, W]` → what each part gives, `[N, outputs, H', W']`, as views of one result.
    public func callAsFunction(_ x: Tensor) -> [Tensor] {
        let result = convolution(x)
        var start = 0
        return parts.map { part in
            let outputs = part.weight.tensor.shape[0]
            defer { start += outputs }
            return result.narrow(dim: 1, start: start, length: outputs)
        }
    }

    private func convolution(_ x: Tensor) -> Tensor {
        let sources = parts.flatMap { [$0.weight.tensor] + [$0.bias?.tensor].compactMap { $0 } }
        let layer = parts[0]
        guard x.isChannelsLast, !(isGradEnabled && (x.requiresGrad || sources.contains { $0.requiresGrad })) else {
            let (weight, bias) = operands()
            return layer.convolve(x, weight: weight, bias: bias)
        }
        let versions = sources.map(TensorVersion.init)
        if let joined, joined.sources == versions { return joined.operation(x) }
        let (weight, bias) = withoutGrad { operands() }
        let operation = FusedConvolution(
            weight: weight, bias: bias, stride: layer.stride, padding: layer.padding, dilation: layer.dilation)
        joined = (versions, operation)
        return operation(x)
    }

    /// Weight and bias of all parts one behind the other, with zeros behind them.
    private func operands() -> (weight: Tensor, bias: Tensor?) {
        let weights = parts.map(\.weight.tensor)
        let outputs = weights.reduce(0) { $0 + $1.shape[0] }
        let missing = (16 - outputs % 16) % 16
        func zeros(_ shape: [Int]) -> Tensor {
            Tensor.zeros(shape, dtype: weights[0].dtype, device: weights[0].device)
        }
        let filling = missing == 0 ? [] : [missing]
        let weight = Tensor.cat(weights + filling.map { zeros([$0] + weights[0].shape.dropFirst()) })
        guard parts.contains(where: { $0.bias != nil }) else { return (weight, nil) }
        let biases = parts.map { $0.bias?.tensor ?? zeros([$0.weight.tensor.shape[0]]) }
        return (weight, Tensor.cat(biases + filling.map { zeros([$0]) }))
    }
}
