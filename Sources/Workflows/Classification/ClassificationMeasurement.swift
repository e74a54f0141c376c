import Annotations
import DataPipeline
import Foundation
import Media
import NN
import Support
import Tensors
import Training

/// Runs a classifier over the validation part and counts its right answers. It looks at one clip of each video.
package struct ClassificationMeasurement {
    package let model: ClassifierModel
    private let loader: DataLoader<AnyClassificationDataset>
    /// The videos that are there, from the index of frames; nil for images.
    private let inventory: ClipInventory?
    private let processes: TrainingProcesses?

    /// The validation part.
    var dataset: AnyClassificationDataset { loader.dataset }

    /// The damaged images that were accepted so far.
    var damagedImages: [MediaWarning] { loader.dataset.damaged.images }

    /// The images that were left out so far, each once; empty for videos.
    var leftOutImages: [UnreadableImage] {
        loader.dataset.clips == nil ? UnreadableImage.each(of: loader.skipped) : []
    }

    /// - Throws: `DatasetError`, `AnnotationError`.
    package init(model: ClassifierModel) throws {
        self.init(model: model, dataset: try Self.dataset(of: model))
    }

    /// The validation part of a model's recipe.
    static func dataset(of model: ClassifierModel) throws -> AnyClassificationDataset {
        let damaged = DamagedImageLog()
        return AnyClassificationDataset(
            try ClassifierModel.dataset(
                model.recipe, file: model.file, training: false, augmented: false, classNames: model.classNames,
                damaged: damaged), damaged: damaged)
    }

    init(
        model: ClassifierModel, dataset: AnyClassificationDataset, inventory: ClipInventory? = nil,
        processes: TrainingProcesses? = nil
    ) {
        self.model = model
        self.processes = processes
        self.inventory = inventory
        loader = DataLoader(
            dataset: dataset, batchSize: model.recipe.evaluation.batch,
            sampler: PartialSampler(
                SequentialSampler(count: dataset.count), leavingOut: inventory?.leftOut ?? []),
            threads: model.recipe.training.loaderThreads,
            failurePolicy: model.recipe.data.failedImages == .stop ? .stop : .skip, share: processes.evaluationShare)
    }

    /// - Parameters:
    ///   - keepsPredictions: Whether to keep what is made of each image.
    ///   - progress: called with the number of images done.
    /// - Throws: `Stopped` once the user asks to stop; the loader's errors.
    package func scores(
        keepsPredictions: Bool = false, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws -> ClassificationScores {
        var none: ClassificationEvidence?
        return try scores(keeping: &none, keepsPredictions: keepsPredictions, progress: progress)
    }

    /// The samples that an evaluation looks at.
    var readableCount: Int { inventory?.readable ?? loader.dataset.count }

    /// Seconds that an evaluation takes for an image or a video, by its first ones; nil without any.
    func secondsPerImage() throws -> Double? {
        let wasTraining = model.network.isTraining
        model.network.eval()
        defer { model.network.train(wasTraining) }
        return try loader.epoch(0).secondsPerSample { batch in
            // To the host, so that a device has done it.
            _ = withoutGrad { model.logits(model.input(batch)).array(Float.self) }
        }
    }

    /// What an evaluation is to keep, to be looked at.
    func newEvidence() -> ClassificationEvidence {
        ClassificationEvidence(
            classNames: model.classNames, samples: loader.dataset.count, leftOut: inventory?.leftOut ?? [])
    }

    /// - Parameters:
    ///   - evidence: Gets what was found, of all processes; nil keeps nothing, in each of them.
    ///   - keepsPredictions: Whether to keep what is made of each image.
    ///   - progress: Called with the number of images done.
    /// - Throws: `Stopped` once the user asks to stop; the loader's errors.
    func scores(
        keeping evidence: inout ClassificationEvidence?, keepsPredictions: Bool = false,
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws -> ClassificationScores {
        let wasTraining = model.network.isTraining
        model.network.eval()
        defer { model.network.train(wasTraining) }
        var tally = ClassificationTally(classNames: model.classNames, keepsPredictions: keepsPredictions)
        var unreadable: [SkippedSample] = []
        var isStopped = false
        let epoch = loader.epoch(0)
        while let batch = try epoch.next() {
            isStopped = StopSignal.isRequested
            if isStopped { break }
            unreadable += batch.skipped
            guard !batch.samples.isEmpty else { continue }
            try withoutGrad {
                let logits = model.logits(model.input(batch))
                let loss = F.crossEntropy(logits, batch.labels.to(logits.device), reduction: .sum)
                try tally.add(
                    logits, loss: loss.item(), labels: batch.samples.map(\.label), names: batch.samples.map(\.name),
                    batch: batch.step)
                evidence?.add(logits, labels: batch.samples.map(\.label), samples: batch.indices)
            }
            progress(tally.count, readableCount)
        }
        try processes.agree(isStopped: isStopped)
        if let processes {
            try tally.gather(processes)
            try evidence?.gather(processes)
            unreadable = try processes.gather(all: unreadable).sorted { $0.step < $1.step }
        }
        guard tally.count > 0 || unreadable.isEmpty else { throw LoaderError.all(skipped: unreadable) }
        var scores = tally.scores(
            of: loader.dataset.clips.map {
                .init(
                    views: 1, listed: $0.annotations.listedCount, missing: $0.annotations.missing,
                    unreadable: (inventory?.unreadable ?? [])
                        + unreadable.map { .init(path: $0.name, reason: $0.reason) })
            })
        scores.damaged = try processes?.gather(all: damagedImages) ?? damagedImages
        if scores.videos == nil { scores.unreadable = UnreadableImage.each(of: unreadable) }
        return scores
    }
}
