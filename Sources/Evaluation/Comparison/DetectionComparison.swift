import Annotations
import Foundation
import Support

/// Compares the detections of several detectors on the same annotated images.
public struct DetectionComparison: Sendable {
    /// One detector's detections.
    public struct Run: Sendable {
        /// What the detector is called.
        public var name: String
        /// The detections, with the annotations' image and category ids.
        public var results: DetectionResults

        /// Detections and the name of what made them.
        public init(name: String, results: DetectionResults) {
            self.name = name
            self.results = results
        }
    }

    /// The numbers.
    public let comparison: Comparison
    /// Each run's numbers as the evaluation gives them.
    public let scores: [COCOScores]
    /// Each run's detections, matched at IoU 0.5.
    public let matchings: [DetectionMatching]
    /// Each run's errors on every image, at IoU 0.5.
    public let errors: [[ImageErrors]]

    /// COCO's twelve numbers, by their names in tables.
    private static let measures: [(name: String, value: @Sendable (COCOScores) -> Double)] = [
        ("AP", { $0.ap }), ("AP50", { $0.ap50 }), ("AP75", { $0.ap75 }), ("APs", { $0.apSmall }),
        ("APm", { $0.apMedium }), ("APl", { $0.apLarge }), ("AR1", { $0.ar1 }), ("AR10", { $0.ar10 }),
        ("AR100", { $0.ar100 }), ("ARs", { $0.arSmall }), ("ARm", { $0.arMedium }), ("ARl", { $0.arLarge }),
    ]
    /// The name of VOC's mean average precision at IoU 0.5, the area under the curve.
    private static let vocName = "VOC mAP"

    /// - Parameters:
    ///   - runs: Two or more; the others are compared with the first.
    ///   - groundTruth: The annotations of all images that the detectors ran on.
    ///   - resamples: The choices of images that tell how far differences are chance.
    ///   - scoreThreshold: The least score of detections that count in what changed on an image.
    ///   - judgedByVOC: Whether VOC's mean average precision is what runs and classes are judged by, rather than COCO's AP.
    ///   - threads: Threads that measure; nil takes one for each processor. The numbers don't depend on it.
    ///   - progress: Called with the number of resamples done.
    /// - Throws: ``EvaluationError`` for detections that don't belong to these annotations; `Stopped` once the user asks to
    ///   stop.
    public init(
        _ runs: [Run], groundTruth: DetectionAnnotations, resamples: BootstrapResamples = BootstrapResamples(),
        scoreThreshold: Double = 0.5, judgedByVOC: Bool = false, threads: Int? = nil,
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws {
        let matches = try runs.map {
            (
                coco: try COCOMatches(groundTruth: groundTruth, results: $0.results, threads: threads),
                voc: try VOCMatches(groundTruth: groundTruth, results: $0.results)
            )
        }
        scores = matches.map { $0.coco.scores() }
        let values = zip(scores, matches).map { coco, matches in
            Self.numbers(coco, voc: matches.voc.scores(method: .allPoint).classes.map(\.ap))
        }
        let samples = try resamples.measured(images: groundTruth.imageCount, threads: threads, progress: progress) {
            copies in
            matches.flatMap {
                Self.numbers(
                    $0.coco.scores(copies: copies), voc: $0.voc.averagePrecisions(.allPoint, copies: copies))
            }
        }
        let width = values[0].count
        func measure(_ name: String, _ column: Int) -> Comparison.Measure {
            Comparison.Measure(
                name, values: values.map { $0[column] },
                samples: samples.map { sample in runs.indices.map { sample[$0 * width + column] } })
        }
        let names = Self.measures.map(\.name) + [Self.vocName]
        let order = judgedByVOC ? [names.count - 1] + Array(0..<names.count - 1) : Array(names.indices)
        let classNames = ["AP", "AP50", "VOC AP"], classOrder = judgedByVOC ? [2, 0, 1] : [0, 1, 2]

        matchings = try runs.map { try DetectionMatching(groundTruth: groundTruth, results: $0.results) }
        errors = matchings.map { ImageErrors.all($0, scoreThreshold: scoreThreshold) }
        let errors = errors
        let images = (0..<groundTruth.imageCount).map { i in
            Comparison.ChangedImage(
                name: groundTruth.fileName(i), image: i, label: nil, errors: errors.map { $0[i].badness },
                outcomes: errors.map { $0[i].words })
        }
        comparison = Comparison(
            kind: .detection, runs: runs.map(\.name), images: groundTruth.imageCount,
            objects: scores[0].classes.reduce(0) { $0 + $1.objects }, resamples: resamples,
            measures: order.map { measure(names[$0], $0) },
            classes: scores[0].classes.enumerated().map { k, score in
                Comparison.ClassMeasures(
                    name: score.name, count: score.objects,
                    measures: classOrder.map { measure(classNames[$0], names.count + classNames.count * k + $0) })
            }, mcNemar: [], changedImages: Comparison.ChangedImage.sorted(images))
    }

    /// Compares detections in files of COCO's results format, each called by its file's name.
    ///
    /// - Parameters:
    ///   - annotationsPath: An instances file.
    ///   - resultsPaths: Two results files or more; the others are compared with the first.
    ///   - opensImages: Whether images will be opened; if not, it doesn't matter what the annotations call them.
    ///   - resamples: How the images are drawn again for the intervals.
    ///   - scoreThreshold: The score from which on detections count where single images are compared.
    ///   - progress: Is told how many resamples are done, and of how many.
    /// - Throws: `AnnotationError` for a file that can't be read; ``EvaluationError`` and `Stopped` as
    ///   ``init(_:groundTruth:resamples:scoreThreshold:judgedByVOC:threads:progress:)`` does.
    public init(
        annotationsPath: String, resultsPaths: [String], opensImages: Bool = false,
        resamples: BootstrapResamples = BootstrapResamples(), scoreThreshold: Double = 0.5,
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws {
        let truth =
            try opensImages
            ? COCO.readInstances(annotationsPath)
            : COCO.readInstances(annotationsPath, unknownReferences: .drop, fileNames: .unopened)
        let names = FilePath.distinctNames(resultsPaths.map(FilePath.withoutEnding))
        let runs = try zip(names, resultsPaths).map { name, path in
            let (found, named) = try COCO.readNamedResults(path)
            return Run(name: name, results: try found.renumbered(by: named, as: truth))
        }
        try self.init(
            runs, groundTruth: truth, resamples: resamples, scoreThreshold: scoreThreshold, progress: progress)
    }

    /// COCO's twelve numbers and VOC's mean, then AP, AP50 and VOC's AP of each class; not a number where there is nothing to
    /// measure.
    private static func numbers(_ coco: COCOScores, voc: [Double]) -> [Double] {
        let present = voc.filter { $0 >= 0 }
        let mean = present.isEmpty ? -1 : present.reduce(0, +) / Double(present.count)
        let classes = zip(coco.classes, voc).flatMap { [$0.ap, $0.ap50, $1] }
        return (measures.map { $0.value(coco) } + [mean] + classes).map { $0 < 0 ? .nan : $0 }
    }
}

extension ImageErrors {
    /// How many objects were found and missed, and how many detections were wrong.
    fileprivate var words: String {
        var parts = ["\(found.count) found"]
        if !wrong.isEmpty { parts.append("\(wrong.count) wrong") }
        if !missed.isEmpty { parts.append("\(missed.count) missed") }
        return parts.joined(separator: ", ")
    }
}
