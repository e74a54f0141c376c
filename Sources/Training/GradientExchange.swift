import Foundation
import NN
import Tensors

/// What the processes of a training exchange in each step: gradients, in buckets, while the backward pass goes on, and then a
/// few numbers that all must know.
final class GradientExchange {
    /// What all processes know after a step and act on alike.
    struct Agreement {
        var reasonToStop: TrainingOutcome.Reason?
        var checkpointIsDue = false
    }

    let processes: TrainingProcesses
    let statistics: RunningStatistics
    var agreed = Agreement()
    /// Whether the processes compute each step together, so that none can leave a micro-batch out.
    let isJoint: Bool
    /// Whether the gradients lie on a GPU.
    var isOnGPU: Bool { named.first.map { $0.tensor.device != .cpu } ?? false }
    private let named: [(name: String, tensor: Tensor)]
    private var reducer: GradientReducer?
    private var trained: [Tensor] = []
    /// Parameters for which no process had a gradient in the first step.
    private(set) var untrained: [(name: String, tensor: Tensor)] = []

    /// Gives all processes the weights and statistics of the first.
    ///
    /// - Parameter average: The average of the weights, if there is one, which begins with the first process's too.
    init(of model: Module, _ average: AveragedWeights?, _ processes: TrainingProcesses) throws {
        self.processes = processes
        named = model.namedParameters().filter { $0.parameter.tensor.requiresGrad }.map {
            ($0.name, $0.parameter.tensor)
        }
        statistics = RunningStatistics(of: model, average, processes.group)
        let synchronized = model.namedModules().compactMap { $0.module as? BatchNorm }.filter(\.isSynchronized)
        for norm in synchronized { norm.processes = processes.group }
        isJoint = !synchronized.isEmpty
        try withoutGrad {
            try processes.group.broadcast(
                model.namedParameters().map(\.parameter.tensor) + model.namedBuffers().map(\.buffer.tensor)
                    + (average?.stateDict.map(\.tensor) ?? []))
        }
        statistics.split()
    }

    /// The backward pass that ends a step in this process, after which all gradients are the means over the processes.
    ///
    /// - Parameter loss: the last micro-batch's; nil where this process has none, but waits for the others' gradients.
    /// - Throws: `ProcessGroupError`; `TrainingError.gradientAppeared`.
    func finishBackward(_ loss: Tensor?) throws {
        guard let reducer else { return try finishFirstBackward(loss) }
        try reducer.backward(
            loss ?? trained.reduce(Tensor.zeros([], device: trained[0].device)) { $0 + ($1 * 0.0).sum() })
        try processes.timeline?.add(reducer.times)
        let appeared = zip(untrained, OptimizerOps.haveGradients(untrained.map(\.tensor))).filter(\.1).map(\.0.name)
        guard appeared.isEmpty else { throw TrainingError.gradientAppeared(appeared) }
    }

    /// The first step shows which parameters have gradients at all; the exchange is made for these.
    private func finishFirstBackward(_ loss: Tensor?) throws {
        loss?.backward()
        let tensors = named.map(\.tensor)
        let own = OptimizerOps.haveGradients(tensors)
        let all = try processes.group.gather(own.map { $0 ? 1 : 0 })
        let used = named.indices.map { i in all.contains { $0[i] > 0 } }
        trained = zip(tensors, used).filter(\.1).map(\.0)
        untrained = zip(named, used).filter { !$1 }.map(\.0)
        guard !trained.isEmpty else { throw TrainingError.nothingToTrain }
        try withoutGrad {
            for (index, tensor) in tensors.enumerated() where used[index] && !own[index] {
                tensor.setGrad(Tensor.zerosLike(tensor))
            }
            try processes.group.sum(trained.compactMap(\.grad))
            OptimizerOps.scaleGradients(trained, by: 1 / Double(processes.size))
        }
        let reducer = try GradientReducer(processes.group, parameters: trained)
        if processes.timeline != nil { try reducer.recordTimes() }
        self.reducer = reducer
    }
}
