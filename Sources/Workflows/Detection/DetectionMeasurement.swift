import Annotations
import DataPipeline
import Detectors
import Evaluation
import Foundation
import NN
import Support
import Tensors
import Training

/// An image that a measurement left out.
public struct UnreadableImage: Hashable, Sendable, Codable {
    /// As the annotations call it.
    public var path: String
    public var reason: String
}

/// What a detector scored on annotated images.
public struct DetectionScores: Sendable, Codable {
    /// COCO's numbers, overall and by class.
    public var coco: COCOScores
    /// VOC's AP at IoU 0.5 over all points and over eleven; difficult objects don't count.
    public var voc: VOCScores
    public var voc11: VOCScores
    /// Images that the detector ran on.
    public var images: Int
    /// Images that could not be read, which the scores leave out.
    public var unreadable: [UnreadableImage] = []
    /// Seconds that detection took, without the reading of annotations and the scoring.
    public var seconds: Double
    /// What was measured, on what; nil within a training.
    public var measured: MeasuredDetector?

    /// COCO's table, and VOC's means under it.
    public var table: String {
        let means = [("all-point", voc), ("11-point", voc11)].map {
            " VOC mean average precision (\($0), IoU ≥ \($1.iouThreshold)) = \(String(format: "%.3f", $1.meanAP))"
        }
        let rate = seconds > 0 ? String(format: "%.1f", Double(images) / seconds) : "–"
        return coco.table() + "\n\n" + means.joined(separator: "\n")
            + "\n \(images) images in \(String(format: "%.1f", seconds)) s, \(rate) a second"
            + (unreadable.first.map {
                "\n left out, unreadable: \(unreadable.count) of \(images + unreadable.count) images, such as "
                    + "\($0.path): \($0.reason)"
            } ?? "")
    }

    /// The values that a run records, by the names of the recipe's `evaluation.metric` and COCO's others.
    public var metrics: [String: Double] {
        [
            "AP": coco.ap, "AP50": coco.ap50, "AP75": coco.ap75, "APs": coco.apSmall, "APm": coco.apMedium,
            "APl": coco.apLarge, "AR1": coco.ar1, "AR10": coco.ar10, "AR100": coco.ar100, "ARs": coco.arSmall,
            "ARm": coco.arMedium, "ARl": coco.arLarge, "VOC": voc.meanAP, "VOC11": voc11.meanAP,
        ]
    }
}

/// Runs a detector over annotated images and scores what it finds.
public struct DetectionMeasurement {
    public let model: DetectorModel
    public let part: DetectionData.Part
    private let mapping: ClassMapping
    private let loader: DataLoader<DetectionDataset>

    /// - Throws: `ClassMismatch` where the model's classes are not the data's.
    public init(model: DetectorModel, part: DetectionData.Part) throws {
        self.model = model
        self.part = part
        mapping = try ClassMapping(model: model.classNames, named: "the model", data: part.annotations)
        let dataset = try DetectionDataset(
            annotations: part.annotations, imageFolder: part.imageFolder,
            transforms: model.recipe.input.evaluationTransforms, filter: .everything)
        loader = DataLoader(
            dataset: dataset, batchSize: model.recipe.evaluation.batch,
            sampler: SequentialSampler(count: dataset.count), threads: model.recipe.training.loaderThreads,
            failurePolicy: model.recipe.data.failedImages == .stop ? .stop : .skip)
    }

    /// Looks at every file's header, so that what would end a measurement in its middle shows before the first step.
    ///
    /// - Throws: `RecipeFileError` where images can't be used and the recipe's `data.failed_images` does not leave them out.
    public func requireUsableFiles() throws {
        guard model.recipe.data.failedImages == .stop else { return }
        let unusable = loader.dataset.unusableFiles()
        guard let first = unusable.first else { return }
        throw model.file.error(
            at: "data.val",
            "\(unusable.count) of its \(loader.dataset.count) images can't be used, such as "
                + "\(loader.dataset.path(first.index)): \(first.error). Mend what `vertebra data check` lists, or leave "
                + "them out with data.failed_images=replace")
    }

    /// Detections of every image, in its file's pixels, under the data's category ids; and the samples that were left out.
    private func detections(
        progress: (_ done: Int, _ total: Int) -> Void
    ) throws -> (results: DetectionResults, leftOut: [SkippedSample]) {
        var results = DetectionResults()
        var leftOut: [SkippedSample] = []
        var done = 0
        let epoch = loader.epoch(0)
        while let batch = try epoch.next() {
            if StopSignal.isRequested { throw Stopped() }
            leftOut += batch.skipped
            done += batch.samples.count + batch.skipped.count
            guard !batch.samples.isEmpty else { continue }
            let found = model.detect(batch.images)
            for (sample, detections) in zip(batch.samples, found) {
                let scaled = detections.scaled(from: sample.image.size, to: sample.originalSize)
                for object in DetectedObject.list(scaled) {
                    results.append(
                        imageID: sample.imageID, categoryID: mapping.categoryID(label: object.label), box: object.box,
                        score: Double(object.score))
                }
            }
            progress(done, loader.dataset.count)
        }
        guard leftOut.count < loader.dataset.count else { throw LoaderError.all(skipped: leftOut) }
        return (results, leftOut)
    }

    /// Detects and scores. Images that can't be read are left out with their objects where `data.failed_images` says so.
    ///
    /// - Parameter progress: called with the number of images done.
    /// - Throws: `Stopped` once the user asks to stop; the loader's errors.
    public func scores(
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws -> (scores: DetectionScores, results: DetectionResults) {
        let began = ContinuousClock.now
        let (results, leftOut) = try detections(progress: progress)
        let seconds = Double((ContinuousClock.now - began) / .seconds(1))
        let missing = Set(leftOut.map { loader.dataset.annotationIndex($0.index) })
        let all = part.annotations
        let truth =
            missing.isEmpty ? all : all.selecting(images: (0..<all.imageCount).filter { !missing.contains($0) })
        return (
            DetectionScores(
                coco: try COCOEvaluation.evaluate(groundTruth: truth, results: results),
                voc: try VOCEvaluation.evaluate(groundTruth: truth, results: results, method: .allPoint),
                voc11: try VOCEvaluation.evaluate(groundTruth: truth, results: results, method: .elevenPoint),
                images: loader.dataset.count - leftOut.count,
                unreadable: leftOut.map { .init(path: $0.name, reason: $0.reason) }, seconds: seconds),
            results
        )
    }
}

/// One object that a detector found.
public struct DetectedObject: Hashable, Sendable {
    /// XYXY pixels.
    public var box: Box
    /// 1…classCount.
    public var label: Int
    /// 0…1.
    public var score: Float

    /// A detector's tensors as values, best first.
    public static func list(_ detections: Detections) -> [DetectedObject] {
        let boxes = detections.boxes.array(Float.self)
        let scores = detections.scores.array(Float.self)
        let labels = detections.labels.array(Int64.self)
        return scores.indices.map { i in
            DetectedObject(
                box: Box(x0: boxes[4 * i], y0: boxes[4 * i + 1], x1: boxes[4 * i + 2], y1: boxes[4 * i + 3]),
                label: Int(labels[i]), score: scores[i])
        }
    }
}
