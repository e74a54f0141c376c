/// How far a run has come: what a checkpoint keeps of it beside the tensors, and what the loop goes on from.
struct TrainingPosition {
    /// Optimiser steps taken.
    var step = 0
    /// Epochs completed.
    var epoch = 0
    /// Batches taken of the epoch that runs.
    var batchInEpoch = 0
    var best: BestScore?
    /// The last evaluation's metrics.
    var metrics: [String: Double] = [:]
    /// Whether an evaluation was due at this step and has not been done.
    var evaluationIsPending = false
    /// The factor on the loss; nil for none.
    var lossScale: LossScale?
    /// How long the run has waited for a better evaluation.
    var waiting = WaitingForBetter()

    /// The start of a run.
    init() {}

    /// Where the run stood that wrote a checkpoint.
    init(_ info: CheckpointInfo) {
        step = info.step
        epoch = info.epoch
        batchInEpoch = info.batchInEpoch
        best = info.best
        metrics = info.metrics
        evaluationIsPending = info.evaluationIsPending
        lossScale = info.lossScale
        waiting = info.waiting ?? WaitingForBetter()
    }
}
