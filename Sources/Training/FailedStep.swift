import NN
import Tensors

/// A step whose losses or gradients are not finite, with what is needed to take it again.
struct FailedStep<Task: TrainingTask> {
    let task: Task
    /// Steps taken so far, this one included.
    let step: Int
    let epoch: Int
    /// The step's batches up to the one that failed.
    let batches: [Task.Batch]
    /// libtorch's generator before the step.
    let randomState: Tensor

    /// What an error says about a loss.
    func nonFiniteLoss(term: String, value: Double, savedTo path: String) -> TrainingError {
        .nonFiniteLoss(
            term: term, value: value, step: step, images: batches.last.map(task.describe) ?? "", batch: saved(to: path))
    }

    /// What an error says about gradients, naming the parameters that have them.
    func nonFiniteGradient(_ norm: Double, of optimizer: any Optimizer, savedTo path: String) -> TrainingError {
        let parameters = optimizer.namedParameters
        let areFinite = OptimizerOps.gradientsAreFinite(parameters.map(\.parameter.tensor))
        return .nonFiniteGradient(
            parameters: zip(parameters, areFinite).filter { !$1 }.map(\.0.name), norm: norm, step: step,
            images: batches.map(task.describe).joined(separator: ", "), batch: saved(to: path))
    }

    /// Saves the batches, the weights and the random state. Nil if that fails too, else the path.
    private func saved(to path: String) -> String? {
        var tensors: [(name: String, tensor: Tensor)] = []
        for (index, batch) in batches.enumerated() {
            tensors += task.replay(batch).map { ("batch\(index)/\($0.name)", $0.tensor) }
        }
        tensors += task.model.stateDict().map { ("model/\($0.name)", $0.tensor) }
        tensors.append(("random/cpu", randomState))
        let metadata = [
            "step": "\(step)", "epoch": "\(epoch)", "images": batches.map(task.describe).joined(separator: ", "),
        ]
        return (try? Safetensors.write(tensors, metadata: metadata, to: path)) == nil ? nil : path
    }
}
