import Foundation
import NN
import Support
import Tensors

/// Trains a task: steps, progress, checkpoints, evaluation, and stopping without loss.
///
/// A run lives in a folder: `last.safetensors`, `best.safetensors`, `metrics.jsonl`. Taken up again from `last`, it
/// takes the very steps that it would have taken without the stop; on the CPU, with as many threads, bit for bit.
public final class TrainingLoop<Task: TrainingTask> {
    private let task: Task
    private let optimizer: any Optimizer
    private let baseLearningRate: Double
    private let options: TrainingOptions
    private let identity: RunIdentity
    private let folder: String
    private let observers: [any TrainingObserver]
    private let metricsLog: MetricsLog

    /// Steps taken, epochs completed, batches taken of the epoch that runs.
    private var step = 0
    private var epoch = 0
    private var batchInEpoch = 0
    private var best: BestScore?
    private var metrics: [String: Double] = [:]
    private var evaluationIsPending = false
    private var lastSavedStep: Int?
    private var started = ContinuousClock.now

    /// - Parameters:
    ///   - optimizer: Over the task's parameters; its learning rate is what the schedule multiplies.
    ///   - folder: Made if it isn't there.
    ///   - observers: Told everything, in this order, after `metrics.jsonl`.
    public init(
        task: Task, optimizer: any Optimizer, options: TrainingOptions, identity: RunIdentity = RunIdentity(),
        folder: String, observers: [any TrainingObserver] = []
    ) {
        precondition(options.accumulation >= 1, "accumulation is a number of batches, at least 1")
        precondition(
            options.epochs != nil || options.steps != nil || options.seconds != nil,
            "training needs an end: epochs, steps or seconds")
        self.task = task
        self.optimizer = optimizer
        baseLearningRate = optimizer.learningRate
        self.options = options
        self.identity = identity
        self.folder = folder
        metricsLog = MetricsLog(path: folder + "/metrics.jsonl", recordEvery: options.recordEvery)
        self.observers = [metricsLog] + observers
    }

    public var lastCheckpoint: String { folder + "/last.safetensors" }
    public var bestCheckpoint: String { folder + "/best.safetensors" }
    public var failedBatch: String { folder + "/failed_batch.safetensors" }

