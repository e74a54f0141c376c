import Foundation
import NN
import Tensors

/// The running statistics of a model's batch norms, where several processes take the micro-batches of a step.
///
/// One process moves them with every micro-batch of a step, in order: r ← (1 − m) r + m s. This is linear, so the processes
/// need not talk: the first begins with the statistics and the others with 0; each adds its own micro-batches, and shrinks
/// what it has by (1 − m) for every one of the others'. The sum over the processes is then what one process would have. The same
/// holds for averages of the statistics over the steps, which are linear too.
final class RunningStatistics {
    private let norms: [BatchNorm]
    /// The averages of the norms' statistics; empty without any.
    private let averages: [Tensor]
    private let processes: ProcessGroup
    private var areWhole = true

    /// The statistics of the norms that move.
    init(of model: Module, _ average: AveragedWeights?, _ processes: ProcessGroup) {
        let moving = model.namedModules().compactMap { name, module in
            (module as? BatchNorm).flatMap { $0.isFrozen || $0.isSynchronized ? nil : (name: name, norm: $0) }
        }
        norms = moving.map(\.norm)
        averages = moving.flatMap { name, _ in
            ["running_mean", "running_var"].compactMap { average?[name.isEmpty ? $0 : "\(name).\($0)"] }
        }
        self.processes = processes
    }

    private var tensors: [Tensor] { norms.flatMap { [$0.runningMean.tensor, $0.runningVar.tensor] } + averages }

    /// Accounts for micro-batches that other processes take.
    func passOver(_ count: Int) {
        guard count > 0 else { return }
        withoutGrad {
            for norm in norms where norm.isTraining {
                let share: Double
                if let momentum = norm.momentum {
                    share = pow(1 - momentum, Double(count))
                } else {
                    let seen = Double(norm.numBatchesTracked.tensor.itemInt())
                    share = seen / (seen + Double(count))
                }
                norm.runningMean.tensor.multiplyInPlace(share)
                norm.runningVar.tensor.multiplyInPlace(share)
                let seen = norm.numBatchesTracked.tensor
                seen.addInPlace(Tensor([Int64(count)], shape: []).to(seen.device))
            }
        }
    }

    /// Gives every process the whole statistics, until ``split()``.
    func merge() throws {
        guard !areWhole, !norms.isEmpty else { return }
        try withoutGrad {
            let flat = Tensor.cat(tensors.map { $0.reshape([-1]) })
            try processes.sum([flat])
            var start = 0
            for tensor in tensors {
                tensor.copyInPlace(from: flat[start..<start + tensor.count].reshape(tensor.shape))
                start += tensor.count
            }
        }
        areWhole = true
    }

    /// Leaves the statistics to the first process.
    func split() {
        guard areWhole else { return }
        areWhole = false
        guard processes.rank != 0 else { return }
        withoutGrad { for tensor in tensors { tensor.zeroInPlace() } }
    }
}
