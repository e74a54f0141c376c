import Annotations
import DataPipeline
import Detectors
import Evaluation
import Foundation
import Media
import NN
import Support
import Tensors
import Training

/// An image that a measurement left out.
public struct UnreadableImage: Hashable, Sendable, Codable {
    /// The file name as in the annotations.
    public var path: String
    /// Why the file can't be read.
    public var reason: String
}

extension UnreadableImage {
    /// The images of samples that were left out, each once.
    static func each(of samples: [SkippedSample]) -> [UnreadableImage] {
        var seen: Set<Int> = []
        return samples.filter { seen.insert($0.index).inserted }.map { .init(path: $0.name, reason: $0.reason) }
    }
}

extension [UnreadableImage] {
    /// How many images were left out of `total`, and the first of them; nil when there are none.
    func summary(of total: Int) -> String? {
        first.map { "left out, unreadable: \(count) of \(total) images, such as \($0.path): \($0.reason)" }
    }
}

/// What a detector scored on annotated images.
public struct DetectionScores: Sendable, Codable {
    /// COCO's numbers, overall and by class.
    public var coco: COCOScores
    /// VOC's AP at IoU 0.5, the area under the whole curve; difficult objects don't count.
    public var voc: VOCScores
    /// VOC's AP at IoU 0.5, the mean precision at eleven recalls; difficult objects don't count.
    public var voc11: VOCScores
    /// Number of images that the detector ran on.
    public var images: Int
    /// Images that could not be read; the scores leave them out.
    public var unreadable: [UnreadableImage] = []
    /// Images that are damaged and were accepted, as `data.damaged_images` says; the scores are of them too.
    public var damaged: [MediaWarning] = []
    /// Seconds that detection took, without reading annotations and scoring.
    public var seconds: Double
    /// The detector and the data that were measured; nil during training.
    public var measured: MeasuredDetector?

    /// COCO's table with VOC's means below it.
    public var table: String {
        let means = [("all-point", voc), ("11-point", voc11)].map {
            " VOC mean average precision (\($0), IoU ≥ \($1.iouThreshold)) = \(String(format: "%.3f", $1.meanAP))"
        }
        let rate = seconds > 0 ? String(format: "%.1f", Double(images) / seconds) : "–"
        let nothing = coco.ap < 0 ? "\n −1 is no score: the annotations have no object to find" : ""
        return coco.table() + "\n\n" + means.joined(separator: "\n") + nothing
            + "\n \(images) images in \(String(format: "%.1f", seconds)) s, \(rate) a second"
            + [unreadable.summary(of: images + unreadable.count), damaged.damageSummary].compactMap(\.self)
            .map { "\n " + $0 }.joined()
    }

    /// The values that a run records, by the names of `evaluation.metric` and of COCO's other means.
    public var metrics: [String: Double] {
        [
            "AP": coco.ap, "AP50": coco.ap50, "AP75": coco.ap75, "APs": coco.apSmall, "APm": coco.apMedium,
            "APl": coco.apLarge, "AR1": coco.ar1, "AR10": coco.ar10, "AR100": coco.ar100, "ARs": coco.arSmall,
            "ARm": coco.arMedium, "ARl": coco.arLarge, "VOC": voc.meanAP, "VOC11": voc11.meanAP,
        ]
    }
}

