import Foundation

/// Something that happened while training, for whoever shows or records it.
public enum TrainingEvent: Sendable {
    case started(TrainingPlan)
    /// A step was taken.
    case step(StepReport)
    case evaluationStarted(step: Int)
    case evaluated(EvaluationReport)
    case checkpointSaved(path: String, kind: CheckpointKind)
    /// Something that the user should know and that does not stop the run.
    case notice(String)
    case ended(TrainingOutcome)
    /// An error ends the run; it is thrown right after this.
    case failed
}

public enum CheckpointKind: String, Sendable {
    case last, best
}

/// What lies ahead when a run starts or is taken up again.
public struct TrainingPlan: Hashable, Sendable {
    /// Steps already taken.
    public var firstStep: Int
    /// Step at which training ends; nil without limit.
    public var totalSteps: Int?
    public var totalEpochs: Int?
    public var stepsPerEpoch: Int
    public var parameterCount: Int
    /// The checkpoint that the run goes on from.
    public var resumedFrom: String?

    public init(
        firstStep: Int, totalSteps: Int? = nil, totalEpochs: Int? = nil, stepsPerEpoch: Int, parameterCount: Int,
        resumedFrom: String? = nil
    ) {
        self.firstStep = firstStep
        self.totalSteps = totalSteps
        self.totalEpochs = totalEpochs
        self.stepsPerEpoch = stepsPerEpoch
        self.parameterCount = parameterCount
        self.resumedFrom = resumedFrom
    }
}

/// One optimiser step.
public struct StepReport: Hashable, Sendable {
    /// Steps taken so far, this one included.
    public var step: Int
    /// From 0.
    public var epoch: Int
    /// Steps of this epoch taken so far, and in all.
    public var stepInEpoch: Int
    public var stepsPerEpoch: Int
    /// The terms in the task's order, averaged over the step's batches.
    public var losses: [Loss]
    public var learningRate: Double
    /// Before clipping.
    public var gradientNorm: Double
    public var images: Int
    /// Seconds that the step took, and how many of them were spent waiting for batches.
    public var seconds: Double
    public var dataSeconds: Double

    public struct Loss: Hashable, Sendable {
        public var name: String
        public var value: Double

        public init(name: String, value: Double) {
            self.name = name
            self.value = value
        }
    }

    public var totalLoss: Double { losses.reduce(0) { $0 + $1.value } }

    public init(
        step: Int, epoch: Int, stepInEpoch: Int, stepsPerEpoch: Int, losses: [Loss], learningRate: Double,
        gradientNorm: Double, images: Int, seconds: Double, dataSeconds: Double
    ) {
        self.step = step
        self.epoch = epoch
        self.stepInEpoch = stepInEpoch
        self.stepsPerEpoch = stepsPerEpoch
        self.losses = losses
        self.learningRate = learningRate
        self.gradientNorm = gradientNorm
        self.images = images
        self.seconds = seconds
        self.dataSeconds = dataSeconds
    }
}

/// One evaluation.
public struct EvaluationReport: Hashable, Sendable {
    public var step: Int
    public var epoch: Int
    public var metrics: [String: Double]
    /// Whether it is the best one so far.
    public var isBest: Bool
    public var seconds: Double

    public init(step: Int, epoch: Int, metrics: [String: Double], isBest: Bool, seconds: Double) {
        self.step = step
        self.epoch = epoch
        self.metrics = metrics
        self.isBest = isBest
        self.seconds = seconds
    }
}

/// How a run ended.
public struct TrainingOutcome: Hashable, Sendable {
    public enum Reason: Hashable, Sendable {
        /// All epochs or steps are done.
        case completed
        /// The user asked to stop.
        case stopped
        case outOfTime
    }

    public var reason: Reason
    public var step: Int
    /// Epochs completed.
    public var epoch: Int
    public var best: BestScore?
    /// The last evaluation's metrics.
    public var metrics: [String: Double]
    public var lastCheckpoint: String
    public var bestCheckpoint: String?
    /// How to go on, where the run isn't complete.
    public var resumeCommand: String?
    public var seconds: Double

    public init(
        reason: Reason, step: Int, epoch: Int, best: BestScore? = nil, metrics: [String: Double],
        lastCheckpoint: String, bestCheckpoint: String? = nil, resumeCommand: String? = nil, seconds: Double
    ) {
        self.reason = reason
        self.step = step
        self.epoch = epoch
        self.best = best
        self.metrics = metrics
        self.lastCheckpoint = lastCheckpoint
        self.bestCheckpoint = bestCheckpoint
        self.resumeCommand = resumeCommand
        self.seconds = seconds
    }
}

/// Watches a run. What it throws stops the run.
public protocol TrainingObserver: AnyObject {
    func handle(_ event: TrainingEvent) throws
}
