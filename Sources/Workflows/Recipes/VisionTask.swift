import Tensors
import Training

/// The task that a recipe trains for.
public enum VisionTask: String, Codable, CaseIterable, Sendable {
    /// Boxes of objects in images.
    case detection
    /// One class for an image or a clip.
    case classification

    private struct Head: Decodable {
        let task: VisionTask

        // Not CaseIterable: these are not all keys of a recipe, and others must not be refused.
        private enum CodingKeys: String, CodingKey { case task }
    }

    /// The recipe's `task`. Throws `RecipeFileError`.
    public init(of file: RecipeFile) throws { self = try file.decode(Head.self).task }

    /// Opens the training that a recipe describes.
    ///
    /// - Parameters:
    ///   - file: The recipe.
    ///   - output: The run's folder, which is made when the training starts.
    ///   - device: Where the network is trained.
    ///   - resuming: Skips the recipe's start weights, because a checkpoint will replace them.
    ///   - indexing: called while the index of the videos' frames is brought up to date.
    /// - Throws: `RecipeFileError` and whatever opening the data, the model and its weights throws.
    public static func open(
        _ file: RecipeFile, output: String, device: Device = .cpu, resuming: Bool = false,
        indexing: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws -> any TrainingJob {
        switch try VisionTask(of: file) {
        case .detection: try DetectionTraining(file: file, output: output, device: device, resuming: resuming)
        case .classification:
            try ClassificationTraining(
                file: file, output: output, device: device, resuming: resuming, indexing: indexing)
        }
    }
}
