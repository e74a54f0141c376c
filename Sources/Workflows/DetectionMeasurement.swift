import Annotations
import DataPipeline
import Detectors
import Evaluation
import Foundation
import NN
import Tensors
import Training

/// What a detector scored on annotated images.
public struct DetectionScores: Sendable, Codable {
    /// COCO's numbers, overall and by class.
    public var coco: COCOScores
    /// VOC's AP at IoU 0.5 over all points and over eleven; difficult objects don't count.
    public var voc: VOCScores
    public var voc11: VOCScores
    /// Images that the detector ran on.
    public var images: Int
    /// Of detection alone, without reading annotations and scoring.
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
            sampler: SequentialSampler(count: dataset.count), threads: model.recipe.training.loaderThreads)
    }

    /// Detections of every image, in its file's pixels, under the data's category ids.
    ///
    /// - Parameter progress: called with the number of images done.
    /// - Throws: `StopRequested` once the user asks to stop; the loader's errors.
    public func detections(progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }) throws -> DetectionResults {
        var results = DetectionResults()
        var done = 0
        let epoch = loader.epoch(0)
        while let batch = try epoch.next() {
            if StopSignal.isRequested { throw StopRequested() }
            let found = model.detect(batch.images)
            for (sample, detections) in zip(batch.samples, found) {
                let seen = ImageSize(height: sample.image.height, width: sample.image.width)
                let original = ImageSize(height: sample.originalSize.height, width: sample.originalSize.width)
                for object in DetectedObject.list(detections.scaled(from: seen, to: original)) {
                    results.append(
                        imageID: sample.imageID, categoryID: mapping.categoryID(label: object.label), box: object.box,
                        score: Double(object.score))
                }
            }
            done += batch.samples.count
            progress(done, loader.dataset.count)
        }
        return results
    }

    /// Detects and scores.
    public func scores(
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws -> (scores: DetectionScores, results: DetectionResults) {
        let began = ContinuousClock.now
        let results = try detections(progress: progress)
        let seconds = Double((ContinuousClock.now - began) / .seconds(1))
        let truth = part.annotations
        return (
            DetectionScores(
                coco: try COCOEvaluation.evaluate(groundTruth: truth, results: results),
                voc: try VOCEvaluation.evaluate(groundTruth: truth, results: results, method: .allPoint),
                voc11: try VOCEvaluation.evaluate(groundTruth: truth, results: results, method: .elevenPoint),
                images: loader.dataset.count, seconds: seconds),
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
