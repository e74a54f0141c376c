import Foundation

/// Something that happened while training, for whoever shows or records it.
public enum TrainingEvent: Sendable {
    /// A run starts or is taken up again.
    case started(TrainingPlan)
    /// A step was taken.
    case step(StepReport)
    /// The model is about to be measured.
    case evaluationStarted(step: Int)
    /// The model was measured.
    case evaluated(EvaluationReport)
    /// A checkpoint was written.
    case checkpointSaved(path: String, kind: CheckpointKind)
    /// Something that the user should know and that does not stop the run.
    case notice(String)
    /// The run ended without an error.
    case ended(TrainingOutcome)
    /// An error ends the run; it is thrown right after this.
    case failed
}

/// Which of a run's checkpoints.
public enum CheckpointKind: String, Sendable {
    /// The one to resume from.
    case last
    /// The one of the best evaluation.
    case best
    /// One of several of the best evaluations.
    case kept
}

/// What lies ahead when a run starts or is taken up again.
public struct TrainingPlan: Hashable, Sendable {
    /// Steps already taken.
    public var firstStep: Int
    /// Step at which training ends; nil without limit.
    public var totalSteps: Int?
    /// Epoch at which training ends; nil without limit.
    public var totalEpochs: Int?
    /// Optimiser steps of an epoch.
    public var stepsPerEpoch: Int
    /// Numbers that are trained.
    public var parameterCount: Int
    /// The checkpoint that the run goes on from.
    public var resumedFrom: String?

    /// What a run is about to do.
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
    /// The epoch of the step, from 0.
    public var epoch: Int
    /// Steps of this epoch taken so far, this one included.
    public var stepInEpoch: Int
    /// Steps of the whole epoch.
    public var stepsPerEpoch: Int
    /// The terms in the task's order, averaged over the step's batches.
    public var losses: [Loss]
    /// The learning rate that the step was taken with.
    public var learningRate: Double
    /// The gradients' common norm before clipping; not finite where the step was left out.
    public var gradientNorm: Double
    /// The factor on the loss after the step, and how many steps were left out so far; nil for none.
    public var lossScale: LossScale?
    /// Images of the step's batches.
    public var images: Int
    /// Seconds that the step took.
    public var seconds: Double
    /// Seconds of the step that were spent waiting for batches.
    public var dataSeconds: Double

    /// One term of what is minimised.
    public struct Loss: Hashable, Sendable {
        /// What the task calls it.
        public var name: String
        /// The term's value.
        public var value: Double

        /// A term of this name and value.
        public init(name: String, value: Double) {
            self.name = name
            self.value = value
        }
    }

    /// The sum of the terms.
    public var totalLoss: Double { losses.reduce(0) { $0 + $1.value } }

    /// A step as it was taken.
    public init(
        step: Int, epoch: Int, stepInEpoch: Int, stepsPerEpoch: Int, losses: [Loss], learningRate: Double,
        gradientNorm: Double, lossScale: LossScale? = nil, images: Int, seconds: Double, dataSeconds: Double
    ) {
        self.step = step
        self.epoch = epoch
        self.stepInEpoch = stepInEpoch
        self.stepsPerEpoch = stepsPerEpoch
        self.losses = losses
        self.learningRate = learningRate
        self.gradientNorm = gradientNorm
        self.lossScale = lossScale
        self.images = images
        self.seconds = seconds
        self.dataSeconds = dataSeconds
    }
}

/// One evaluation.
public struct EvaluationReport: Hashable, Sendable {
    /// Steps taken so far.
    public var step: Int
    /// Epochs completed.
    public var epoch: Int
    /// What the task measured, by name.
    public var metrics: [String: Double]
    /// Whether the evaluation is the best one so far.
    public var isBest: Bool
    /// Seconds that the evaluation took.
    public var seconds: Double

    /// An evaluation as it was done.
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
    /// Why a run ended.
    public enum Reason: Hashable, Sendable {
        /// All epochs or steps are done.
        case completed
        /// The user asked to stop.
        case stopped
        /// The seconds of `TrainingOptions` are over.
        case outOfTime
        /// Evaluations no longer got better (`TrainingOptions.earlyStopping`).
        case stoppedEarly
    }

    /// Why it ended.
    public var reason: Reason
    /// Steps taken, over all parts of the run.
    public var step: Int
    /// Epochs completed.
    public var epoch: Int
    /// The best evaluation.
    public var best: BestScore?
    /// The last evaluation's metrics.
    public var metrics: [String: Double]
    /// The path of the checkpoint that the run can be resumed from.
    public var lastCheckpoint: String
    /// The path of the best evaluation's checkpoint, if there is one.
    public var bestCheckpoint: String?
    /// How to go on, where the run isn't complete.
    public var resumeCommand: String?
    /// What the run waited for, where it ended early.
    public var earlyStopping: WaitingForBetter?
    /// Seconds since the run was started or taken up.
    public var seconds: Double

    /// An end of a run.
    public init(
        reason: Reason, step: Int, epoch: Int, best: BestScore? = nil, metrics: [String: Double],
        lastCheckpoint: String, bestCheckpoint: String? = nil, resumeCommand: String? = nil,
        earlyStopping: WaitingForBetter? = nil, seconds: Double
    ) {
        self.reason = reason
        self.step = step
        self.epoch = epoch
        self.best = best
        self.metrics = metrics
        self.lastCheckpoint = lastCheckpoint
        self.bestCheckpoint = bestCheckpoint
        self.resumeCommand = resumeCommand
        self.earlyStopping = earlyStopping
        self.seconds = seconds
    }
}

/// Watches a run. What it throws stops the run.
public protocol TrainingObserver: AnyObject {
    /// Is told of an event, in the order of events.
    func handle(_ event: TrainingEvent) throws
}

/// An observer that training can do without. What it throws is told as a notice, once, and the run goes on.
public protocol DispensableObserver: TrainingObserver {}
