import Tensors

/// A normalisation layer, which can also be an addend of a sum (`F.normalizedSum`), so that an addition and a ReLU
/// follow in the same pass.
public protocol NormLayer: UnaryLayer {
    /// The norm of a map as an addend. It must be evaluated once: a batch norm in training has already counted the
    /// batch, and its running statistics move when the sum is taken.
    ///
    /// - Parameters:
    ///   - x: `[N, C, …]`
    ///   - moments: means and variances of every image and channel of `x`, `[N, 2, C]`, as `F.sumWithMoments` gave them
    ///     when it made `x`; nil reads `x` for its statistics.
    func term(_ x: Tensor, moments: Tensor?) -> SumTerm
}

extension NormLayer {
    /// The norm of a map `[N, C, …]` as an addend, which reads the map for its statistics.
    public func term(_ x: Tensor) -> SumTerm { term(x, moments: nil) }

    /// The norm of a map, `[N, C, …]` → the same shape.
    public func callAsFunction(_ x: Tensor) -> Tensor { F.normalizedSum([term(x)]) }

    /// ReLU(norm(x)) in one pass, `[N, C, …]` → the same shape.
    ///
    /// - Parameters:
    ///   - x: `[N, C, …]`
    ///   - moments: what `F.sumWithMoments` said of `x`, `[N, 2, C]`; nil reads `x` for its statistics.
    public func rectified(_ x: Tensor, moments: Tensor? = nil) -> Tensor {
        F.normalizedSum([term(x, moments: moments)], rectified: true)
    }
}

/// Batch normalisation over axis 1 of `[N, C, …]`, of images and clips alike (Ioffe and Szegedy, "Batch Normalization",
/// 2015; `torch.nn.BatchNorm2d` and `BatchNorm3d`).
///
/// Training normalises by the batch's mean and biased variance, and moves the running statistics by `momentum`, with
/// the unbiased variance. Evaluation normalises by the running statistics. A batch of one image of one pixel has no
/// variance: it gives β and leaves the running statistics alone, where PyTorch refuses it.
public final class BatchNorm: Module, NormLayer {
    /// Factor on each channel, γ, `[C]`, initially 1; nil without an affine.
    public let weight: Parameter?
    /// What is added to each channel, β, `[C]`, initially 0; nil without an affine.
    public let bias: Parameter?
    /// Running mean of each channel, `[C]`, initially 0.
    public let runningMean: Buffer
    /// Running variance of each channel, `[C]`, initially 1.
    public let runningVar: Buffer
    /// How many training batches went through, an int64 scalar.
    public let numBatchesTracked: Buffer
    /// Share of a new batch in the running statistics; nil averages over all batches since the start.
    public var momentum: Double?
    /// What is added to the variance before its root.
    public let epsilon: Double
    /// Whether statistics are of all processes that train together, once they have been joined.
    package var isSynchronized = false
    /// The processes whose statistics count; nil takes the map's own.
    package var processes: ProcessGroup?

    private static let one = Tensor([Int64(1)], shape: [])

    /// A batch norm of `features` channels, with or without γ and β.
    public init(_ features: Int, epsilon: Double = 1e-5, momentum: Double? = 0.1, affine: Bool = true) {
        weight = affine ? Parameter([features], .ones) : nil
        bias = affine ? Parameter([features], .zeros) : nil
        runningMean = Buffer(Tensor.zeros([features]))
        runningVar = Buffer(Tensor.ones([features]))
        numBatchesTracked = Buffer(Tensor([Int64(0)], shape: []))
        self.momentum = momentum
        self.epsilon = epsilon
    }

    /// The counter of batches, which weights from before PyTorch 0.4.1 lack.
    public override var optionalStateNames: Set<String> { ["num_batches_tracked"] }

    /// The norm of a map `[N, C, …]` as an addend. In training this counts the batch, and the sum that takes the addend
    /// moves the running statistics, so it must be evaluated once.
    public func term(_ x: Tensor, moments: Tensor?) -> SumTerm {
        if isTraining, isSynchronized, let processes { return synchronizedTerm(x, processes) }
        let statistics: SumTerm.Norm =
            if !isTraining {
                .fixed(mean: runningMean.tensor, variance: runningVar.tensor)
            } else if isRecomputing || x.count == x.shape[1] {
                // A batch that is computed a second time has been counted before, and one value for each channel has no
                // variance.
                .batch(runningMean: nil, runningVariance: nil, momentum: 0)
            } else {
                .batch(
                    runningMean: runningMean.tensor, runningVariance: runningVar.tensor, momentum: shareOfNextBatch())
            }
        return SumTerm(
            x, norm: statistics, weight: weight?.tensor, bias: bias?.tensor, epsilon: epsilon,
            moments: isTraining ? moments : nil)
    }