/// Runs a detector over annotated images and scores its detections.
package struct DetectionMeasurement {
    package let model: DetectorModel
    package let part: DetectionData.Part
    private let mapping: ClassMapping
    private let processes: TrainingProcesses?
    private let loader: DataLoader<DetectionDataset>
    private let damaged = DamagedImageLog()

    /// The damaged images that were accepted so far.
    var damagedImages: [MediaWarning] { damaged.images }

    /// The images that were left out so far, each once.
    var leftOutImages: [UnreadableImage] { UnreadableImage.each(of: loader.skipped) }

    /// - Parameter takesFewerClasses: Whether the data may lack classes of the model, whose detections are then left out.
    /// - Throws: `ClassMismatch` if model and data have different classes.
    package init(
        model: DetectorModel, part: DetectionData.Part, takesFewerClasses: Bool = false,
        processes: TrainingProcesses? = nil
    ) throws {
        self.model = model
        self.processes = processes
        self.part = part
        mapping = try ClassMapping(
            model: model.classNames, named: "the model", data: part.annotations, takesFewer: takesFewerClasses)
        let dataset = try DetectionDataset(
            annotations: part.annotations, imageFolder: part.imageFolder,
            transforms: model.recipe.input.evaluationTransforms, filter: .everything,
            decodeOptions: DecodeOptions(model.recipe.data.damagedImages, telling: damaged))
        loader = DataLoader(
            dataset: dataset, batchSize: model.recipe.evaluation.batch,
            sampler: SequentialSampler(count: dataset.count), threads: model.recipe.training.loaderThreads,
            failurePolicy: model.recipe.data.failedImages == .stop ? .stop : .skip,
            share: processes.evaluationShare)
    }

    /// Reads every file's header, so that an unusable image is reported before the first step and not in the middle.
    ///
    /// - Throws: `RecipeFileError` if images can't be used and the recipe's `data.failed_images` does not leave them out.
    package func requireUsableFiles() throws {
        guard model.recipe.data.failedImages == .stop else { return }
        _ = try loader.dataset.unusableFiles().unusable(
            of: loader.dataset.count, in: .validation, under: .stop, file: model.file
        ) { loader.dataset.path($0) }
    }

    /// The images that an evaluation looks at.
    var imageCount: Int { loader.dataset.count }

    /// Seconds that an evaluation takes for an image, by its first ones; nil without any.
    func secondsPerImage() throws -> Double? {
        let wasTraining = model.detector.isTraining
        model.detector.eval()
        defer { model.detector.train(wasTraining) }
        return try loader.epoch(0).secondsPerSample { batch in
            _ = model.objects(in: batch.samples.map(\.image), originalSizes: batch.samples.map(\.originalSize))
        }
    }

    /// Detections of every image, in its file's pixels and with the data's category ids, and the samples that were left out.
    private func detections(
        progress: (_ done: Int, _ total: Int) -> Void
    ) throws -> (results: DetectionResults, leftOut: [SkippedSample]) {
        var results = DetectionResults()
        var leftOut: [SkippedSample] = []
        var done = 0
        var batches: [Int] = []
        var isStopped = false
        let epoch = loader.epoch(0)
        while let batch = try epoch.next() {
            isStopped = StopSignal.isRequested
            if isStopped { break }
            leftOut += batch.skipped
            done += batch.samples.count + batch.skipped.count
            guard !batch.samples.isEmpty else { continue }
            let found = model.objects(
                in: batch.samples.map(\.image), originalSizes: batch.samples.map(\.originalSize))
            for (sample, objects) in zip(batch.samples, found) {
                for object in objects {
                    guard let category = mapping.categoryID(label: object.label) else { continue }
                    results.append(
                        imageID: sample.imageID, categoryID: category, box: object.box,
                        score: Double(object.score))
                    batches.append(batch.step)
                }
            }
            progress(done, loader.dataset.count)
        }
        try processes.agree(isStopped: isStopped)
        if let processes {
            results = try processes.gather(results, ofBatches: batches)
            leftOut = try processes.gather(all: leftOut).sorted { $0.step < $1.step }
        }
        guard leftOut.count < loader.dataset.count else { throw LoaderError.all(skipped: leftOut) }
        return (results, leftOut)
    }

    /// Detects and scores. If `data.failed_images` says so, images that can't be read are left out with their objects.
    ///
    /// - Parameter progress: called with the number of images done.
    /// - Throws: `Stopped` once the user asks to stop; the loader's errors.
    package func scores(
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws -> (scores: DetectionScores, results: DetectionResults) {
        let began = ContinuousClock.now
        let (results, leftOut) = try detections(progress: progress)
        let seconds = Double((ContinuousClock.now - began) / .seconds(1))
        let missing = Set(leftOut.map { loader.dataset.annotationIndex($0.index) })
        let truth = part.annotations.leavingOut(imagesWhere: missing.contains)
        return (
            DetectionScores(
                coco: try COCOEvaluation.evaluate(groundTruth: truth, results: results),
                voc: try VOCEvaluation.evaluate(groundTruth: truth, results: results, method: .allPoint),
                voc11: try VOCEvaluation.evaluate(groundTruth: truth, results: results, method: .elevenPoint),
                images: loader.dataset.count - leftOut.count,
                unreadable: UnreadableImage.each(of: leftOut),
                damaged: try processes?.gather(all: damaged.images) ?? damaged.images, seconds: seconds),
            results
        )
    }
}

extension TrainingProcesses {
    /// The detections of all processes in the order of their batches, as one process would have found them.
    ///
    /// - Parameter batches: the number of the batch of each detection.
    fileprivate func gather(_ own: DetectionResults, ofBatches batches: [Int]) throws -> DetectionResults {
        var numbers: [Double] = []
        numbers.reserveCapacity(own.count * 8)
        for (i, batch) in batches.enumerated() {
            // Ids may be larger than a float64 can count, so their bits travel.
            numbers += [
                Double(batch), Double(bitPattern: UInt64(bitPattern: Int64(own.imageIDs[i]))),
                Double(bitPattern: UInt64(bitPattern: Int64(own.categoryIDs[i]))), own.x[i], own.y[i], own.width[i],
                own.height[i], own.scores[i],
            ]
        }
        let rows = try group.gather(lists: numbers).flatMap { list in
            stride(from: 0, to: list.count, by: 8).map { Array(list[$0..<$0 + 8]) }
        }
        func id(_ number: Double) -> Int { Int(Int64(bitPattern: number.bitPattern)) }
        var all = DetectionResults(source: own.source)
        all.reserveCapacity(rows.count)
        // The order within a batch stays: the sort is stable, and a batch is of one process.
        for row in rows.sorted(by: { $0[0] < $1[0] }) {
            all.append(
                imageID: id(row[1]), categoryID: id(row[2]), x: row[3], y: row[4], width: row[5], height: row[6],
                score: row[7])
        }
        return all
    }
}
