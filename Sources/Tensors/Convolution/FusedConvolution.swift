import CTorch

/// A convolution for inference together with what follows it, act(x ∗ weight + bias + addend), in one pass over the
/// output.
///
/// On the CPU in float32 this is Winograd's algorithm (Lavin and Gray, 2016) where a 3×3 convolution has enough
/// channels and pixels for it, else a product of matrices with AVX2, AVX-512 or the tile unit
/// (``Instructions``), of which the last two take bfloat16 too,
/// else oneDNN's fused convolution on a packed weight; the result is channels-last. Elsewhere it is composed of
/// libtorch's operations.
///
/// No gradient flows: where operations are recorded, an input or addend that requires one traps. The layouts of the
/// weight that an algorithm wants are made when they are first needed and kept, so the weight must not be written to
/// afterwards. Two threads must not call one of these at the same time.
public final class FusedConvolution {
    /// What is applied to the sum.
    public enum Activation: Sendable {
        /// `none` leaves the sum as it is, `relu` takes max(0, x) of it.
        case none, relu
    }

    private let handle: OpaquePointer
    private let bias: Tensor?
    /// The weight's shape, `[out, in / groups, …]`.
    public let weightShape: [Int]

    /// A convolution with what may follow it. Settings of different lengths trap.
    ///
    /// - Parameters:
    ///   - weight: `[out, in / groups, kH, kW]`, or `[out, in / groups, kT, kH, kW]`
    ///   - bias: `[out]`
    ///   - stride: positions between neighbouring outputs, one number for each axis of space.
    ///   - padding: zeros added on both sides, one number for each axis of space.
    ///   - dilation: positions between neighbouring taps of the kernel, one number for each axis of space.
    ///   - groups: parts of the channels that are convolved apart.
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

    /// A convolution with the batch norm behind it folded into weight and bias: y = (x ∗ weight + bias − mean) /
    /// √(variance + ε) · scale + shift.
    ///
    /// - Parameters:
    ///   - weight: `[out, in / groups, kH, kW]`, or `[out, in / groups, kT, kH, kW]`
    ///   - bias: the convolution's own, `[out]`.
    ///   - scale: the norm's γ, `[out]`.
    ///   - shift: the norm's β, `[out]`.
    ///   - mean: the norm's running mean, `[out]`.
    ///   - variance: the norm's running variance, `[out]`.
    ///   - epsilon: what is added to the variance before its root.
    ///   - stride: positions between neighbouring outputs, one number for each axis of space.
    ///   - padding: zeros added on both sides, one number for each axis of space.
    ///   - dilation: positions between neighbouring taps of the kernel, one number for each axis of space.
    ///   - groups: parts of the channels that are convolved apart.
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

    /// act(x ∗ weight + bias + addend), `[N, out, …]`.
    ///
    /// - Parameters:
    ///   - x: `[N, in, H, W]`, or `[N, in, T, H, W]`
    ///   - addend: of the result's shape; added before the activation.
    ///   - activation: what is applied to the sum.
    public func callAsFunction(_ x: Tensor, adding addend: Tensor? = nil, activation: Activation = .none) -> Tensor {
        withExtendedLifetime(self) {
            produce("FusedConvolution", [x] + [addend, bias].compactMap { $0 }) {
                ct_fused_convolution(x.raw, handle, bias?.raw, addend?.raw, activation == .relu, $0)
            }
        }
    }
}