    private func synchronizedTerm(_ x: Tensor, _ processes: ProcessGroup) -> SumTerm {
        let (map, mean, variance, count) = processes.normalized(x, epsilon: epsilon)
        if !isRecomputing {
            let share = shareOfNextBatch()
            withoutGrad {
                let unbiased = variance * (count / (count - 1.0).clamp(min: 1))
                for (running, new) in [(runningMean.tensor, mean), (runningVar.tensor, unbiased)] {
                    running.multiplyInPlace(1 - share)
                    running.addInPlace(new.to(running.dtype), scale: share)
                }
            }
        }
        return SumTerm(map, weight: weight?.tensor, bias: bias?.tensor)
    }

    private func shareOfNextBatch() -> Double {
        numBatchesTracked.tensor.addInPlace(Self.one)
        return momentum ?? 1 / numBatchesTracked.tensor.item()
    }
}

/// Batch normalisation over axis 1 of `[N, C, …]` by fixed statistics and a fixed affine: nothing in it is trained, in
/// training as in evaluation (`torchvision.ops.FrozenBatchNorm2d`).
public final class FrozenBatchNorm: Module, NormLayer {
    /// Factor on each channel after normalising, γ, `[C]`.
    public let weight: Buffer
    /// What is added to each channel after that, β, `[C]`.
    public let bias: Buffer
    /// The mean that is taken off each channel, `[C]`.
    public let runningMean: Buffer
    /// The variance whose root each channel is divided by, `[C]`.
    public let runningVar: Buffer
    /// What is added to the variance before its root; some published weights want another than the usual 1e-5.
    public var epsilon: Double

    /// A frozen batch norm of `features` channels, with mean 0, variance 1, γ 1 and β 0 until weights are loaded.
    public init(_ features: Int, epsilon: Double = 1e-5) {
        weight = Buffer(Tensor.ones([features]))
        bias = Buffer(Tensor.zeros([features]))
        runningMean = Buffer(Tensor.zeros([features]))
        runningVar = Buffer(Tensor.ones([features]))
        self.epsilon = epsilon
    }

    /// The counter of batches in the weights of a batch norm, which this norm may be given.
    public override var ignoredStateNames: Set<String> { ["num_batches_tracked"] }

    /// The norm of a map `[N, C, …]` as an addend; it needs no moments of the map.
    public func term(_ x: Tensor, moments: Tensor?) -> SumTerm {
        SumTerm(
            x, norm: .fixed(mean: runningMean.tensor, variance: runningVar.tensor), weight: weight.tensor,
            bias: bias.tensor, epsilon: epsilon)
    }
}

/// Group normalisation over the channels of `[N, C, …]` (Wu and He, "Group Normalization", 2018; `torch.nn.GroupNorm`):
/// each group of channels of an image is normalised by its own mean and variance.
public final class GroupNorm: Module, NormLayer {
    /// Factor on each channel, γ, `[C]`, initially 1; nil without an affine.
    public let weight: Parameter?
    /// What is added to each channel, β, `[C]`, initially 0; nil without an affine.
    public let bias: Parameter?
    /// How many groups the channels are divided into.
    public let groups: Int
    /// What is added to the variance before its root.
    public let epsilon: Double

    /// A group norm of `channels` channels in `groups` groups, with or without γ and β; groups that don't divide the
    /// channels trap.
    public init(_ groups: Int, _ channels: Int, epsilon: Double = 1e-5, affine: Bool = true) {
        precondition(
            groups > 0 && channels % groups == 0, "\(groups) groups don't divide \(channels) channels evenly")
        self.groups = groups
        weight = affine ? Parameter([channels], .ones) : nil
        bias = affine ? Parameter([channels], .zeros) : nil
        self.epsilon = epsilon
    }

    /// The norm of a map `[N, C, …]` as an addend, with the moments of the map where they are known.
    public func term(_ x: Tensor, moments: Tensor?) -> SumTerm {
        SumTerm(
            x, norm: .group(groups), weight: weight?.tensor, bias: bias?.tensor, epsilon: epsilon, moments: moments)
    }
}
