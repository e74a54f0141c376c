import Tensors
import Training

/// What a recipe is for.
public enum VisionTask: String, Codable, CaseIterable, Sendable {
    /// Boxes of objects in images.
    case detection
    /// One class for an image or a clip.
    case classification

    private struct Head: Decodable {
        let task: VisionTask

        // Not all of the recipe's keys, so not to be checked for strangers.
        private enum CodingKeys: String, CodingKey { case task }
    }

    /// What the recipe says it is for. Throws `RecipeFileError`.
    public init(of file: RecipeFile) throws { self = try file.decode(Head.self).task }

    /// Opens the recipe's training in the folder `output`.
    ///
    /// - Parameters:
    ///   - resuming: Leaves the recipe's start weights alone, which a checkpoint's will replace.
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
