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

    /// What a model of this task is and which commands take it, for one that was given to another command.
    var use: String {
        switch self {
        case .detection: "it is a detector; vertebra detect and vertebra evaluate take it"
        case .classification:
            "it is a classifier, which finds no objects; vertebra recognize takes those of videos, vertebra explain those of "
                + "pictures, vertebra evaluate both"
        }
    }

    /// Opens the training that a recipe describes.
    ///
    /// - Parameters:
    ///   - file: The recipe.
    ///   - output: The run's folder, which is made when the training starts.
    ///   - device: Where the network is trained.
    ///   - resuming: Skips the recipe's start weights, because a checkpoint will replace them.
    ///   - processes: those that train together; nil for one alone.
    ///   - indexing: called while the data's files are looked at before the first step.
    /// - Throws: `RecipeFileError` and whatever opening the data, the model and its weights throws.
    public static func open(
        _ file: RecipeFile, output: String, device: Device = .cpu, resuming: Bool = false,
        processes: TrainingProcesses? = nil,
        indexing: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws -> any TrainingJob {
        switch try VisionTask(of: file) {
        case .detection:
            try DetectionTraining(
                file: file, output: output, device: device, resuming: resuming, processes: processes, checking: indexing
            )
        case .classification:
            try ClassificationTraining(
                file: file, output: output, device: device, resuming: resuming, processes: processes, indexing: indexing
            )
        }
    }
}
