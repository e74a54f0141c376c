import Tensors

/// What the batches of one optimiser step add up to.
struct StepAccumulator<Batch> {
    private(set) var batches: [Batch] = []
    private(set) var losses: [StepReport.Loss] = []
    var images = 0
    var dataSeconds = 0.0

    mutating func add(_ batch: Batch, images: Int, losses batchLosses: [StepReport.Loss]) {
        batches.append(batch)
        self.images += images
        add(batchLosses)
    }

    /// Adds the terms of a batch.
    mutating func add(_ batchLosses: [StepReport.Loss]) {
        for loss in batchLosses {
            if let index = losses.firstIndex(where: { $0.name == loss.name }) {
                losses[index].value += loss.value
            } else {
                losses.append(loss)
            }
        }
    }

    /// The terms averaged over the batches.
    var meanLosses: [StepReport.Loss] {
        losses.map { .init(name: $0.name, value: $0.value / Double(batches.count)) }
    }
}

/// The terms of a batch's loss while their values, float32 `[terms]`, are on a device.
struct PendingLosses {
    let names: [String]
    let values: Tensor
}
