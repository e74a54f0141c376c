import Tensors

/// A convolution and the batch norm behind it as one operation, where no gradient is wanted: the norm's statistics and
/// affine go into the weight, and an addition and a ReLU can follow in the same pass.
///
/// The folded weight is kept until one of the tensors that it is made of changes.
public final class FoldedConvolution {
    private let convolution: any ConvolutionLayer
    private let norm: (any NormLayer)?
    private var folded: (sources: [TensorVersion], epsilon: Double, operation: FusedConvolution)?

    /// Without a norm: the convolution with what follows it.
    ///
    /// Nil unless the layers are a convolution and a batch norm, plain or frozen, that has an affine.
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

    /// Whether the two layers give, in their present mode, what the folded one gives for this input: running statistics,
    /// channels last, and nothing to differentiate.
    public func applies(to x: Tensor) -> Bool {
        guard x.isChannelsLast else { return false }
        if let norm = norm as? BatchNorm, norm.isTraining { return false }
        guard isGradEnabled else { return true }
        return !x.requiresGrad && !sources.contains { $0.requiresGrad }
    }

    /// act(norm(convolution(x)) + addend).
    public func callAsFunction(
        _ x: Tensor, adding addend: Tensor? = nil, activation: FusedConvolution.Activation = .none
    ) -> Tensor {
        operation()(x, adding: addend, activation: activation)
    }

    /// Weight, bias, scale, shift, mean, variance.
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

    /// What tells that a source has changed. Training moves the running statistics without counting up their versions, but
    /// it counts its batches.
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

/// What the convolutions of 2D and 3D have in common.
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
