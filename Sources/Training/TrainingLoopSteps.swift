import NN
import Tensors

extension TrainingLoop {
    /// The optimiser's step by gradients on the host, which are checked first; their norm.
    func stepOnHost(_ batches: [Task.Batch], _ randomState: Tensor) throws -> Double {
        let parameters = optimizer.namedParameters.map(\.parameter)
        let norm = gradientNorm(parameters)
        guard !(try leavesOut(norm, batches, randomState)) else { return norm }
        if let limit = options.maxGradientNorm { scaleGradients(parameters, ofNorm: norm, to: limit) }
        optimizer.step()
        return norm
    }

    /// The optimiser's step by gradients on a device, their norm, and the losses' values. The device itself leaves the step
    /// out where a number is not finite, so that the host waits for all of the step once, behind it. Until then it takes the
    /// next step's first batch from `later`.
    func stepOnDevice(
        _ sum: inout StepAccumulator<Task.Batch>, _ pending: [PendingLosses], _ randomState: Tensor,
        before later: BatchesAhead<Task.Batch>
    ) throws -> Double {
        let parameters = optimizer.namedParameters.map(\.parameter)
        var numbers: [Double] = []
        withoutGrad {
            let losses = Tensor.cat(pending.map(\.values))
            let norm =
                OptimizerOps.gradientNormTensor(parameters.map(\.tensor)) ?? Tensor.zeros([], device: losses.device)
            let all = Tensor.cat([losses, norm.reshape([1])])
            if let limit = options.maxGradientNorm { scaleGradients(parameters, ofNorm: norm, to: limit) }
            optimizer.step(unless: (.!all.isFinite().all()).to(.float32))
            sum.dataSeconds += takeAhead(later, at: position.batchInEpoch)
            numbers = all.array(Double.self)
        }
        let norm = numbers.removeLast()
        for (index, losses) in pending.enumerated() {
            let values = numbers.prefix(losses.names.count)
            numbers.removeFirst(losses.names.count)
            if let (name, value) = zip(losses.names, values).first(where: { !$1.isFinite }) {
                throw failed(Array(sum.batches.prefix(index + 1)), randomState).nonFiniteLoss(
                    term: name, value: value, savedTo: files.failedBatch)
            }
            sum.add(zip(losses.names, values).map { StepReport.Loss(name: $0, value: $1) })
        }
        if try leavesOut(norm, sum.batches, randomState) { optimizer.takeStepBack() }
        return norm
    }

    /// Takes the first batch of the step after this one, if there is one to be taken in this epoch; the seconds that it took.
    ///
    /// - Parameter number: how many of the epoch's batches have been taken, over all processes.
    func takeAhead(_ batches: BatchesAhead<Task.Batch>, at number: Int) -> Double {
        guard number < task.batchesPerEpoch, options.steps.map({ position.step + 1 < $0 }) ?? true else { return 0 }
        let start = ContinuousClock.now
        batches.takeAhead()
        return Self.seconds(since: start)
    }

    /// The factor on the loss.
    var lossFactor: Double { position.lossScale?.value ?? 1 }

    /// Whether a step is left out because its gradients are not finite and the factor on the loss may be the reason; changes
    /// that factor.
    ///
    /// - Throws: `TrainingError.nonFiniteGradient` where the factor is not the reason.
    func leavesOut(_ norm: Double, _ batches: [Task.Batch], _ randomState: Tensor) throws -> Bool {
        guard norm.isFinite || position.lossScale?.canShrink ?? false else {
            throw failed(batches, randomState).nonFiniteGradient(norm, of: optimizer, savedTo: files.failedBatch)
        }
        position.lossScale?.update(hasOverflowed: !norm.isFinite)
        return !norm.isFinite
    }

    /// Adds a batch's share to the gradients; its terms as numbers. Those on a device are not waited for, but put behind the
    /// `pending` ones.
    func accumulateGradients(
        _ batch: Task.Batch, after earlier: [Task.Batch], _ randomState: Tensor, _ pending: inout [PendingLosses]
    ) throws -> [StepReport.Loss] {
        let terms = try task.losses(batch)
        guard let first = terms.first else { throw TrainingError.nothingToTrain }
        let tensor = withoutGrad { Tensor.stack(terms.map { $0.value.detached().to(.float32).reshape([]) }) }
        let isOnHost = tensor.device == .cpu
        let values = isOnHost ? tensor.array(Double.self) : []
        if !isOnHost { pending.append(PendingLosses(names: terms.map(\.name), values: tensor)) }
        if let index = values.firstIndex(where: { !$0.isFinite }) {
            throw failed(earlier + [batch], randomState).nonFiniteLoss(
                term: terms[index].name, value: values[index], savedTo: files.failedBatch)
        }
        let total = terms.dropFirst().reduce(first.value) { $0 + $1.value }
        guard total.requiresGrad else { throw TrainingError.nothingToTrain }
        let share = lossFactor / Double(options.accumulation)
        (share == 1 ? total : total * share).backward()
        return zip(terms, values).map { StepReport.Loss(name: $0.name, value: $1) }
    }

    func failed(_ batches: [Task.Batch], _ randomState: Tensor) -> FailedStep<Task> {
        FailedStep(
            task: task, step: position.step + 1, epoch: position.epoch, batches: batches, randomState: randomState)
    }
}
