import DataPipeline
import Media
import NN
import Support
import Tensors
import Training

/// Measures a classifier on the videos of the validation part as the papers do: by the mean of the probabilities of all
/// views of a video. A view is one crop of one clip.
package struct ClipMeasurement {
    package let model: ClassifierModel
    /// The videos that are there and readable, from the index of frames.
    package let inventory: ClipInventory
    /// Lines that tell a person about the index of frames, and about what is odd in the videos.
    package let notes: [String]
    private let loader: DataLoader<ClipViewsDataset>
    private let damaged = DamagedImageLog()

    /// - Parameter indexing: called while the index of frames is brought up to date.
    /// - Throws: `AnnotationError`; `RecipeFileError`, also for videos that can't be read, unless the recipe's
    ///   `data.failed_images` leaves them out; `Stopped` once the user asks to stop.
    package init(model: ClassifierModel, indexing: (_ done: Int, _ total: Int) -> Void = { _, _ in }) throws {
        self.model = model
        let recipe = model.recipe
        let part = try ClipPart(recipe.data, file: model.file, training: false, classNames: model.classNames)
        let survey = try ClipSurvey(recipe, parts: [part], progress: indexing)
        try survey.requireReadable(recipe.data.failedImages, file: model.file)
        inventory = survey.inventories[0]
        notes = survey.notes + inventory.findingNotes
        var dataset = ClipViewsDataset(
            annotations: part.annotations, folder: part.folder,
            layout: recipe.input.views(framePrefix: recipe.data.framePrefix))
        dataset.orders = inventory.orders
        dataset.frameOptions = DecodeOptions(recipe.data.damagedImages, telling: damaged)
        loader = DataLoader(
            dataset: dataset, batchSize: 1,
            sampler: PartialSampler(SequentialSampler(count: dataset.count), leavingOut: inventory.leftOut),
            threads: recipe.training.loaderThreads, prefetch: 2)
    }

    /// - Parameter progress: called with the number of videos done.
    /// - Throws: `Stopped` once the user asks to stop; `MediaError` of a video that can't be read, unless the recipe's
    ///   `data.failed_images` leaves it out.
    package func scores(progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }) throws -> ClassificationScores {
        let wasTraining = model.network.isTraining
        model.network.eval()
        defer { model.network.train(wasTraining) }
        let annotations = loader.dataset.annotations
        var tally = ClassificationTally(classNames: model.classNames, keepsPredictions: true)
        // Videos whose damage shows only when their frames are decoded.
        var unreadable: [UnreadableVideo] = []
        let epoch = loader.epoch(0)
        while let batch = try epoch.next() {
            for sample in batch.samples {
                let video: ClipViews
                switch sample {
                case .success(let readable): video = readable
                case .failure(let error):
                    guard model.recipe.data.failedImages != .stop else { throw error }
                    unreadable.append(.init(path: error.name, reason: error.problem))
                    continue
                }
                let scores = try model.logProbabilities(video)
                try tally.add(
                    scores.unsqueeze(0), loss: -scores[video.label].item(), labels: [video.label],
                    names: [video.name])
            }
            progress(tally.count + unreadable.count, inventory.readable)
        }
        guard tally.count > 0 || unreadable.isEmpty else {
            throw JobError(
                annotations.source,
                "none of its \(unreadable.count) videos can be read; the first: \(unreadable[0])")
        }
        var scores = tally.scores(
            of: .init(
                views: loader.dataset.layout.clips * loader.dataset.layout.crops, listed: annotations.listedCount,
                missing: annotations.missing, unreadable: inventory.unreadable + unreadable))
        scores.damaged = damaged.images
        return scores
    }
}

extension ClassifierModel {
    /// The logarithm of each class's mean probability over all views of a video: `[classes]` float64, on the CPU. It is
    /// finite even where the probability is too small for a number, so that losses are too. The network gets
    /// `evaluation.batch` views at a time.
    ///
    /// - Throws: `Stopped` once the user asks to stop.
    func logProbabilities(_ video: ClipViews) throws -> Tensor {
        let batch = recipe.evaluation.batch
        var parts: [Tensor] = []
        for first in stride(from: 0, to: video.count, by: batch) {
            if StopSignal.isRequested { throw Stopped() }
            withoutGrad {
                let views = video.tensor(first..<min(first + batch, video.count))
                let input = takesClips ? views : views[.all, .all, 0]
                parts.append(logits(input).to(.cpu).to(.float64).logSoftmax(dim: 1))
            }
        }
        return withoutGrad {
            let views = Tensor.cat(parts)
            let largest = views.max(dim: 0).values
            return (views - largest).exp().mean([0]).log() + largest
        }
    }
}

extension ClassificationScores {
    /// Measures a classifier on the validation part of its recipe: each video by all its views, each image by one.
    ///
    /// - Parameters:
    ///   - model: The classifier, of images or clips.
    ///   - indexing: called while the index of frames is brought up to date.
    ///   - notes: called with lines that tell a person about the index.
    ///   - progress: called with the number of images or videos done.
    /// - Throws: `RecipeFileError`, the data's errors; `Stopped` once the user asks to stop.
    public static func measured(
        _ model: ClassifierModel, indexing: (_ done: Int, _ total: Int) -> Void = { _, _ in },
        notes: (String) -> Void = { _ in },
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws -> ClassificationScores {
        guard model.recipe.data.format.isOfVideos else {
            return try ClassificationMeasurement(model: model).scores(keepsPredictions: true, progress: progress)
        }
        let measurement = try ClipMeasurement(model: model, indexing: indexing)
        measurement.notes.forEach(notes)
        return try measurement.scores(progress: progress)
    }
}