    /// Trains to the end, or until the user asks to stop or the time is up; `last.safetensors` then holds the run.
    ///
    /// - Parameter resume: Goes on from `last.safetensors`; otherwise the folder must not hold a run.
    /// - Throws: `TrainingError`, `CheckpointError`, and what the task throws.
    public func run(resume: Bool = false) throws -> TrainingOutcome {
        started = .now
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw TrainingError.cannotWrite(path: folder, reason: (error as NSError).localizedDescription)
        }
        defer { optimizer.learningRate = baseLearningRate }
        if resume {
            try restore()
        } else {
            let runs = [lastCheckpoint, bestCheckpoint]
            guard !runs.contains(where: FileManager.default.fileExists) else {
                throw TrainingError.folderHoldsRun(folder)
            }
            Random.seed(options.seed)
            try metricsLog.rewind(to: -1, evaluationIsPending: false)
        }
        removeLeftovers()
        try announce(.started(plan(resumed: resume)))
        task.model.train()
        let reason: TrainingOutcome.Reason
        do {
            reason = try StopSignal.watching { try trainUntilStopped() }
        } catch {
            // What the observers make of it must not hide the error.
            try? announce(.failed)
            throw error
        }
        let outcome = TrainingOutcome(
            reason: reason, step: step, epoch: epoch, best: best, metrics: metrics, lastCheckpoint: lastCheckpoint,
            bestCheckpoint: best == nil ? nil : bestCheckpoint,
            resumeCommand: reason == .completed ? nil : identity.resumeCommand,
            seconds: Self.seconds(since: started))
        try announce(.ended(outcome))
        return outcome
    }

    private func trainUntilStopped() throws -> TrainingOutcome.Reason {
        if evaluationIsPending, let reason = try evaluate() { return reason }
        while !isComplete {
            let nextBatch = try task.batches(epoch: epoch, startingAt: batchInEpoch)
            var epochIsOver = false
            while !epochIsOver && !reachedStepLimit {
                guard let more = try takeStep(nextBatch) else { break }
                epochIsOver = !more
                if let reason = try finishStep(epochIsOver: epochIsOver) { return reason }
            }
            if reachedStepLimit { break }
            if !epochIsOver {
                // The batches ended earlier than was said.
                guard batchInEpoch > 0 else { throw TrainingError.noBatches(epoch: epoch) }
                if let reason = try finishStep(epochIsOver: true) { return reason }
            }
        }
        if lastSavedStep != step { try save(.last) }
        return .completed
    }

    private var reachedStepLimit: Bool { options.steps.map { step >= $0 } ?? false }
    private var isComplete: Bool { reachedStepLimit || (options.epochs.map { epoch >= $0 } ?? false) }

    /// One optimiser step; nil if there was no batch left, else whether the epoch goes on.
    private func takeStep(_ nextBatch: () throws -> Task.Batch?) throws -> Bool? {
        let start = ContinuousClock.now
        let randomState = Random.state
        var sum = StepAccumulator<Task.Batch>()
        optimizer.zeroGrad()
        while sum.batches.count < options.accumulation && batchInEpoch < task.batchesPerEpoch {
            let waiting = ContinuousClock.now
            guard let batch = try nextBatch() else { break }
            sum.dataSeconds += Self.seconds(since: waiting)
            sum.add(
                batch, images: task.imageCount(batch),
                losses: try accumulateGradients(batch, after: sum.batches, randomState))
            batchInEpoch += 1
        }
        guard !sum.batches.isEmpty else { return nil }

        let parameters = optimizer.namedParameters
        let tensors = parameters.map(\.parameter.tensor)
        if sum.batches.count < options.accumulation {
            OptimizerOps.scaleGradients(tensors, by: Double(options.accumulation) / Double(sum.batches.count))
        }
        let norm = gradientNorm(parameters.map(\.parameter))
        guard norm.isFinite else { throw nonFiniteGradient(norm, sum.batches, randomState) }
        if let limit = options.maxGradientNorm { clipGradientNorm(parameters.map(\.parameter), maxNorm: limit) }
        let learningRate = baseLearningRate * options.schedule.factor(step: step)
        optimizer.learningRate = learningRate
        optimizer.step()
        step += 1

        let goesOn = batchInEpoch < task.batchesPerEpoch
        try announce(
            .step(
                StepReport(
                    step: step, epoch: epoch,
                    stepInEpoch: (batchInEpoch + options.accumulation - 1) / options.accumulation,
                    stepsPerEpoch: stepsPerEpoch, losses: sum.meanLosses, learningRate: learningRate,
                    gradientNorm: norm,
                    images: sum.images, seconds: Self.seconds(since: start), dataSeconds: sum.dataSeconds)))
        return goesOn
    }

    /// Adds a batch's share to the gradients; its terms as numbers.
    private func accumulateGradients(
        _ batch: Task.Batch, after earlier: [Task.Batch], _ randomState: Tensor
    ) throws -> [StepReport.Loss] {
        let terms = try task.losses(batch)
        let values =
            terms.isEmpty
            ? []
            : withoutGrad {
                Tensor.stack(terms.map { $0.value.detached().to(.float32).reshape([]) }).array(Double.self)
            }
        if let index = values.firstIndex(where: { !$0.isFinite }) {
            throw TrainingError.nonFiniteLoss(
                term: terms[index].name, value: values[index], step: step + 1, images: task.describe(batch),
                batch: saveFailed(earlier + [batch], randomState))
        }
        guard let first = terms.first else { throw TrainingError.nothingToTrain }
        let total = terms.dropFirst().reduce(first.value) { $0 + $1.value }
        guard total.requiresGrad else { throw TrainingError.nothingToTrain }
        (options.accumulation == 1 ? total : total * (1 / Double(options.accumulation))).backward()
        return zip(terms, values).map { StepReport.Loss(name: $0.name, value: $1) }
    }

    /// What follows a step: evaluation, checkpoints, and the wish to stop.
    private func finishStep(epochIsOver: Bool) throws -> TrainingOutcome.Reason? {
        if epochIsOver {
            epoch += 1
            batchInEpoch = 0
        }
        let isLast = isComplete
        if isDue(options.evaluation, epochIsOver: epochIsOver, isLast: isLast) {
            evaluationIsPending = true
            try save(.last)
            return try evaluate()
        }
        if let reason = reasonToStop {
            try save(.last)
            return isLast ? .completed : reason
        }
        if isDue(options.checkpoints, epochIsOver: epochIsOver, isLast: isLast) { try save(.last) }
        return nil
    }

    private func isDue(_ interval: TrainingOptions.Interval, epochIsOver: Bool, isLast: Bool) -> Bool {
        switch interval {
        case .never: false
        case .epochs(let count): isLast || (epochIsOver && epoch % max(count, 1) == 0)
        case .steps(let count): isLast || step % max(count, 1) == 0
        }
    }

    private var reasonToStop: TrainingOutcome.Reason? {
        if StopSignal.isRequested { return .stopped }
        if let limit = options.seconds, Self.seconds(since: started) >= limit { return .outOfTime }
        return nil
    }

    /// Evaluates and keeps the best; the random state stays as it was, so that evaluating changes nothing else.
    private func evaluate() throws -> TrainingOutcome.Reason? {
        if !isComplete, let reason = reasonToStop { return reason }
        try announce(.evaluationStarted(step: step))
        let start = ContinuousClock.now
        let result: [String: Double]?
        do {
            result = try measure()
        } catch is Stopped {
            return reasonToStop ?? .stopped
        }
        if let result {
            metrics = result
            let isBest = try noteScore(result)
            evaluationIsPending = false
            try announce(
                .evaluated(
                    EvaluationReport(
                        step: step, epoch: epoch, metrics: result, isBest: isBest,
                        seconds: Self.seconds(since: start))))
            if isBest { try save(.best) }
        }
        evaluationIsPending = false
        try save(.last)
        return isComplete ? nil : reasonToStop
    }

    private func measure() throws -> [String: Double]? {
        let randomState = Random.state
        task.model.eval()
        defer {
            task.model.train()
            Random.state = randomState
        }
        return try withoutGrad { try task.evaluate() }
    }

    private func noteScore(_ metrics: [String: Double]) throws -> Bool {
        guard let criterion = options.best else { return false }
        guard let value = metrics[criterion.metric] else {
            throw TrainingError.unknownMetric(criterion.metric, known: Array(metrics.keys))
        }
        guard value.isFinite else { return false }
        if let best, criterion.higherIsBetter ? value <= best.value : value >= best.value { return false }
        best = BestScore(metric: criterion.metric, value: value, step: step)
        return true
    }

    private func announce(_ event: TrainingEvent) throws {
        for observer in observers { try observer.handle(event) }
    }

    private var stepsPerEpoch: Int {
        (task.batchesPerEpoch + options.accumulation - 1) / options.accumulation
    }

    private func plan(resumed: Bool) -> TrainingPlan {
        var total = options.steps
        if let epochs = options.epochs { total = min(total ?? .max, epochs * stepsPerEpoch) }
        return TrainingPlan(
            firstStep: step, totalSteps: total, totalEpochs: options.epochs, stepsPerEpoch: stepsPerEpoch,
            parameterCount: optimizer.namedParameters.reduce(0) { $0 + $1.parameter.count },
            resumedFrom: resumed ? lastCheckpoint : nil)
    }

    private static func seconds(since start: ContinuousClock.Instant) -> Double {
        (ContinuousClock.now - start) / .seconds(1)
    }
}

