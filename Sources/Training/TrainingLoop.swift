import Foundation
import NN
import Support
import Tensors

/// Trains a task: steps, progress, checkpoints, evaluation, and stopping without loss.
///
/// A run lives in a folder: `last.safetensors`, `best.safetensors`, `metrics.jsonl`, `metrics.csv`. Taken up again from `last`,
/// it takes the very steps that it would have taken without the stop; on the CPU, with as many threads, bit for bit.
public final class TrainingLoop<Task: TrainingTask> {
    let task: Task
    let optimizer: any Optimizer
    let baseLearningRate: Double
    let options: TrainingOptions
    let identity: RunIdentity
    let files: TrainingFiles
    let metricsLog: MetricsLog
    private let observers: [any TrainingObserver]
    /// The dispensable observers of which the run has said that they failed.
    private var failedObservers: Set<ObjectIdentifier> = []

    var position = TrainingPosition()
    /// The step of the last checkpoint that was written or read.
    var lastSavedStep: Int?
    /// When the last checkpoint was written, or the run began.
    var lastSaved = ContinuousClock.now
    private var started = ContinuousClock.now
    /// The folder's lock where the caller has it already; else `run` takes it.
    package var lock: FolderLock?
    /// The processes that train together; nil for one alone. Only the first writes files and tells its observers. Each step has
    /// as many batches as `TrainingOptions.accumulation` says, over all processes, and the task's `batches` gives those of its
    /// own process (`BatchShare` of DataPipeline says which).
    public var processes: TrainingProcesses?
    /// The further texts of every checkpoint, asked for when one is written.
    package var texts: () throws -> [String: String] = { [:] }
    /// What the processes exchange, once the run has begun.
    var exchange: GradientExchange?
    /// Whether the run has said which parameters have no gradient.
    var hasLookedForUntrained = false
    /// The average of the weights, once the run has begun; nil where there is none.
    var average: AveragedWeights?
    /// Whether checkpoints are written; a trial has none.
    var keepsCheckpoints = true
    /// Whether this process writes files and tells its observers.
    var writes: Bool { processes?.isFirst ?? true }

