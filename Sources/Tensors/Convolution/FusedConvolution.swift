import CTorch

/// A convolution for inference together with what follows it: act(x ∗ weight + bias + addend), in one pass over the output.
///
/// On the CPU in float32 it is Winograd's algorithm (Lavin and Gray, 2016) where a 3×3 convolution has enough channels and
/// pixels for it, else a product of matrices with AVX-512 or the ``TileUnit``, which takes bfloat16 too, else oneDNN's fused
/// convolution on packed weights; the result is channels-last. Elsewhere it is composed. There is no gradient: an input
/// that requires one traps.
///
/// The weight is taken as it is: a later change of it, in place or not, is not seen.
public final class FusedConvolution {
    /// What is applied to the sum.
    public enum Activation: Sendable {
        case none, relu
    }

    private let handle: OpaquePointer
    private let bias: Tensor?
    /// `[out, in / groups, …]`
    public let weightShape: [Int]

    /// - Parameters:
    ///   - weight: `[out, in / groups, kH, kW]`, or `[out, in / groups, kT, kH, kW]`
    ///   - bias: `[out]`
    ///   - stride: one number an axis, as for padding and dilation
    public init(
        weight: Tensor, bias: Tensor? = nil, stride: [Int] = [1, 1], padding: [Int] = [0, 0], dilation: [Int] = [1, 1],
        groups: Int = 1
    ) {
        precondition(
            stride.count == padding.count && stride.count == dilation.count,
            "FusedConvolution: stride \(stride), padding \(padding) and dilation \(dilation) name different numbers of axes"
        )
        var out: OpaquePointer?
        let status = withSizes(stride) { stride, rank in
            withSizes(padding) { padding, _ in
                withSizes(dilation) { dilation, _ in
                    ct_fused_weight(weight.raw, stride, padding, dilation, rank, Int64(groups), &out)
                }
            }
        }
        check(status, "FusedConvolution", [weight])
        guard let out else { fatalError("FusedConvolution: the engine returned no weight") }
        handle = out
        // The layouts that are made of the weight are only read with a plain, dense bias.
        self.bias = bias?.detached().contiguous()
        weightShape = weight.shape
    }

    /// With a batch norm in inference mode folded into weight and bias: y = (x − mean) / √(variance + ε) · scale + shift.
    public convenience init(
        weight: Tensor, bias: Tensor? = nil, scale: Tensor, shift: Tensor, mean: Tensor, variance: Tensor,
        epsilon: Double = 1e-5, stride: [Int] = [1, 1], padding: [Int] = [0, 0], dilation: [Int] = [1, 1],
        groups: Int = 1
    ) {
        let (folded, foldedBias) = withoutGrad {
            let factor = scale * (variance + epsilon).rsqrt()
            let shape = [factor.count] + [Int](repeating: 1, count: weight.rank - 1)
            let start = bias.map { $0 - mean } ?? -mean
            return ((weight * factor.reshape(shape)).to(weight.dtype), (start * factor + shift).to(weight.dtype))
        }
        self.init(
            weight: folded, bias: foldedBias, stride: stride, padding: padding, dilation: dilation, groups: groups)
    }

    deinit { ct_fused_weight_release(handle) }

    /// - Parameters:
    ///   - x: `[N, in, H, W]`, or `[N, in, T, H, W]`
    ///   - addend: as the result; added before the activation
    /// - Returns: `[N, out, …]`
    public func callAsFunction(_ x: Tensor, adding addend: Tensor? = nil, activation: Activation = .none) -> Tensor {
        withExtendedLifetime(self) {
            produce("FusedConvolution", [x] + [addend, bias].compactMap { $0 }) {
                ct_fused_convolution(x.raw, handle, bias?.raw, addend?.raw, activation == .relu, $0)
            }
        }
    }
}
