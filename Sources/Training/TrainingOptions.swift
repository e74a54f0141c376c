import NN

/// How long and in what way to train.
public struct TrainingOptions: Hashable, Sendable {
    /// How often something is done.
    public enum Interval: Hashable, Sendable {
        case never
        /// At the end of every so many epochs, and of the last one.
        case epochs(Int)
        /// After every so many optimiser steps, and the last one.
        case steps(Int)
    }

    /// The metric of the evaluation by which the best checkpoint is chosen.
    public struct Criterion: Hashable, Sendable {
        public var metric: String
        public var higherIsBetter: Bool

        public init(_ metric: String, higherIsBetter: Bool = true) {
            self.metric = metric
            self.higherIsBetter = higherIsBetter
        }
    }

    /// Passes over the data after which training is done; nil for no such limit.
    public var epochs: Int?
    /// Optimiser steps after which training is done; nil for no such limit.
    public var steps: Int?
    /// Seconds of one run after which it saves and stops, to be resumed; nil for no such limit.
    public var seconds: Double?
    /// Batches whose gradients are averaged into one optimiser step. The last step of an epoch averages what is left.
    public var accumulation = 1
    /// Factor on the optimiser's learning rate at each step.
    public var schedule = LearningRateSchedule.constant
    /// Limit of the gradients' common norm; nil for none.
    public var maxGradientNorm: Double?
    /// What libtorch's generator (dropout and the like) is seeded with before the first step.
    public var seed: UInt64 = 0
    public var evaluation = Interval.epochs(1)
    public var checkpoints = Interval.epochs(1)
    public var best: Criterion?
    /// Every how many steps a record goes to `metrics.jsonl`.
    public var recordEvery = 1

    public init(epochs: Int? = nil, steps: Int? = nil) {
        self.epochs = epochs
        self.steps = steps
    }
}

/// What a checkpoint says about the run that it is of, beside the numbers.
public struct RunIdentity: Hashable, Sendable {
    /// Names of the model's classes, in the order of its outputs.
    public var classNames: [String]
    /// The recipe's text, as the user gave it.
    public var recipe: String
    /// The command that takes the run up again; shown when it stops early.
    public var resumeCommand: String?

    public init(classNames: [String] = [], recipe: String = "", resumeCommand: String? = nil) {
        self.classNames = classNames
        self.recipe = recipe
        self.resumeCommand = resumeCommand
    }
}
