import Foundation
import NN
import Support
import Tensors

extension TrainingLoop {
    /// Runs the work of a step's micro-batch, whose random draws follow from the seed, the step and its number, so that they
    /// are the same whoever takes it. The first one draws on where the last step's first one ended.
    func withDraws<R>(of number: Int, _ work: () throws -> R) rethrows -> R {
        let device = optimizer.namedParameters.first.map(\.parameter.tensor)
        func run() throws -> R {
            // So that it can be done again from the CPU's state, which checkpoints hold.
            if let device, !NativeOperations.apply(to: device) { Random.seed(device.device) }
            return try work()
        }
        guard number > 0 else { return try run() }
        var seeds = SeededRandom(seed: options.seed, epoch: position.step, index: number, stream: -2)
        return try Random.seeded(seeds.next()) { try run() }
    }

    /// Says once which parameters have no gradient after the first backward pass.
    func announceUntrained() throws {
        guard !hasLookedForUntrained else { return }
        hasLookedForUntrained = true
        let parameters = optimizer.namedParameters
        let have = OptimizerOps.haveGradients(parameters.map(\.parameter.tensor))
        try announceUntrained(zip(parameters, have).filter { !$1 }.map(\.0.name))
    }

    private func announceUntrained(_ names: [String]) throws {
        guard let first = names.first else { return }
        try announce(
            .notice(
                names.count == 1
                    ? "the losses don't depend on \(first), which stays as it is"
                    : "the losses don't depend on \(names.count) parameters, which stay as they are: "
                        + names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", …" : "")))
    }

    /// One optimiser step together with other processes; nil if there was no batch left, else whether the epoch goes on.
    func takeStep(_ batches: BatchesAhead<Task.Batch>, with exchange: GradientExchange) throws -> Bool? {
        let start = ContinuousClock.now
        let randomState = Random.state
        let before = stepStart
        let count = min(options.accumulation, task.batchesPerEpoch - position.batchInEpoch)
        guard count > 0 else { return nil }
        let (rank, size) = (exchange.processes.rank, exchange.processes.size)
        let each = options.accumulation / size
        let own = min(rank * each, count)..<min((rank + 1) * each, count)
        var sum = StepAccumulator<Task.Batch>()
        var names: [String] = []
        var values: [Tensor] = []
        var failure: (any Error)?
        optimizer.zeroGrad()
        exchange.statistics.passOver(own.lowerBound)
        var last: Tensor?
        for number in own {
            if let last { last.backward() }
            last = nil
            let waiting = ContinuousClock.now
            let batch: Task.Batch
            do {
                guard let next = try batches.next() else { throw TrainingError.noBatches(epoch: position.epoch) }
                batch = next
            } catch {
                // The others wait within their forward passes, where nothing can be agreed upon.
                guard !exchange.isJoint else { throw error }
                failure = error
                break
            }
            sum.dataSeconds += Self.seconds(since: waiting)
            let total = try withDraws(of: number) {
                try OutOfMemory.naming(task.work(batch)) {
                    let terms = try task.losses(batch)
                    guard let first = terms.first else { throw TrainingError.nothingToTrain }
                    names = terms.map(\.name)
                    values.append(
                        withoutGrad { Tensor.stack(terms.map { $0.value.detached().to(.float32).reshape([]) }) })
                    let total = terms.dropFirst().reduce(first.value) { $0 + $1.value }
                    guard total.requiresGrad else { throw TrainingError.nothingToTrain }
                    // In float16 each micro-batch overflows where it would in one process alone.
                    let share =
                        position.lossScale.map { $0.value / Double(options.accumulation) }
                        ?? Double(size) / Double(count)
                    return share == 1 ? total : total * share
                }
            }
            sum.add(batch, images: task.imageCount(batch), losses: [])
            last = total
        }
        // A process without a batch gives zeros, so that the others don't wait for it.
        try OutOfMemory.naming(sum.batches.last.flatMap(task.work)) {
            try exchange.finishBackward(failure == nil ? last : nil)
        }
        if let device = values.first?.device, device != .cpu, failure == nil {
            sum.dataSeconds += takeAhead(batches, at: position.batchInEpoch + count)
        }
        // Only now, as the graph holds the statistics.
        exchange.statistics.passOver(count - own.upperBound)
        if !hasLookedForUntrained {
            hasLookedForUntrained = true
            try announceUntrained(exchange.untrained.map(\.name))
        }

        let parameters = optimizer.namedParameters.map(\.parameter)
        if let scale = position.lossScale {
            OptimizerOps.scaleGradients(
                parameters.map(\.tensor), by: Double(size * options.accumulation) / Double(count) / scale.value)
        }
        let norm = gradientNorm(parameters)
        let reports = try exchange.processes.group.gather(
            lists: StepNumbers(
                hasFailed: failure != nil, reason: ownReasonToStop, checkpointIsDue: checkpointIsDueByTime,
                images: sum.images, dataSeconds: sum.dataSeconds,
                losses: values.map { $0.array(Double.self) }
            ).numbers
        ).map(StepNumbers.init)
        exchange.agreed = GradientExchange.Agreement(
            reasonToStop: reports.contains { $0.reason == .stopped } ? .stopped : reports.compactMap(\.reason).first,
            checkpointIsDue: reports[0].checkpointIsDue)
        if let failed = reports.firstIndex(where: \.hasFailed) {
            // Together, as the statistics of norms are put together for the checkpoint.
            position.batchInEpoch += count
            try saveBeforeFailing(before)
            throw failure ?? OtherProcessFailed(description: "rank \(failed) can't read its data")
        }
        for (place, report) in reports.enumerated() {
            for (index, losses) in report.losses.enumerated() {
                guard let term = losses.firstIndex(where: { !$0.isFinite }) else { continue }
                guard place == rank else {
                    throw OtherProcessFailed(description: "a loss of rank \(place) is not finite")
                }
                throw failed(Array(sum.batches.prefix(index + 1)), randomState).nonFiniteLoss(
                    term: names[term], value: losses[term], savedTo: files.failedBatch)
            }
        }
        guard norm.isFinite || writes || position.lossScale?.canShrink ?? false else {
            throw OtherProcessFailed(description: "the gradients are not finite")
        }
        let isLeftOut = try leavesOut(norm, sum.batches, randomState)
        position.batchInEpoch += count
        let learningRate = baseLearningRate * options.schedule.factor(step: position.step)
        optimizer.learningRate = learningRate
        if !isLeftOut {
            if let limit = options.maxGradientNorm { scaleGradients(parameters, ofNorm: norm, to: limit) }
            optimizer.step()
        }
        position.step += 1
        average?.update(step: position.step)
        let losses = reports.flatMap(\.losses)
        try announce(
            .step(
                StepReport(
                    step: position.step, epoch: position.epoch,
                    stepInEpoch: (position.batchInEpoch + options.accumulation - 1) / options.accumulation,
                    stepsPerEpoch: stepsPerEpoch,
                    losses: names.enumerated().map { index, name in
                        .init(name: name, value: losses.reduce(0) { $0 + $1[index] } / Double(max(losses.count, 1)))
                    }, learningRate: learningRate, gradientNorm: norm, lossScale: position.lossScale,
                    images: reports.reduce(0) { $0 + $1.images }, seconds: Self.seconds(since: start),
                    dataSeconds: reports.map(\.dataSeconds).max() ?? 0)))
        return position.batchInEpoch < task.batchesPerEpoch
    }
}

