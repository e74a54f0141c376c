import NN

/// How long and in what way to train.
public struct TrainingOptions: Hashable, Sendable {
    /// How often something is done.
    public enum Interval: Hashable, Sendable {
        /// Not at all.
        case never
        /// At the end of every n-th epoch, and of the last one.
        case epochs(Int)
        /// After every n-th optimiser step, and after the last one.
        case steps(Int)
    }

    /// The metric of the evaluation by which the best checkpoint is chosen.
    public struct Criterion: Hashable, Sendable {
        /// The metric's name, as the task's evaluation gives it.
        public var metric: String
        /// Whether a larger value is better.
        public var higherIsBetter: Bool

        /// The best is the evaluation with the highest, or the lowest, value of `metric`.
        public init(_ metric: String, higherIsBetter: Bool = true) {
            self.metric = metric
            self.higherIsBetter = higherIsBetter
        }

        /// Whether a value is better than another by more than `margin`.
        func prefers(_ value: Double, to other: Double, by margin: Double = 0) -> Bool {
            higherIsBetter ? value > other + margin : value < other - margin
        }
    }

    /// When training ends because it no longer gets better (Prechelt, "Early Stopping, But When?", 1998, section 2).
    public struct EarlyStopping: Hashable, Sendable {
        /// What gets better.
        public var criterion: Criterion
        /// Evaluations in a row without a better value after which training ends.
        public var patience: Int
        /// By how much a value must be better than the best one to count as better.
        public var minimumChange: Double

        /// Training ends after `patience` evaluations, at least 1, without a better value.
        public init(_ criterion: Criterion, patience: Int, minimumChange: Double = 0) {
            precondition(patience >= 1 && minimumChange >= 0, "EarlyStopping: \(patience), \(minimumChange)")
            self.criterion = criterion
            self.patience = patience
            self.minimumChange = minimumChange
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
    /// The factor on the loss that a run begins with, for gradients in float16; nil for none.
    public var lossScale: LossScale?
    /// What libtorch's generator (dropout and the like) is seeded with before the first step.
    public var seed: UInt64 = 0
    /// How often the model is measured.
    public var evaluation = Interval.epochs(1)
    /// How often `last.safetensors` is written, beside after every evaluation and at the end.
    public var checkpoints = Interval.epochs(1)
    /// Steps from one writing of `last.safetensors` to the next, beside `checkpoints`; nil for no such rule.
    public var checkpointSteps: Int?
    /// Seconds after which `last.safetensors` is written again, beside `checkpoints`; nil for no such rule.
    public var checkpointSeconds: Double? = 600
    /// What chooses `best.safetensors`; nil writes none.
    public var best: Criterion?
    /// The evaluations, chosen by `best`, of which a checkpoint is kept; with more than 1, each has a file of its own beside
    /// `best.safetensors`, such as `best-step-1200-AP-0.4132.safetensors`.
    public var keptBest = 1
    /// The average of the weights over the steps, which is then what is measured; nil for none.
    public var averaging: WeightAveraging?
    /// When training ends early; nil for never.
    public var earlyStopping: EarlyStopping?
    /// Steps from one record in `metrics.jsonl` to the next.
    public var recordEvery = 1

    /// Options for a training of so many epochs or steps, whichever ends first.
    public init(epochs: Int? = nil, steps: Int? = nil) {
        self.epochs = epochs
        self.steps = steps
    }
}

/// What a run is called by: its classes and its recipe, which go into its checkpoints.
public struct RunIdentity: Hashable, Sendable {
    /// Names of the model's classes, in the order of its outputs.
    public var classNames: [String]
    /// The recipe's text, as the user gave it.
    public var recipe: String
    /// The command that takes the run up again; shown when it stops early.
    public var resumeCommand: String?
    /// What changed in the recipe since the checkpoint that the run goes on from, in words; empty if nothing did, nil if
    /// nobody has looked.
    package var changes: String?

    /// An identity; a run of one's own code needs no recipe.
    public init(classNames: [String] = [], recipe: String = "", resumeCommand: String? = nil) {
        self.classNames = classNames
        self.recipe = recipe
        self.resumeCommand = resumeCommand
    }
}
