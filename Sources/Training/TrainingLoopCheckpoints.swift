import Foundation
import NN
import Tensors

extension TrainingLoop {
    /// Writes the run as it stands to the last or the best checkpoint.
    func save(_ kind: CheckpointKind) throws {
        let path = kind == .last ? files.last : files.best
        try exchange?.statistics.merge()
        defer { exchange?.statistics.split() }
        if writes { try checkpoint().write(to: path) }
        if kind == .last {
            lastSavedStep = position.step
            lastSaved = .now
        }
        try announce(.checkpointSaved(path: path, kind: kind))
    }

    private func checkpoint() throws -> Checkpoint {
        let info = CheckpointInfo(
            classNames: identity.classNames, recipe: identity.recipe, step: position.step, epoch: position.epoch,
            batchInEpoch: position.batchInEpoch, batchesPerEpoch: task.batchesPerEpoch,
            accumulation: options.accumulation,
            seed: options.seed, optimizer: "\(type(of: optimizer))", learningRate: baseLearningRate,
            schedule: options.schedule, best: position.best,
            metrics: position.metrics.filter { $0.value.isFinite }, evaluationIsPending: position.evaluationIsPending,
            lossScale: position.lossScale)
        return try Checkpoint(
            info: info, model: task.model.stateDict(), optimizer: optimizer.stateDict(), randomState: Random.state,
            texts: texts())
    }

    /// After an error of the data: writes the run as it was before the step that lacks its batch, and says so.
    ///
    /// - Parameter start: The run before the step.
    func saveBeforeFailing(_ start: StepStart) throws {
        if position.batchInEpoch != start.batchInEpoch {
            // Batches of the step that were there have moved the statistics of the norms.
            start.restore(task.model)
            position.batchInEpoch = start.batchInEpoch
        }
        guard position.step > 0 else { return }
        if lastSavedStep != position.step { try save(.last) }
        let command = identity.resumeCommand.map { ": \($0)" } ?? ""
        try announce(
            .notice("step \(position.step) is saved in \(files.last); mend the data, then go on from it\(command)"))
    }

    /// Takes up the run of a checkpoint: weights, optimiser, random state, position, metrics.
    ///
    /// - Parameters:
    ///   - path: The checkpoint.
    ///   - acceptsChanges: Whether settings that make another training are accepted, if they can be.
    /// - Throws: `CheckpointError` for a checkpoint that is no good, or that another run wrote.
    func restore(from path: String, acceptingChanges acceptsChanges: Bool) throws {
        let checkpoint = try Checkpoint.read(path)
        let info = checkpoint.info
        let settings = [
            ("seed", "\(options.seed)", "\(info.seed)", canChange: true),
            ("the optimiser", "\(type(of: optimizer))", info.optimizer, canChange: false),
            ("an accumulation of", "\(options.accumulation)", "\(info.accumulation)", canChange: true),
            ("epochs of", "\(task.batchesPerEpoch) batches", "\(info.batchesPerEpoch) batches", canChange: true),
        ]
        for (what, expected, found, canChange) in settings where expected != found && !(canChange && acceptsChanges) {
            throw CheckpointError.otherRun(path: path, what: what, expected: expected, found: found)
        }
        guard checkpoint.canGoOn else { throw CheckpointError.modelAlone(path: path) }
        let own = Random.state
        guard let randomState = checkpoint.randomState, randomState.shape == own.shape, randomState.dtype == own.dtype
        else { throw CheckpointError.damaged(path: path, reason: "its random state is not one") }
        try checkpoint.load(into: task.model, classNames: identity.classNames, path: path)
        do {
            try optimizer.loadStateDict(checkpoint.optimizer)
        } catch let error as OptimizerStateError {
            throw CheckpointError.otherOptimizer(path: path, reason: error.description)
        }
        if writes { try metricsLog.rewind(to: info.step, evaluationIsPending: info.evaluationIsPending) }
        position = TrainingPosition(info)
        // A run may go on in another precision.
        position.lossScale = options.lossScale.map { info.lossScale ?? $0 }
        if info.batchesPerEpoch != task.batchesPerEpoch {
            // As far into the epoch, counted in its images.
            let share = Double(info.batchInEpoch) / Double(max(info.batchesPerEpoch, 1))
            position.batchInEpoch = min(Int(share * Double(task.batchesPerEpoch)), task.batchesPerEpoch)
        }
        if path == files.last { lastSavedStep = info.step }
        // What is in the folder as the best may be of steps after this checkpoint.
        if path != files.last { position.best = (try? Checkpoint.readInfo(files.best))?.best }
        Random.state = randomState
        try announceChanges(since: info)
    }

    private func announceChanges(since info: CheckpointInfo) throws {
        if let best = position.best, let criterion = options.best, best.metric != criterion.metric {
            position.best = nil
            try announce(
                .notice("the best so far was chosen by \(best.metric); from now on \(criterion.metric) chooses anew"))
        }
        if position.best != nil, !files.holdBest {
            position.best = nil
            try announce(.notice("\(files.best) is gone; the best is chosen anew"))
        }
        if let changes = identity.changes {
            if !changes.isEmpty { try announce(.notice(changes)) }
            return
        }
        if info.recipe != identity.recipe {
            try announce(.notice("the recipe was changed since the checkpoint; the run goes on with the new one"))
        }
        if info.learningRate != baseLearningRate || info.schedule != options.schedule {
            try announce(.notice("the learning rate or its schedule was changed since the checkpoint"))
        }
    }
}