/// What each process tells the others of a step, as a list of numbers.
struct StepNumbers {
    var hasFailed: Bool
    var reason: TrainingOutcome.Reason?
    var checkpointIsDue: Bool
    var images: Int
    var dataSeconds: Double
    /// The terms of each of its micro-batches' losses.
    var losses: [[Double]]

    init(
        hasFailed: Bool, reason: TrainingOutcome.Reason?, checkpointIsDue: Bool, images: Int, dataSeconds: Double,
        losses: [[Double]]
    ) {
        self.hasFailed = hasFailed
        self.reason = reason
        self.checkpointIsDue = checkpointIsDue
        self.images = images
        self.dataSeconds = dataSeconds
        self.losses = losses
    }

    private static let reasons: [TrainingOutcome.Reason] = [.stopped, .outOfTime]

    var numbers: [Double] {
        [
            hasFailed ? 1 : 0, reason.flatMap { Self.reasons.firstIndex(of: $0) }.map { Double($0 + 1) } ?? 0,
            checkpointIsDue ? 1 : 0, Double(images), dataSeconds, Double(losses.first?.count ?? 0),
        ] + losses.flatMap { $0 }
    }

    init(_ numbers: [Double]) {
        hasFailed = numbers[0] > 0
        reason = numbers[1] > 0 ? Self.reasons[Int(numbers[1]) - 1] : nil
        checkpointIsDue = numbers[2] > 0
        images = Int(numbers[3])
        dataSeconds = numbers[4]
        let (terms, values) = (Int(numbers[5]), Array(numbers.dropFirst(6)))
        losses = terms == 0 ? [] : stride(from: 0, to: values.count, by: terms).map { Array(values[$0..<$0 + terms]) }
    }
}
