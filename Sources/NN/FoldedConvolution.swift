import Tensors

/// A convolution and the batch norm behind it as one operation, for where no gradient is wanted: the norm's statistics
/// and affine go into the weight, and an addition and a ReLU can follow in the same pass.
///
/// The folded weight is kept until one of the tensors that it is made of changes.
public final class FoldedConvolution {
    private let convolution: any ConvolutionLayer
    private let norm: (any NormLayer)?
    private var folded: (sources: [TensorVersion], epsilon: Double, operation: FusedConvolution)?

    /// Folds a convolution and the norm behind it, or with nil for the norm takes the convolution alone.
    ///
    /// Nil where the first layer is no ``Conv2d`` or ``Conv3d``, or the norm is neither a ``FrozenBatchNorm`` nor a
    /// ``BatchNorm`` with an affine.
    public init?(_ convolution: (any UnaryLayer)?, _ norm: (any NormLayer)?) {
        guard let convolution = convolution as? any ConvolutionLayer else { return nil }
        switch norm {
        case nil, is FrozenBatchNorm: break
        case let norm as BatchNorm where norm.weight != nil && norm.bias != nil: break
        default: return nil
        }
        self.convolution = convolution
        self.norm = norm
    }

    /// Whether the two layers, in their present mode, would give for this input what the folded one gives: the norm
    /// goes by its running statistics, the input is channels-last, and there is nothing to differentiate.
    public func applies(to x: Tensor) -> Bool {
        guard x.isChannelsLast else { return false }
        if let norm = norm as? BatchNorm, norm.isTraining { return false }
        guard isGradEnabled else { return true }
        return !x.requiresGrad && !sources.contains { $0.requiresGrad }
    }

    /// act(norm(convolution(x)) + addend). Only where ``applies(to:)`` is true: no gradient flows, and the norm's
    /// running statistics are taken.
    ///
    /// - Parameters:
    ///   - x: `[N, inputs, H, W]`, or `[N, inputs, T, H, W]`
    ///   - addend: of the result's shape; added before the activation.
    ///   - activation: what is applied to the sum.
    public func callAsFunction(
        _ x: Tensor, adding addend: Tensor? = nil, activation: FusedConvolution.Activation = .none
    ) -> Tensor {
        operation()(x, adding: addend, activation: activation)
    }

    /// The tensors that the folded weight is made of: weight, scale, shift, mean, variance, and the convolution's bias.
    private var sources: [Tensor] {
        let affine: [Tensor] =
            switch norm {
            case let norm as FrozenBatchNorm:
                [norm.weight.tensor, norm.bias.tensor, norm.runningMean.tensor, norm.runningVar.tensor]
            case let norm as BatchNorm:
                [norm.weight?.tensor, norm.bias?.tensor, norm.runningMean.tensor, norm.runningVar.tensor].compactMap {
                    $0
                }
            default: []
            }
        return [convolution.weight.tensor] + affine + [convolution.bias?.tensor].compactMap { $0 }
    }

    /// The tensors by which a change is noticed: the sources, and the norm's count of batches. Training moves the
    /// running statistics without counting up their versions, but it counts its batches.
    private var versions: [TensorVersion] {
        (sources + [(norm as? BatchNorm)?.numBatchesTracked.tensor].compactMap { $0 }).map(TensorVersion.init)
    }

    private func operation() -> FusedConvolution {
        let sources = sources
        let versions = versions
        let epsilon = (norm as? FrozenBatchNorm)?.epsilon ?? (norm as? BatchNorm)?.epsilon ?? 0
        if let folded, folded.sources == versions, folded.epsilon == epsilon { return folded.operation }
        let (stride, padding) = (convolution.stride, convolution.padding)
        let (dilation, groups) = (convolution.dilation, convolution.groups)
        let operation =
            norm == nil
            ? FusedConvolution(
                weight: sources[0].detached(), bias: convolution.bias?.tensor, stride: stride, padding: padding,
                dilation: dilation, groups: groups)
            : FusedConvolution(
                weight: sources[0], bias: convolution.bias?.tensor, scale: sources[1], shift: sources[2],
                mean: sources[3], variance: sources[4], epsilon: epsilon, stride: stride, padding: padding,
                dilation: dilation, groups: groups)
        folded = (versions, epsilon, operation)
        return operation
    }
}

/// What 2D and 3D convolutions have in common.
protocol ConvolutionLayer: UnaryLayer {
    var weight: Parameter { get }
    var bias: Parameter? { get }
    var stride: [Int] { get }
    var padding: [Int] { get }
    var dilation: [Int] { get }
    var groups: Int { get }
}

extension Conv2d: ConvolutionLayer {}
extension Conv3d: ConvolutionLayer {}
