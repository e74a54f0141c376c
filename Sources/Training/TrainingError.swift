import Foundation

/// Why training stopped or could not begin.
public enum TrainingError: Error, CustomStringConvertible {
    /// A loss is NaN or infinite. `batch` is the file that holds the batch, if it could be written.
    case nonFiniteLoss(term: String, value: Double, step: Int, images: String, batch: String?)
    /// Some gradients are NaN or infinite though the losses were not.
    case nonFiniteGradient(parameters: [String], norm: Double, step: Int, images: String, batch: String?)
    /// The losses depend on no parameter that is trained.
    case nothingToTrain
    /// Parameters have a gradient that had none in the first step, which several processes can't train.
    case gradientAppeared([String])
    /// The task gave no batches.
    case noBatches(epoch: Int)
    /// A new run would overwrite another one.
    case folderHoldsRun(String)
    /// Another training runs in the folder; `by` is its process.
    case folderInUse(String, by: String?)
    /// A file of the run can't be written.
    case cannotWrite(path: String, reason: String)
    /// The metric that chooses the best checkpoint is not among those evaluated.
    case unknownMetric(String, known: [String])

    /// What went wrong, where, and what to do.
    public var description: String {
        switch self {
        case .nonFiniteLoss(let term, let value, let step, let images, let batch):
            return "the loss '\(term)' is \(value) at step \(step), on \(images). " + Self.advice(batch)
        case .nonFiniteGradient(let parameters, let norm, let step, let images, let batch):
            let which =
                parameters.isEmpty
                ? "the gradients' norm is \(norm)"
                : "the gradients of \(Self.list(parameters)) are not finite"
            return "\(which) at step \(step), on \(images). " + Self.advice(batch)
        case .nothingToTrain:
            return "the losses depend on no parameter that can be trained: is every parameter frozen?"
        case .gradientAppeared(let names):
            return
                "\(Self.list(names)): had no gradient in the first step and has one now, which several processes can't "
                + "train. Let the losses depend on it in every step, or train in one process"
        case .noBatches(let epoch):
            return "epoch \(epoch + 1) has no batches: the training set is empty, or smaller than one batch"
        case .folderHoldsRun(let folder):
            return "\(folder) already holds a run: resume it, or choose another output folder"
        case .folderInUse(let folder, let process):
            return
                "\(folder): \(process ?? "another process") trains in it. Wait until it ends or stop it, or choose another "
                + "output folder"
        case .cannotWrite(let path, let reason):
            return "\(path): can't be written (\(reason)); checkpoints written before are intact"
        case .unknownMetric(let name, let known):
            return "the best checkpoint is to be chosen by '\(name)', but the evaluation gives "
                + (known.isEmpty ? "nothing" : known.sorted().joined(separator: ", "))
        }
    }

    private static func advice(_ batch: String?) -> String {
        let saved = batch.map { "The batch was saved to \($0). " } ?? ""
        return saved
            + "Check these images and their boxes; otherwise lower the learning rate, warm up longer or clip gradients."
    }

    private static func list(_ names: [String]) -> String {
        names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " and \(names.count - 3) more parameters" : "")
    }
}