    /// A loop over a task. Options that name no end (epochs, steps or seconds) trap.
    ///
    /// - Parameters:
    ///   - task: what is trained, its data and its measure.
    ///   - optimizer: over the task's parameters; its learning rate is what the schedule multiplies.
    ///   - options: how long and in what way to train.
    ///   - identity: the classes and the recipe, which go into the checkpoints.
    ///   - folder: where the run's files go; made if it isn't there.
    ///   - observers: told everything, in this order, after `metrics.jsonl` and `metrics.csv`.
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
        files = TrainingFiles(folder: folder)
        metricsLog = MetricsLog(path: files.metrics, recordEvery: options.recordEvery)
        let table = MetricsTable(
            path: files.metricsTable, records: files.metrics, recordEvery: options.recordEvery)
        self.observers = [metricsLog, table] + observers
    }

    /// Whether the folder holds a checkpoint to go on from.
    public var canResume: Bool { FileManager.default.fileExists(atPath: files.last) }

    /// Trains to the end, or until the user asks to stop or the time is up; `last.safetensors` then holds the run.
    ///
    /// The folder is locked meanwhile, so that no other training runs in it.
    ///
    /// - Parameters:
    ///   - resume: whether to go on from a checkpoint; if not, the folder must not hold a run.
    ///   - checkpoint: the file to go on from; nil is the folder's `last.safetensors`.
    ///   - acceptsChanges: whether to go on although a setting makes another training of it: the seed, the accumulation,
    ///     the number of batches.
    /// - Throws: ``TrainingError``, ``CheckpointError``, `OutOfMemory`, and what the task or an observer throws. Where the
    ///   data can't be read, the run is saved first.
    public func run(
        resume: Bool = false, from checkpoint: String? = nil, acceptingChanges acceptsChanges: Bool = false
    ) throws -> TrainingOutcome {
        started = .now
        lastSaved = started
        if writes { try files.makeFolder() }
        let lock = writes ? try lock ?? FolderLock(ofRun: files.folder) : nil
        defer {
            withExtendedLifetime(lock) { optimizer.learningRate = baseLearningRate }
            // A thread that ran out of memory keeps the loop, but must not keep the folder.
            self.lock = nil
        }
        let source = checkpoint ?? files.last
        average = options.averaging.map { AveragedWeights(of: task.model, $0) }
        if resume {
            try restore(from: source, acceptingChanges: acceptsChanges)
        } else {
            guard !writes || !files.holdRun else { throw TrainingError.folderHoldsRun(files.folder) }
            Random.seed(options.seed)
            position.lossScale = options.lossScale
            if writes { try metricsLog.rewind(to: -1, evaluationIsPending: false) }
        }
        if let absence = lock?.absence {
            try announce(
                .notice(
                    "\(files.folder) can't be locked (\(absence)), so nothing keeps a second training out of it: start none"
                ))
        } else if writes {
            files.removeLeftovers()
        }
        if let processes { exchange = try GradientExchange(of: task.model, average, processes) }
        defer { (exchange, average) = (nil, nil) }
        try announce(.started(plan(resumedFrom: resume ? source : nil)))
        if let exchange, exchange.isOnGPU, !ProcessGroup.connectsGPUs {
            try announce(
                .notice(
                    "the GPUs exchange gradients by way of the host: this program was built without NCCL (VERTEBRA_TORCH=cuda "
                        + "tools/setup, then build anew)"))
        }
        task.model.train()
        let reason: TrainingOutcome.Reason
        do {
            reason = try StopSignal.watching(speaking: writes) {
                try throwingOutOfMemory { try self.trainUntilStopped() }
            }
        } catch {
            if error is OutOfMemory, let step = lastSavedStep {
                try? announce(.notice("the last checkpoint, \(files.last), is of step \(step)"))
            }
            // What the observers make of it must not hide the error.
            try? announce(.failed)
            throw error
        }
        if let summary = processes?.timeline?.summary { try announce(.notice(summary)) }
        let outcome = TrainingOutcome(
            reason: reason, step: position.step, epoch: position.epoch, best: position.best, metrics: position.metrics,
            lastCheckpoint: files.last, bestCheckpoint: position.best == nil || !files.holdBest ? nil : files.best,
            resumeCommand: reason == .completed || reason == .stoppedEarly ? nil : identity.resumeCommand,
            earlyStopping: reason == .stoppedEarly ? position.waiting : nil, seconds: Self.seconds(since: started))
        try announce(.ended(outcome))
        return outcome
    }

    private func trainUntilStopped() throws -> TrainingOutcome.Reason {
        if position.evaluationIsPending, let reason = try evaluate() { return reason }
        while !isComplete {
            let batches = try savingIfDataFail(stepStart) {
                BatchesAhead(try task.batches(epoch: position.epoch, startingAt: position.batchInEpoch))
            }
            var epochIsOver = false
            while !epochIsOver && !isComplete {
                guard let more = try takeStep(batches) else { break }
                epochIsOver = !more
                if let reason = try finishStep(epochIsOver: epochIsOver) { return reason }
            }
            if isComplete { break }
            if !epochIsOver {
                // The batches ended earlier than was said.
                guard position.batchInEpoch > 0 else { throw TrainingError.noBatches(epoch: position.epoch) }
                if let reason = try finishStep(epochIsOver: true) { return reason }
            }
        }
        if lastSavedStep != position.step { try save(.last) }
        return hasReachedEnd ? .completed : .stoppedEarly
    }

    /// Runs `body`, which opens or reads data; an error of its is thrown once the run is saved.
    private func savingIfDataFail<R>(_ start: @autoclosure () -> StepStart, _ body: () throws -> R) throws -> R {
        do {
            return try body()
        } catch {
            do {
                try saveBeforeFailing(start())
            } catch let second {
                try? announce(.notice("\(second)"))
            }
            throw error
        }
    }

    var stepStart: StepStart {
        StepStart(batchInEpoch: position.batchInEpoch, of: task.model, accumulation: options.accumulation)
    }

    private var reachedStepLimit: Bool { options.steps.map { position.step >= $0 } ?? false }
    /// Whether all epochs or steps are done.
    private var hasReachedEnd: Bool { reachedStepLimit || (options.epochs.map { position.epoch >= $0 } ?? false) }
    private var isComplete: Bool {
        hasReachedEnd || (options.earlyStopping.map { position.waiting.evaluations >= $0.patience } ?? false)
    }

    /// One optimiser step; nil if there was no batch left, else whether the epoch goes on.
    private func takeStep(_ batches: BatchesAhead<Task.Batch>) throws -> Bool? {
        if let exchange { return try takeStep(batches, with: exchange) }
        let start = ContinuousClock.now
        let randomState = Random.state
        let before = stepStart
        var sum = StepAccumulator<Task.Batch>()
        var pending: [PendingLosses] = []
        optimizer.zeroGrad()
        while sum.batches.count < options.accumulation && position.batchInEpoch < task.batchesPerEpoch {
            let waiting = ContinuousClock.now
            guard let batch = try savingIfDataFail(before, batches.next) else { break }
            sum.dataSeconds += Self.seconds(since: waiting)
            let losses = try withDraws(of: sum.batches.count) {
                try OutOfMemory.naming(task.work(batch)) {
                    try accumulateGradients(batch, after: sum.batches, randomState, &pending)
                }
            }
            sum.add(batch, images: task.imageCount(batch), losses: losses)
            position.batchInEpoch += 1
        }
        guard !sum.batches.isEmpty else { return nil }
        try announceUntrained()

        let tensors = optimizer.namedParameters.map(\.parameter.tensor)
        let share = Double(options.accumulation) / Double(sum.batches.count) / lossFactor
        if share != 1 { OptimizerOps.scaleGradients(tensors, by: share) }
        let learningRate = baseLearningRate * options.schedule.factor(step: position.step)
        optimizer.learningRate = learningRate
        let norm =
            if pending.isEmpty {
                try stepOnHost(sum.batches, randomState)
            } else {
                try stepOnDevice(&sum, pending, randomState, before: batches)
            }
        position.step += 1
        average?.update(step: position.step)

        let goesOn = position.batchInEpoch < task.batchesPerEpoch
        try announce(
            .step(
                StepReport(
                    step: position.step, epoch: position.epoch,
                    stepInEpoch: (position.batchInEpoch + options.accumulation - 1) / options.accumulation,
                    stepsPerEpoch: stepsPerEpoch, losses: sum.meanLosses, learningRate: learningRate,
                    gradientNorm: norm, lossScale: position.lossScale,
                    images: sum.images, seconds: Self.seconds(since: start), dataSeconds: sum.dataSeconds)))
        return goesOn
    }

    /// What follows a step: evaluation, checkpoints, and the wish to stop.
    private func finishStep(epochIsOver: Bool) throws -> TrainingOutcome.Reason? {
        if epochIsOver {
            position.epoch += 1
            position.batchInEpoch = 0
        }
        let isLast = isComplete
        if isDue(options.evaluation, epochIsOver: epochIsOver, isLast: isLast) {
            position.evaluationIsPending = true
            try save(.last)
            return try evaluate()
        }
        if let reason = reasonToStop {
            try save(.last)
            return isLast ? .completed : reason
        }
        if isDue(options.checkpoints, epochIsOver: epochIsOver, isLast: isLast) || isDueBetweenEpochs {
            try save(.last)
        }
        return nil
    }

    private var isDueBetweenEpochs: Bool {
        if let steps = options.checkpointSteps, position.step % max(steps, 1) == 0 { return true }
        return exchange?.agreed.checkpointIsDue ?? checkpointIsDueByTime
    }

    /// Whether the time for another checkpoint has come by this process's clock.
    var checkpointIsDueByTime: Bool {
        options.checkpointSeconds.map { Self.seconds(since: lastSaved) >= $0 } ?? false
    }

    private func isDue(_ interval: TrainingOptions.Interval, epochIsOver: Bool, isLast: Bool) -> Bool {
        switch interval {
        case .never: false
        case .epochs(let count): isLast || (epochIsOver && position.epoch % max(count, 1) == 0)
        case .steps(let count): isLast || position.step % max(count, 1) == 0
        }
    }

    private var reasonToStop: TrainingOutcome.Reason? {
        if let exchange { return exchange.agreed.reasonToStop }
        return ownReasonToStop
    }

    /// Why this process would stop.
    var ownReasonToStop: TrainingOutcome.Reason? {
        if StopSignal.isRequested { return .stopped }
        if let limit = options.seconds, Self.seconds(since: started) >= limit { return .outOfTime }
        return nil
    }

    /// Evaluates and keeps the best; the random state stays as it was, so that evaluating changes nothing else.
    private func evaluate() throws -> TrainingOutcome.Reason? {
        if !isComplete, let reason = reasonToStop { return reason }
        try announce(.evaluationStarted(step: position.step))
        let start = ContinuousClock.now
        let result: [String: Double]?
        do {
            result = try measure()
        } catch is Stopped {
            return reasonToStop ?? .stopped
        }
        if let result {
            let existing = result.filter { $0.value.isFinite }
            position.metrics = existing
            let isBest = try noteScore(result)
            try noteWaiting(result)
            position.evaluationIsPending = false
            try announce(
                .evaluated(
                    EvaluationReport(
                        step: position.step, epoch: position.epoch, metrics: existing, isBest: isBest,
                        seconds: Self.seconds(since: start))))
            try saveBest(isBest)
        }
        position.evaluationIsPending = false
        try save(.last)
        return isComplete ? nil : reasonToStop
    }

    private func measure() throws -> [String: Double]? {
        let randomState = Random.state
        try exchange?.statistics.merge()
        average?.exchange()
        task.model.eval()
        defer {
            task.model.train()
            average?.exchange()
            Random.state = randomState
            exchange?.statistics.split()
        }
        return try withoutGrad { try task.evaluate() }
    }

    func announce(_ event: TrainingEvent) throws {
        guard writes else { return }
        for observer in observers {
            do {
                try observer.handle(event)
            } catch {
                guard observer is any DispensableObserver else { throw error }
                guard failedObservers.insert(ObjectIdentifier(observer)).inserted else { continue }
                try announce(.notice(Self.consequence(of: error)))
            }
        }
    }

    /// What a failure of an observer that training can do without means, in words.
    private static func consequence(of error: any Error) -> String {
        guard case .cannotWrite(let path, let reason)? = error as? TrainingError else {
            return "\(Support.reason(of: error)); training goes on"
        }
        return "\(path): can't be written (\(reason)); training goes on without it"
    }

    var stepsPerEpoch: Int {
        (task.batchesPerEpoch + options.accumulation - 1) / options.accumulation
    }

    private func plan(resumedFrom source: String?) -> TrainingPlan {
        var total = options.steps
        if let epochs = options.epochs { total = min(total ?? .max, epochs * stepsPerEpoch) }
        return TrainingPlan(
            firstStep: position.step, totalSteps: total, totalEpochs: options.epochs, stepsPerEpoch: stepsPerEpoch,
            parameterCount: optimizer.namedParameters.reduce(0) { $0 + $1.parameter.count },
            resumedFrom: source)
    }

    static func seconds(since start: ContinuousClock.Instant) -> Double {
        (ContinuousClock.now - start) / .seconds(1)
    }
}
