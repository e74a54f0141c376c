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

    /// Throws `JobError` with a reason unless the model was trained for `task`.
    func require(_ task: VisionTask, _ reason: String) throws {
        guard self.task == task else { throw JobError(path, reason) }
    }
}
