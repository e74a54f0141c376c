import Foundation
import NN
import Support
import Tensors

extension TrainingLoop {
    /// Writes the checkpoints of the evaluation that was just done.
    func saveBest(_ isBest: Bool) throws {
        guard options.keptBest > 1, let criterion = options.best,
            let value = position.metrics[criterion.metric]
        else {
            if isBest { try save(.best) }
            return
        }
        // In all processes, because the statistics of norms are put together; only the first looks into the folder.
        try exchange?.statistics.merge()
        defer { exchange?.statistics.split() }
        guard writes, keepsCheckpoints else { return }
        let kept = try KeptCheckpoints(folder: files.folder, criterion: criterion).keep(
            step: position.step, value: value, of: options.keptBest
        ) { path in
            try checkpoint().write(to: path)
            guard isBest else { return }
            do {
                try WholeFile.link(path, as: files.best)
            } catch {
                throw CheckpointError.cannotWrite(
                    path: files.best, reason: reason(of: error), intact: files.holdBest)
            }
        }
        guard let kept else {
            // Files of later steps, which the run has gone back behind, may all be better.
            if isBest { try save(.best) }
            return
        }
        try announce(.checkpointSaved(path: kept, kind: .kept))
        if isBest { try announce(.checkpointSaved(path: files.best, kind: .best)) }
    }

    /// Writes the run as it stands to the last or the best checkpoint.
    func save(_ kind: CheckpointKind) throws {
        guard keepsCheckpoints else { return }
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
        var info = CheckpointInfo(
            classNames: identity.classNames, recipe: identity.recipe, step: position.step, epoch: position.epoch,
            batchInEpoch: position.batchInEpoch, batchesPerEpoch: task.batchesPerEpoch,
            accumulation: options.accumulation,
            seed: options.seed, optimizer: "\(type(of: optimizer))", learningRate: baseLearningRate,
            schedule: options.schedule, best: position.best,
            metrics: position.metrics.filter { $0.value.isFinite }, evaluationIsPending: position.evaluationIsPending,
            lossScale: position.lossScale)
        info.version = average == nil ? 1 : 2
        info.averaging = average?.averaging
        info.waiting = options.earlyStopping == nil ? nil : position.waiting
        let trained = task.model.stateDict()
        return try Checkpoint(
            info: info, model: average?.stateDict ?? trained, trained: average == nil ? [] : trained,
            optimizer: optimizer.stateDict(), randomState: Random.state, texts: texts())
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
        try loadWeights(checkpoint, path: path)
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

    /// Loads the weights that the optimiser moves, and their average.
    private func loadWeights(_ checkpoint: Checkpoint, path: String) throws {
        var moved = checkpoint
        if !checkpoint.trained.isEmpty { moved.model = checkpoint.trained }
        try moved.load(into: task.model, classNames: identity.classNames, path: path)
        if let lacking = average?.load(checkpoint.model) {
            throw CheckpointError.damaged(path: path, reason: "it lacks the average of \(lacking)")
        }
    }

    private func announceChanges(since info: CheckpointInfo) throws {
        if let best = position.best, let criterion = options.best, best.metric != criterion.metric {
            position.best = nil
            try announce(
                .notice("the best so far was chosen by \(best.metric); from now on \(criterion.metric) chooses anew"))
        }
        if let best = position.waiting.best, let stopping = options.earlyStopping,
            best.metric != stopping.criterion.metric
        {
            position.waiting = WaitingForBetter()
        }
        if average != nil, info.averaging == nil {
            try announce(.notice("the average of the weights begins with those of step \(info.step)"))
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
