import NN
import Tensors

/// What a run was before an optimiser step, as far as batches of the step that are given up may have changed it.
struct StepStart {
    /// Batches taken of the epoch.
    let batchInEpoch: Int
    private let randomState: Tensor
    /// Copies of the model's buffers, such as the statistics of its norms; empty where a step has one batch.
    private let buffers: [Tensor]

    init(batchInEpoch: Int, of model: Module, accumulation: Int) {
        self.batchInEpoch = batchInEpoch
        randomState = Random.state
        buffers = accumulation > 1 ? model.namedBuffers().map { $0.buffer.tensor.clone() } : []
    }

    /// Puts the model's buffers and the random state back.
    func restore(_ model: Module) {
        Random.state = randomState
        withoutGrad {
            for (copy, (_, buffer)) in zip(buffers, model.namedBuffers()) { buffer.tensor.copyInPlace(from: copy) }
        }
    }
}
