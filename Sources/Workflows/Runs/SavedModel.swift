import Listings
import Training

/// A model that `vertebra train` saved, or that others published as weights: recipe, classes and weights, read once from
/// its file. An optimiser's state is not loaded.
public struct SavedModel {
    /// The checkpoint's file, or the file of weights.
    public let path: String
    /// The task that the model was trained for.
    public let task: VisionTask
    /// Lines that tell a person what a file of weights was taken for; empty for a checkpoint.
    public let notes: [String]
    /// Whether the file holds weights alone, which others trained.
    public let isPublished: Bool
    /// Whether the classes have names rather than numbers.
    let hasClassNames: Bool
    /// The recipe in the checkpoint, with settings applied.
    private(set) var file: RecipeFile
    let checkpoint: Checkpoint

    /// What the checkpoint says of itself.
    package var info: CheckpointInfo { checkpoint.info }
    /// The recipe's text, with settings applied.
    package var recipeText: String { get throws { try file.text } }

    /// Reads a checkpoint, or weights that others trained.
    ///
    /// - Parameters:
    ///   - path: A checkpoint's file; a run's folder, which gives its best checkpoint or else the last; or a file of
    ///     weights, whose tensors say what network they belong to.
    ///   - settings: Changes to the recipe as `key=value`, such as `data.root=…` if the data have moved.
    ///   - model: For weights alone, what network they belong to: a name that `vertebra models` lists, or torchvision's
    ///     name of a Faster R-CNN.
    ///   - classes: For weights alone, the names of the classes: `coco`, `voc`, `imagenet`, `kinetics400`, or a file with a
    ///     name on each line.
    ///   - data: What to measure on, in place of the recipe's data.
    /// - Throws: `JobError` if there is no such file, and for weights of a network that this toolkit doesn't have;
    ///   `WeightsFileError`, `CheckpointError`, `RecipeFileError`.
    public init(
        _ path: String, settings: [String] = [], model: String? = nil, classes: String? = nil, data: NamedData? = nil
    ) throws {
        self.path = try RunFolder.checkpoint(at: path)
        if let checkpoint = try Self.checkpoint(self.path) {
            for (option, value) in [("--model", model), ("--classes", classes)] {
                guard let value else { continue }
                throw JobError(
                    "\(option) \(value)", "is for weights alone, and \(self.path) is a checkpoint that says it itself")
            }
            self.checkpoint = checkpoint
            let task = try VisionTask(of: RecipeFile(text: checkpoint.info.recipe, path: "the recipe in \(self.path)"))
            file = try RecipeFile(
                text: checkpoint.info.recipe, path: "the recipe in \(self.path)",
                settings: settings + (data?.settings(for: task, isPublished: false) ?? []))
            notes = []
            isPublished = false
            hasClassNames = true
        } else {
            let published = try PublishedModel(
                WeightsFile(self.path), model: model, classes: classes, data: data, settings: settings)
            checkpoint = published.checkpoint
            file = published.file
            notes = published.notes
            isPublished = true
            hasClassNames = published.hasClassNames
        }
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

    /// Whether a classifier was trained on videos rather than images.
    package var takesVideos: Bool { get throws { try file.decode(DataHead.self).data.format.isOfVideos } }

    private struct DataHead: Decodable {
        struct Data: Decodable {
            let format: ClassificationDataSection.Format

            // Not CaseIterable: these are not all keys of the section, and others must not be refused.
            private enum CodingKeys: String, CodingKey { case format }
        }
        let data: Data

        private enum CodingKeys: String, CodingKey { case data }
    }

    /// Makes sure that the classes have names, by which they can be matched with those of annotated data.
    ///
    /// - Throws: `JobError` for weights alone whose classes nobody has named.
    public func requireClassNames() throws {
        guard !hasClassNames else { return }
        throw JobError(
            path,
            "has \(checkpoint.info.classNames.count) classes without names, and the data's classes are found by name; name them "
                + "with --classes FILE, one on each line in the order of the outputs")
    }

    /// The checkpoint that a file is; nil for a file of weights.
    static func checkpoint(_ path: String) throws -> Checkpoint? {
        guard WeightsForm(contentsOf: path) == .safetensors else { return nil }
        do {
            return try Checkpoint.readModel(path)
        } catch CheckpointError.foreign {
            return nil
        }
    }

    /// The model with changes to its recipe, as `key=value`.
    ///
    /// - Throws: `RecipeFileError`.
    func with(settings: [String]) throws -> SavedModel {
        var changed = self
        changed.file = try RecipeFile(text: file.text, path: file.path, settings: settings)
        return changed
    }

    /// Throws `JobError` with a reason unless the model was trained for `task`.
    func require(_ task: VisionTask, _ reason: String) throws {
        guard self.task == task else { throw JobError(path, reason) }
    }
}
