import NN
import Support
import Tensors

/// Something to train: a model, its data and its measure, behind the few questions that a ``TrainingLoop`` asks.
public protocol TrainingTask<Batch>: AnyObject {
    /// What one forward pass takes: images with their targets, as whatever type the task likes.
    associatedtype Batch

    /// The model that is trained.
    var model: Module { get }

    /// Batches in one epoch.
    var batchesPerEpoch: Int { get }

    /// The batches of `epoch` (from 0), beginning with number `first` (from 0): a function that gives the next one at
    /// each call, and nil after the last. Where the model is on a device, a batch may be asked for while the step before it is
    /// still computed there: what uploads it then, without waiting, costs no time (`Tensor.upload`).
    ///
    /// For a resumed run to equal an uninterrupted one, batch `n` of an epoch must not depend on `first`.
    func batches(epoch: Int, startingAt first: Int) throws -> () throws -> Batch?

    /// The terms whose sum is minimised, each a scalar tensor, under names that the user reads.
    func losses(_ batch: Batch) throws -> [(name: String, value: Tensor)]

    /// How many images a batch holds.
    func imageCount(_ batch: Batch) -> Int

    /// The batch's images, for an error message: file names.
    func describe(_ batch: Batch) -> String

    /// What a step on the batch takes memory for, to be said where there is too little; nil says nothing.
    func work(_ batch: Batch) -> OutOfMemory.Work?

    /// The batch as tensors, to look into what went wrong with it.
    func replay(_ batch: Batch) -> [(name: String, tensor: Tensor)]

    /// Measures the model on data kept apart; nil if there is none. A metric that does not exist, such as the precision for
    /// objects where there are none, is NaN. Called without gradients, with the model in
    /// evaluation mode. A long evaluation may throw `Stopped` once `StopSignal` says so.
    func evaluate() throws -> [String: Double]?
}

extension TrainingTask {
    /// Nil: by default nothing is said.
    public func work(_ batch: Batch) -> OutOfMemory.Work? { nil }
    /// No tensors: by default nothing of a batch is saved.
    public func replay(_ batch: Batch) -> [(name: String, tensor: Tensor)] { [] }
    /// Nil: by default nothing is measured.
    public func evaluate() throws -> [String: Double]? { nil }
}