// Saving and restoring.
extension TrainingLoop {
    private func save(_ kind: CheckpointKind) throws {
        let path = kind == .last ? lastCheckpoint : bestCheckpoint
        try checkpoint().write(to: path)
        if kind == .last { lastSavedStep = step }
        try announce(.checkpointSaved(path: path, kind: kind))
    }

    private func checkpoint() -> Checkpoint {
        let info = CheckpointInfo(
            classNames: identity.classNames, recipe: identity.recipe, step: step, epoch: epoch,
            batchInEpoch: batchInEpoch, batchesPerEpoch: task.batchesPerEpoch, accumulation: options.accumulation,
            seed: options.seed, optimizer: "\(type(of: optimizer))", learningRate: baseLearningRate,
            schedule: options.schedule, best: best, metrics: metrics.filter { $0.value.isFinite },
            evaluationIsPending: evaluationIsPending)
        return Checkpoint(
            info: info, model: task.model.stateDict(), optimizer: optimizer.stateDict(), randomState: Random.state)
    }

    private func restore() throws {
        let path = lastCheckpoint
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
        step = info.step
        epoch = info.epoch
        batchInEpoch = info.batchInEpoch
        best = info.best
        metrics = info.metrics
        evaluationIsPending = info.evaluationIsPending
        lastSavedStep = info.step
        Random.state = randomState
        if info.recipe != identity.recipe {
            try announce(.notice("the recipe was changed since the checkpoint; the run goes on with the new one"))
        }
        if info.learningRate != baseLearningRate || info.schedule != options.schedule {
            try announce(.notice("the learning rate or its schedule was changed since the checkpoint"))
        }
    }

    /// Partly written files of a run that was killed.
    private func removeLeftovers() {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let own = [lastCheckpoint, bestCheckpoint, failedBatch, metricsLog.path].map {
            ($0 as NSString).lastPathComponent
        }
        for file in files where own.contains(where: { WholeFile.isLeftover(file, of: $0) }) {
            try? FileManager.default.removeItem(atPath: folder + "/" + file)
        }
    }

    private func nonFiniteGradient(_ norm: Double, _ batches: [Task.Batch], _ randomState: Tensor) -> TrainingError {
        let parameters = optimizer.namedParameters
        let areFinite = OptimizerOps.gradientsAreFinite(parameters.map(\.parameter.tensor))
        return .nonFiniteGradient(
            parameters: zip(parameters, areFinite).filter { !$1 }.map(\.0.name), norm: norm, step: step + 1,
            images: batches.map(task.describe).joined(separator: ", "), batch: saveFailed(batches, randomState))
    }

    /// Saves what is needed to run a step again: its batches, the weights, the random state. Nil if that fails too.
    private func saveFailed(_ batches: [Task.Batch], _ randomState: Tensor) -> String? {
        var tensors: [(name: String, tensor: Tensor)] = []
        for (index, batch) in batches.enumerated() {
            tensors += task.replay(batch).map { ("batch\(index)/\($0.name)", $0.tensor) }
        }
        tensors += task.model.stateDict().map { ("model/\($0.name)", $0.tensor) }
        tensors.append(("random/cpu", randomState))
        let metadata = [
            "step": "\(step + 1)", "epoch": "\(epoch)", "images": batches.map(task.describe).joined(separator: ", "),
        ]
        return (try? Safetensors.write(tensors, metadata: metadata, to: failedBatch)) == nil ? nil : failedBatch
    }
}
