import NN

/// The best evaluation of a run.
public struct BestScore: Hashable, Sendable, Codable {
    /// The metric that chooses the best checkpoint.
    public var metric: String
    /// The metric's value.
    public var value: Double
    /// Optimiser steps taken when it was measured.
    public var step: Int

    /// A score that a run reached at a step.
    public init(metric: String, value: Double, step: Int) {
        self.metric = metric
        self.value = value
        self.step = step
    }
}

/// How long a run has waited for a better evaluation, for `TrainingOptions.EarlyStopping`.
public struct WaitingForBetter: Hashable, Sendable, Codable {
    /// The best value so far, by more than the change that counts; nil before the first.
    public var best: BestScore?
    /// The evaluations in a row since then.
    public var evaluations: Int

    /// A wait of so many evaluations since the best one.
    public init(best: BestScore? = nil, evaluations: Int = 0) {
        self.best = best
        self.evaluations = evaluations
    }
}

/// What a checkpoint knows beside its tensors.
public struct CheckpointInfo: Hashable, Sendable, Codable {
    /// The newest version of the format that this program reads and writes.
    public static let currentVersion = 2

    /// The version of the format of the file: 2 where it holds an average of the weights beside them, which programs that know only
    /// version 1 would take for weights of their own, else 1.
    public var version = 1
    /// Names of the model's classes, in the order of its outputs.
    public var classNames: [String]
    /// The recipe's text.
    public var recipe: String
    /// Optimiser steps taken.
    public var step: Int
    /// Epochs completed.
    public var epoch: Int
    /// Batches taken of the epoch that runs: the sampler's position.
    public var batchInEpoch: Int
    /// Batches in a whole epoch.
    public var batchesPerEpoch: Int
    /// Batches of one optimiser step.
    public var accumulation: Int
    /// What the run's random draws began with.
    public var seed: UInt64
    /// The optimiser's kind, such as `SGD`.
    public var optimizer: String
    /// The optimiser's learning rate before the schedule.
    public var learningRate: Double
    /// Factor on the learning rate at each step.
    public var schedule: LearningRateSchedule
    /// The best evaluation so far.
    public var best: BestScore?
    /// The last evaluation's metrics; those that are not finite are left out.
    public var metrics: [String: Double] = [:]
    /// Whether an evaluation was due at this step and has not been done.
    public var evaluationIsPending = false
    /// The factor on the loss; nil for none.
    public var lossScale: LossScale?
    /// How the weights were averaged; nil where they were not.
    public var averaging: WeightAveraging?
    /// How long the run has waited for a better evaluation; nil where it does not stop early.
    public var waiting: WaitingForBetter?

    /// What a checkpoint is to say of a run.
    public init(
        classNames: [String], recipe: String, step: Int, epoch: Int, batchInEpoch: Int, batchesPerEpoch: Int,
        accumulation: Int, seed: UInt64, optimizer: String, learningRate: Double, schedule: LearningRateSchedule,
        best: BestScore? = nil, metrics: [String: Double] = [:], evaluationIsPending: Bool = false,
        lossScale: LossScale? = nil
    ) {
        self.classNames = classNames
        self.recipe = recipe
        self.step = step
        self.epoch = epoch
        self.batchInEpoch = batchInEpoch
        self.batchesPerEpoch = batchesPerEpoch
        self.accumulation = accumulation
        self.seed = seed
        self.optimizer = optimizer
        self.learningRate = learningRate
        self.schedule = schedule
        self.best = best
        self.metrics = metrics
        self.evaluationIsPending = evaluationIsPending
        self.lossScale = lossScale
    }
}
