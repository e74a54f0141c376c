import Annotations
import Evaluation
import Foundation
import Tensors

/// Measures a trained classifier on the validation part of its recipe, which settings can replace.
public struct ClassificationEvaluation {
    /// The classifier.
    public let model: ClassifierModel
    private let saved: SavedModel

    /// Loads a saved classifier onto a device.
    ///
    /// - Throws: `RecipeFileError`, `CheckpointError`, `MissingDevice`.
    public init(_ saved: SavedModel, device: Device = .cpu) throws {
        self.saved = saved
        model = try ClassifierModel(saved, device: device)
    }

    /// Classifies every image, or video, and writes `metrics.json` and `predictions.json`.
    ///
    /// - Parameters:
    ///   - folder: The folder of the two files.
    ///   - indexing: called while the index of frames is brought up to date.
    ///   - notes: called with lines that tell a person about the index.
    ///   - progress: called with the number of images or videos done.
    /// - Throws: `RecipeFileError`, the data's and the files' errors; `Stopped` once the user asks to stop.
    public func run(
        into folder: RunFolder, indexing: (_ done: Int, _ total: Int) -> Void = { _, _ in },
        notes: (String) -> Void = { _ in }, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws -> ClassificationScores {
        var scores = try ClassificationScores.measured(model, indexing: indexing, notes: notes, progress: progress)
        let data = try ClassificationMeasurement.dataset(of: model).record(as: "val", model.recipe.data)
        scores.measured = MeasuredClassifier(model, checkpoint: saved.path, at: saved.checkpoint.info, data: data)
        // Remove the old numbers first, so that metrics.json never stands beside the predictions of another evaluation.
        try? FileManager.default.removeItem(atPath: folder.evaluation)
        if var predictions = scores.predictions {
            for i in predictions.images.indices {
                predictions.images[i].name = model.recipe.data.relativeName(predictions.images[i].name)
            }
            scores.predictions = predictions
            try RunFolder.write(try predictions.json(), to: folder.predictions)
        }
        try RunFolder.write(try prettyJSON(scores) + "\n", to: folder.evaluation)
        return scores
    }
}

extension ClassificationDataSection {
    /// A sample's name without the data's root, so that the names stay when the data move.
    func relativeName(_ name: String) -> String {
        name.hasPrefix(root + "/") ? String(name.dropFirst(root.count + 1)) : name
    }
}
