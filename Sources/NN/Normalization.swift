import Tensors

/// A norm, which can be an addend of a sum.
public protocol NormLayer: UnaryLayer {
    /// The norm of `x`, `[N, C, …]`, as an addend: to be evaluated once, because a batch norm in training moves its running
    /// statistics.
    ///
    /// - Parameter moments: what ``F/sumWithMoments(_:rectified:)`` said of `x`.
    func term(_ x: Tensor, moments: Tensor?) -> SumTerm
}

extension NormLayer {
    /// The normalised map as an addend of a sum, so that an addition and a ReLU can follow in one pass.
    public func term(_ x: Tensor) -> SumTerm { term(x, moments: nil) }

    /// `[N, C, …]` → the same shape.
    public func callAsFunction(_ x: Tensor) -> Tensor { F.normalizedSum([term(x)]) }

    /// ReLU(norm(x)) in one pass.
    public func rectified(_ x: Tensor, moments: Tensor? = nil) -> Tensor {
        F.normalizedSum([term(x, moments: moments)], rectified: true)
    }
}

/// Batch normalisation over axis 1 of `[N, C, …]`, 2D and 3D alike (Ioffe and Szegedy, 2015), with PyTorch's numerics:
/// training normalises by the biased variance of the batch and moves the running statistics, with the unbiased one,
/// by `momentum`; evaluation normalises by the running statistics. A batch of one image of one pixel gives β and leaves
/// them alone, where PyTorch refuses it.
public final class BatchNorm: Module, NormLayer {
    /// γ, `[C]`, initially 1.
    public let weight: Parameter?
    /// β, `[C]`, initially 0.
    public let bias: Parameter?
    /// `[C]`, initially 0.
    public let runningMean: Buffer
    /// `[C]`, initially 1.
    public let runningVar: Buffer
    /// How many training batches it has seen: a scalar, int64.
    public let numBatchesTracked: Buffer
    /// Share of a new batch in the running statistics; nil averages over all batches since the start.
    public let momentum: Double?
    /// What is added to the variance before its square root.
    public let epsilon: Double

    private static let one = Tensor([Int64(1)], shape: [])

    /// A norm of `features` channels.
    public init(_ features: Int, epsilon: Double = 1e-5, momentum: Double? = 0.1, affine: Bool = true) {
        weight = affine ? Parameter([features], .ones) : nil
        bias = affine ? Parameter([features], .zeros) : nil
        runningMean = Buffer(Tensor.zeros([features]))
        runningVar = Buffer(Tensor.ones([features]))
        numBatchesTracked = Buffer(Tensor([Int64(0)], shape: []))
        self.momentum = momentum
        self.epsilon = epsilon
    }

    /// Weights from before PyTorch 0.4.1 have no counter.
    public override var optionalStateNames: Set<String> { ["num_batches_tracked"] }

    /// The normalised map as an addend of a sum, so that an addition and a ReLU can follow in one pass.
    public func term(_ x: Tensor, moments: Tensor?) -> SumTerm {
        let statistics: SumTerm.Norm =
            if !isTraining {
                .fixed(mean: runningMean.tensor, variance: runningVar.tensor)
            } else if isRecomputing || x.count == x.shape[1] {
                // A batch that is computed a second time has been counted, and one value for each channel has no variance.
                .batch(runningMean: nil, runningVariance: nil, momentum: 0)
            } else {
                .batch(
                    runningMean: runningMean.tensor, runningVariance: runningVar.tensor, momentum: shareOfNextBatch())
            }
        return SumTerm(
            x, norm: statistics, weight: weight?.tensor, bias: bias?.tensor, epsilon: epsilon,
            moments: isTraining ? moments : nil)
    }

    private func shareOfNextBatch() -> Double {
        numBatchesTracked.tensor.addInPlace(Self.one)
        return momentum ?? 1 / numBatchesTracked.tensor.item()
    }
}

/// Batch normalisation by fixed statistics and a fixed affine, over axis 1 of `[N, C, …]`: nothing in it is trained,
/// in training as in evaluation.
public final class FrozenBatchNorm: Module, NormLayer {
    /// `[C]`, the factor after normalising.
    public let weight: Buffer
    /// `[C]`, what is added after it.
    public let bias: Buffer
    /// `[C]`, the mean to take off.
    public let runningMean: Buffer
    /// `[C]`, the variance to divide by the root of.
    public let runningVar: Buffer
    /// Added to the variance; some published weights want another than the usual 1e-5.
    public var epsilon: Double

    /// A norm of `features` channels.
    public init(_ features: Int, epsilon: Double = 1e-5) {
        weight = Buffer(Tensor.ones([features]))
        bias = Buffer(Tensor.zeros([features]))
        runningMean = Buffer(Tensor.zeros([features]))
        runningVar = Buffer(Tensor.ones([features]))
        self.epsilon = epsilon
    }

    /// The counter of the batch norm whose weights it may be given.
    public override var ignoredStateNames: Set<String> { ["num_batches_tracked"] }

    /// The normalised map as an addend of a sum, so that an addition and a ReLU can follow in one pass.
    public func term(_ x: Tensor, moments: Tensor?) -> SumTerm {
        SumTerm(
            x, norm: .fixed(mean: runningMean.tensor, variance: runningVar.tensor), weight: weight.tensor,
            bias: bias.tensor, epsilon: epsilon)
    }
}

/// Group normalisation over the channels of `[N, C, …]` (Wu and He, 2018).
public final class GroupNorm: Module, NormLayer {
    /// γ, `[C]`, initially 1.
    public let weight: Parameter?
    /// β, `[C]`, initially 0.
    public let bias: Parameter?
    /// Groups of the channels that are normalised apart.
    public let groups: Int
    /// What is added to the variance before its square root.
    public let epsilon: Double

    /// A norm of `channels` channels in `groups` groups.
    public init(_ groups: Int, _ channels: Int, epsilon: Double = 1e-5, affine: Bool = true) {
        precondition(
            groups > 0 && channels % groups == 0, "\(groups) groups don't divide \(channels) channels evenly")
        self.groups = groups
        weight = affine ? Parameter([channels], .ones) : nil
        bias = affine ? Parameter([channels], .zeros) : nil
        self.epsilon = epsilon
    }

    /// The normalised map as an addend of a sum, so that an addition and a ReLU can follow in one pass.
    public func term(_ x: Tensor, moments: Tensor?) -> SumTerm {
        SumTerm(
            x, norm: .group(groups), weight: weight?.tensor, bias: bias?.tensor, epsilon: epsilon, moments: moments)
    }
}
