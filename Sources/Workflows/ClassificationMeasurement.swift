import DataPipeline
import Foundation
import NN
import Tensors
import Training

/// What a classifier scored on images that it was not trained on.
public struct ClassificationScores: Sendable, Codable {
    public struct ClassScore: Sendable, Codable {
        public var name: String
        public var images: Int
        /// Share of them that were given this class.
        public var top1: Double
    }

    /// Share of images whose label is the likeliest class, and among the five likeliest.
    public var top1: Double
    public var top5: Double
    /// Mean cross-entropy.
    public var loss: Double
    public var images: Int
    public var seconds: Double
    public var classes: [ClassScore]

    /// The values that a run records.
    public var metrics: [String: Double] { ["top1": top1, "top5": top5, "loss": loss] }

    /// For a person.
    public var table: String {
        let width = max(5, classes.map(\.name.count).max() ?? 0)
        func row(_ name: String, _ images: String, _ value: String) -> String {
            " " + name.padding(toLength: width, withPad: " ", startingAt: 0) + "  "
                + String(repeating: " ", count: max(0, 7 - images.count)) + images + "  " + value
        }
        let rows = classes.map { row($0.name, String($0.images), String(format: "%6.2f %%", 100 * $0.top1)) }
        let rate = seconds > 0 ? String(format: "%.1f", Double(images) / seconds) : "–"
        return
            ([row("class", "images", "   top-1")] + rows + [
                "",
                String(format: " top-1 %.2f %%, top-5 %.2f %%, cross-entropy %.4f", 100 * top1, 100 * top5, loss),
                String(format: " %d images in %.1f s, %@ a second", images, seconds, rate),
            ]).joined(separator: "\n")
    }
}

/// Runs a classifier over the validation part and counts what it gets right.
public struct ClassificationMeasurement {
    public let model: ClassifierModel
    private let loader: DataLoader<AnyClassificationDataset>

    /// - Throws: `CIFARError`, `ImageFolderError`.
    public init(model: ClassifierModel) throws {
        self.model = model
        let dataset = AnyClassificationDataset(
            try ClassifierModel.dataset(
                model.recipe, training: false, augmented: false, classNames: model.classNames))
        loader = DataLoader(
            dataset: dataset, batchSize: model.recipe.evaluation.batch,
            sampler: SequentialSampler(count: dataset.count), threads: model.recipe.training.loaderThreads)
    }

    /// The validation part of a checkpoint's recipe, with `settings` over it, on a device.
    ///
    /// - Throws: `CheckpointError`, `RecipeFileError`, `CIFARError`, `ImageFolderError`.
    public init(checkpoint: String, settings: [String] = [], device: DeviceChoice = .cpu) throws {
        try self.init(model: ClassifierModel(checkpoint: checkpoint, settings: settings, device: device))
    }

    /// - Parameter progress: called with the number of images done.
    /// - Throws: `StopRequested` once the user asks to stop; the loader's errors.
    public func scores(progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }) throws -> ClassificationScores {
        let wasTraining = model.network.isTraining
        model.network.eval()
        defer { model.network.train(wasTraining) }
        let began = ContinuousClock.now
        let classCount = model.classNames.count
        var images = [Int](repeating: 0, count: classCount)
        var right = [Int](repeating: 0, count: classCount)
        var amongFive = 0
        var loss = 0.0
        var done = 0
        let epoch = loader.epoch(0)
        while let batch = try epoch.next() {
            if StopSignal.isRequested { throw StopRequested() }
            try withoutGrad {
                let logits = model.logits(batch.images)
                loss += F.crossEntropy(logits, batch.labels.to(logits.device), reduction: .sum).item()
                let k = min(5, classCount)
                let likeliest = logits.topK(k, dim: 1).indices.array(Int.self)
                for (i, sample) in batch.samples.enumerated() {
                    guard sample.label < classCount else {
                        throw RunFolderError(path: sample.name, reason: "has a class that the model does not know")
                    }
                    images[sample.label] += 1
                    if likeliest[i * k] == sample.label { right[sample.label] += 1 }
                    if likeliest[i * k..<(i + 1) * k].contains(sample.label) { amongFive += 1 }
                }
            }
            done += batch.samples.count
            progress(done, loader.dataset.count)
        }
        let total = Double(max(1, done))
        return ClassificationScores(
            top1: Double(right.reduce(0, +)) / total, top5: Double(amongFive) / total, loss: loss / total, images: done,
            seconds: (ContinuousClock.now - began) / .seconds(1),
            classes: model.classNames.enumerated().map { label, name in
                .init(name: name, images: images[label], top1: Double(right[label]) / Double(max(1, images[label])))
            })
    }
}
