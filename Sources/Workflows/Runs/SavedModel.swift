import Training

/// A model that `vertebra train` saved: recipe, classes and weights, read once from its checkpoint. The optimiser's state
/// is not loaded.
public struct SavedModel {
    /// The checkpoint's file.
    public let path: String
    /// The task that the model was trained for.
    public let task: VisionTask
    /// The recipe in the checkpoint, with settings applied.
    let file: RecipeFile
    let checkpoint: Checkpoint

    /// Reads a checkpoint.
    ///
    /// - Parameters:
    ///   - path: A checkpoint's file, or a run's folder, which gives its best checkpoint or else the last.
    ///   - settings: Changes to the recipe as `key=value`, such as `data.root=…` if the data have moved.
    /// - Throws: `JobError` if there is no checkpoint; `CheckpointError`, `RecipeFileError`.
    public init(_ path: String, settings: [String] = []) throws {
        self.path = try RunFolder.checkpoint(at: path)
        checkpoint = try Checkpoint.readModel(self.path)
        file = try RecipeFile(
            text: checkpoint.info.recipe, path: "the recipe in \(self.path)", settings: settings)
        task = try VisionTask(of: file)
    }

    /// The settings of a classifier by which evaluation scales an image's shorter side to `crop` pixels and looks at the middle
    /// square.
    package static func settings(crop: Int) -> [String] { ["input.side=\(crop)", "input.shorter_side=\(crop)"] }

    /// Throws `JobError` unless this is a classifier whose images can be cropped to another size.
    package func requireCroppedImages() throws {
        try require(.classification, "this is a detector, which takes whole images; --crop is for classifiers")
        let format = try file.decode(DataHead.self).data.format
        guard !format.isCIFAR else {
            throw JobError(path, "this classifier takes CIFAR's images of 32×32 pixels, which can't be cropped larger")
        }
        guard !format.isOfVideos else {
            throw JobError(
                path, "this classifier takes clips; --set input.shorter_side=… changes the size of their crops")
        }
    }

    private struct DataHead: Decodable {
        struct Data: Decodable {
            let format: ClassificationDataSection.Format

            // Not CaseIterable: these are not all keys of the section, and others must not be refused.
            private enum CodingKeys: String, CodingKey { case format }
        }
        let data: Data

        private enum CodingKeys: String, CodingKey { case data }
    }

    /// Throws `JobError` with a reason unless the model was trained for `task`.
    func require(_ task: VisionTask, _ reason: String) throws {
        guard self.task == task else { throw JobError(path, reason) }
    }
}
