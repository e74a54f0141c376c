import Foundation
import NN
import Tensors

extension TrainingLoop {
    /// Writes the run as it stands to the last or the best checkpoint.
    func save(_ kind: CheckpointKind) throws {
        let path = kind == .last ? files.last : files.best
        try checkpoint().write(to: path)
        if kind == .last { lastSavedStep = position.step }
        try announce(.checkpointSaved(path: path, kind: kind))
    }

    private func checkpoint() -> Checkpoint {
        let info = CheckpointInfo(
            classNames: identity.classNames, recipe: identity.recipe, step: position.step, epoch: position.epoch,
            batchInEpoch: position.batchInEpoch, batchesPerEpoch: task.batchesPerEpoch,
            accumulation: options.accumulation,
            seed: options.seed, optimizer: "\(type(of: optimizer))", learningRate: baseLearningRate,
            schedule: options.schedule, best: position.best,
            metrics: position.metrics.filter { $0.value.isFinite }, evaluationIsPending: position.evaluationIsPending)
        return Checkpoint(
            info: info, model: task.model.stateDict(), optimizer: optimizer.stateDict(), randomState: Random.state)
    }

    /// Takes up the run of the last checkpoint: weights, optimiser, random state, position, metrics.
    ///
    /// - Throws: `CheckpointError` for a checkpoint that is no good, or that another run wrote.
    func restore() throws {
        let path = files.last
        let checkpoint = try Checkpoint.read(path)
        let info = checkpoint.info
        let settings = [
            ("seed", "\(options.seed)", "\(info.seed)"),
            ("the optimiser", "\(type(of: optimizer))", info.optimizer),
            ("an accumulation of", "\(options.accumulation)", "\(info.accumulation)"),
            ("epochs of", "\(task.batchesPerEpoch) batches", "\(info.batchesPerEpoch) batches"),
        ]
        for (what, expected, found) in settings where expected != found {
            throw CheckpointError.otherRun(path: path, what: what, expected: expected, found: found)
        }
        guard let randomState = checkpoint.randomState else {
            throw CheckpointError.damaged(path: path, reason: "it has no random state")
        }
        try checkpoint.load(into: task.model, classNames: identity.classNames, path: path)
        do {
            try optimizer.loadStateDict(checkpoint.optimizer)
        } catch let error as OptimizerStateError {
            throw CheckpointError.otherOptimizer(path: path, reason: error.description)
        }
        try metricsLog.rewind(to: info.step, evaluationIsPending: info.evaluationIsPending)
        position = TrainingPosition(info)
        lastSavedStep = info.step
        Random.state = randomState
        if info.recipe != identity.recipe {
            try announce(.notice("the recipe was changed since the checkpoint; the run goes on with the new one"))
        }
        if info.learningRate != baseLearningRate || info.schedule != options.schedule {
            try announce(.notice("the learning rate or its schedule was changed since the checkpoint"))
        }
    }
}
