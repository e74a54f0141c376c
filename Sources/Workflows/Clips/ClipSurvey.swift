import Annotations
import DataPipeline
import Support
import Training

/// The videos of a recipe, compared with the index of their frames.
package struct ClipSurvey: Encodable, Sendable {
    /// The file of the index.
    package let index: String
    /// Number of videos that were opened for it; the others were in the index already.
    package let opened: Int
    /// One inventory for each part: training, then validation.
    package let inventories: [ClipInventory]
    /// Lines that tell a person about the index.
    package let notes: [String]
    /// Whether the index's file holds what was found out.
    package let isKept: Bool

    enum CodingKeys: String, CodingKey {
        case index, opened, notes
        case inventories = "parts"
    }

    /// Brings the index of the training and the validation part up to date.
    ///
    /// - Parameter progress: called with the number of videos opened, of those that must be.
    /// - Throws: `RecipeFileError`, `AnnotationError`; `Stopped` once the user asks to stop.
    package init(of file: RecipeFile, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }) throws {
        let recipe = try file.decode(ClassificationRecipe.self)
        guard recipe.data.format.isOfVideos else {
            throw file.error(
                at: "data.format", "\(recipe.data.format.rawValue) holds images, but the index is for videos")
        }
        let train = try ClipPart(recipe.data, file: file, training: true)
        let val = try ClipPart(
            recipe.data, file: file, training: false, classNames: train.annotations.classNames)
        try self.init(recipe, parts: [train, val], progress: progress)
    }

    init(
        _ recipe: ClassificationRecipe, parts: [ClipPart], progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws {
        let data = recipe.data
        var index = ClipIndex(root: data.root, file: data.indexFile, framePrefix: data.framePrefix)
        let update = StopSignal.watching(saving: false) {
            index.update(
                videos: parts.flatMap { $0.paths(from: data.root) }, threads: recipe.training.loaderThreads,
                shouldStop: { StopSignal.isRequested }, progress: progress)
        }
        guard update.left == 0 else {
            throw Stopped(
                "with \(update.left) videos still to look at; "
                    + (index.isKept
                        ? "\(index.file) keeps the results of the others"
                        : "the results of the others were not kept"))
        }
        self.index = index.file
        opened = update.opened
        notes = index.notes
        isKept = index.isKept
        inventories = parts.map { ClipInventory($0, index: index) }
    }

    /// Throws `RecipeFileError` for unreadable videos, unless the recipe's `data.failed_images` leaves them out, and
    /// `JobError` if no video of a part can be read.
    func requireReadable(_ policy: FailurePolicy, file: RecipeFile) throws {
        for part in inventories {
            guard let first = part.unreadable.first else { continue }
            let count = part.unreadable.count
            guard policy != .stop else {
                throw file.error(
                    at: "data.failed_images",
                    "\(count) of the \(part.listed) videos of \(part.source) can't be read; the first: \(first). Repair the "
                        + "files that `vertebra data index` lists, or leave them out with data.failed_images=replace")
            }
            guard part.readable > 0 else {
                throw JobError(
                    part.source, "none of its \(count) videos can be read; the first: \(first)")
            }
        }
    }
}
