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
