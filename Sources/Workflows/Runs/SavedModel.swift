import Training

/// A model that `vertebra train` saved, read from its checkpoint once: its recipe, its classes and its weights. The optimiser's
/// state stays on the disk.
public struct SavedModel {
    /// The checkpoint's file.
    public let path: String
    /// What the model was trained for.
    public let task: VisionTask
    /// The recipe in the checkpoint, with settings over it.
    let file: RecipeFile
    let checkpoint: Checkpoint

    /// Reads a checkpoint.
    ///
    /// - Parameters:
    ///   - path: A checkpoint's file, or a run's folder, whose best checkpoint is taken, or else the last.
    ///   - settings: `key=value` over the recipe, such as `data.root=…` where the data have moved.
    /// - Throws: `JobError` where there is no checkpoint, `CheckpointError`, `RecipeFileError`.
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
