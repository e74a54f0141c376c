import Annotations
import Dispatch
import Foundation

/// COCO's evaluation of boxes: average precision and recall over ten IoU thresholds, equal to pycocotools.
///
/// Objects marked `iscrowd` match any number of detections and count neither way. pycocotools' habits are kept: equal
/// scores stay in the order of image id and file, `ignore` has no effect of its own, an object with annotation id 0
/// takes detections without ever making them right, and a detection of zero size can't match.
public enum COCOEvaluation {
    /// What to do with detections of a category that the ground truth does not have.
    public enum UnknownCategories: Sendable {
        /// Throw.
        case fail
        /// Leave them out, as pycocotools does.
        case ignore
    }

    /// Reads both files and scores them. Annotations of unknown images or categories are left out as in pycocotools.
    /// Throws `AnnotationError` or ``EvaluationError``.
    public static func evaluate(
        annotationsPath: String, resultsPath: String, unknownCategories: UnknownCategories = .fail,
        threads: Int? = nil
    ) throws -> COCOScores {
        try evaluate(
            groundTruth: COCO.readInstances(annotationsPath, unknownReferences: .drop, threads: threads),
            results: COCO.readResults(resultsPath, threads: threads), unknownCategories: unknownCategories,
            threads: threads)
    }

    /// Scores detections. Throws ``EvaluationError`` for an image that the ground truth does not have, for an unknown
    /// category, and for a score or box that is not a number.
    public static func evaluate(
        groundTruth: DetectionAnnotations, results: DetectionResults, unknownCategories: UnknownCategories = .fail,
        threads: Int? = nil
    ) throws -> COCOScores {
        let problem = try COCOProblem(
            groundTruth: groundTruth, results: results, unknownCategories: unknownCategories)
        let threads = max(1, threads ?? ProcessInfo.processInfo.activeProcessorCount)
        return COCOScores(groundTruth: groundTruth, curves: problem.solve(groundTruth, results, threads: threads))
    }
}

/// Both sides grouped by class and image.
private struct COCOProblem {
    let imageCount: Int
    let classCount: Int
    /// Per record, the place of its image among the image ids in ascending order.
    let objectImages: [Int32]
    let detectionImages: [Int32]
    let objects: Grouping
    let detections: Grouping

    init(
        groundTruth: DetectionAnnotations, results: DetectionResults,
        unknownCategories: COCOEvaluation.UnknownCategories
    ) throws {
        imageCount = groundTruth.imageCount
        classCount = groundTruth.classCount
        let ids = groundTruth.imageIDs
        let byID = ids.indices.sorted { ids[$0] < ids[$1] }
        var places = [Int32](repeating: 0, count: ids.count)
        for (place, image) in byID.enumerated() { places[image] = Int32(place) }

        var objectImages = [Int32](repeating: 0, count: groundTruth.objectCount)
        for image in ids.indices {
            for j in groundTruth.objects(image) { objectImages[j] = places[image] }
        }

        let images = IDIndex(ids)
        let categories = IDIndex(groundTruth.categoryIDs)
        var detectionImages = [Int32](repeating: 0, count: results.count)
        var classes = [Int32](repeating: -1, count: results.count)
        for i in 0..<results.count {
            let image = images.position(results.imageIDs[i])
            guard image >= 0 else {
                throw COCOProblem.unknown("image", results.imageIDs[i], detection: i, results, groundTruth)
            }
            let category = categories.position(results.categoryIDs[i])
            guard category >= 0 || unknownCategories == .ignore else {
                throw COCOProblem.unknown("category", results.categoryIDs[i], detection: i, results, groundTruth)
            }
            let sum = results.x[i] + results.y[i] + results.width[i] + results.height[i]
            guard !results.scores[i].isNaN, sum.isFinite else {
                throw EvaluationError(
                    source: results.source,
                    problem: "detection \(i) has a score or a box that is not a number",
                    fix: "Leave it out, and look for where the model's output stopped being finite")
            }
            detectionImages[i] = places[image]
            classes[i] = Int32(category)
        }
        self.objectImages = objectImages
        self.detectionImages = detectionImages
        objects = Grouping(
            classes: groundTruth.labels.map { $0 - 1 }, images: objectImages, classCount: classCount,
            imageCount: imageCount)
        detections = Grouping(
            classes: classes, images: detectionImages, classCount: classCount, imageCount: imageCount)
    }

    private static func unknown(
        _ kind: String, _ id: Int, detection: Int, _ results: DetectionResults, _ groundTruth: DetectionAnnotations
    ) -> EvaluationError {
        let fix =
            kind == "image"
            ? "Score against the annotations of the split that was detected on"
            : "Write the annotation file's category ids, not labels; or ignore unknown categories, as pycocotools does"
        return EvaluationError(
            source: results.source,
            problem: "detection \(detection) is of \(kind) \(id), which \(groundTruth.source) does not have", fix: fix)
    }

    /// [class][area range]; nil where no object counts.
    func solve(
        _ groundTruth: DetectionAnnotations, _ results: DetectionResults, threads: Int
    ) -> [[ClassCurves?]] {
        let answers = Answers(count: classCount)
        // The largest classes first, so that no thread is left with one at the end.
        let order = (0..<classCount).sorted {
            detections.classStarts[$0 + 1] - detections.classStarts[$0]
                > detections.classStarts[$1 + 1] - detections.classStarts[$1]
        }
        DispatchQueue.concurrentPerform(iterations: min(threads, max(1, classCount))) { _ in
            var scratch = Scratch()
            while let turn = answers.nextTurn() {
                let k = order[turn]
                answers.set(k, solveClass(k, groundTruth, results, &scratch))
            }
        }
        return answers.values
    }

    private func solveClass(
        _ k: Int, _ groundTruth: DetectionAnnotations, _ results: DetectionResults, _ scratch: inout Scratch
    ) -> [ClassCurves?] {
        let counts = COCOProtocol.areaRanges.map { limits in
            objects.order[objects.classStarts[k]..<objects.classStarts[k + 1]].count { position in
                let j = Int(position)
                return !groundTruth.flags[j].contains(.crowd) && groundTruth.area[j] >= limits.low
                    && groundTruth.area[j] <= limits.high
            }
        }
        if counts[0] + counts[1] + counts[2] + counts[3] == 0 {
            return COCOProtocol.areaRanges.map { _ in nil }
        }
        matchClass(k, groundTruth, results, &scratch)
        scratch.sortByScore()
        return scratch.sorted.withUnsafeBufferPointer { sorted in
            counts.enumerated().map { range, count in
                count == 0 ? nil : ClassCurves(detections: sorted, areaRange: range, objectCount: count)
            }
        }
    }

    /// Leaves the class's detections that count in `scratch.matched`, images in order of id, best first in each.
    private func matchClass(
        _ k: Int, _ groundTruth: DetectionAnnotations, _ results: DetectionResults, _ scratch: inout Scratch
    ) {
        let limit = COCOProtocol.detectionLimits[COCOProtocol.detectionLimits.count - 1]
        scratch.matched.removeAll(keepingCapacity: true)
        var object = objects.classStarts[k]
        let lastObject = objects.classStarts[k + 1]
        var detection = detections.classStarts[k]
        let lastDetection = detections.classStarts[k + 1]
        // Images with objects alone add to no list, so it is enough to visit those with detections.
        while detection < lastDetection {
            let image = detectionImages[Int(detections.order[detection])]
            scratch.ranking.removeAll(keepingCapacity: true)
            while detection < lastDetection, detectionImages[Int(detections.order[detection])] == image {
                let i = detections.order[detection]
                scratch.ranking.append((results.scores[Int(i)], i))
                detection += 1
            }
            // Grouped positions ascend, so they settle ties the way a stable sort would.
            scratch.ranking.sort { $0.score != $1.score ? $0.score > $1.score : $0.position < $1.position }

            scratch.image.clear()
            while object < lastObject, objectImages[Int(objects.order[object])] < image { object += 1 }
            while object < lastObject, objectImages[Int(objects.order[object])] == image {
                let j = Int(objects.order[object])
                scratch.image.objects.append(
                    ImageOfClass.Object(
                        box: ImageOfClass.Rectangle(
                            x: groundTruth.x[j], y: groundTruth.y[j], width: groundTruth.width[j],
                            height: groundTruth.height[j]),
                        area: groundTruth.area[j], isCrowd: groundTruth.flags[j].contains(.crowd),
                        hasIDZero: groundTruth.annotationIDs[j] == 0))
                object += 1
            }
            let first = scratch.matched.count
            for (rank, entry) in scratch.ranking.prefix(limit).enumerated() {
                let i = Int(entry.position)
                scratch.image.detections.append(
                    ImageOfClass.Rectangle(
                        x: results.x[i], y: results.y[i], width: results.width[i], height: results.height[i]))
                scratch.matched.append(MatchedDetection(score: entry.score, rank: UInt8(rank)))
            }
            scratch.matched.withUnsafeMutableBufferPointer { buffer in
                if let base = buffer.baseAddress { scratch.image.match(into: base + first) }
            }
        }
    }
}

/// What one thread reuses from class to class.
private struct Scratch {
    var image = ImageOfClass()
    var ranking: [(score: Double, position: Int32)] = []
    var matched: [MatchedDetection] = []
    var sorted: [MatchedDetection] = []
    private var places: [(score: Double, position: Int32)] = []

    /// `matched` into `sorted`, best first, equals in their order.
    mutating func sortByScore() {
        places.removeAll(keepingCapacity: true)
        for (i, detection) in matched.enumerated() { places.append((detection.score, Int32(i))) }
        places.sort { $0.score != $1.score ? $0.score > $1.score : $0.position < $1.position }
        sorted.removeAll(keepingCapacity: true)
        for place in places { sorted.append(matched[Int(place.position)]) }
    }
}

/// Hands classes out to threads and keeps what comes back.
private final class Answers: @unchecked Sendable {
    private let lock = NSLock()
    private var turn = 0
    private let count: Int
    private(set) var values: [[ClassCurves?]]

    init(count: Int) {
        self.count = count
        values = Array(repeating: [], count: count)
    }

    func nextTurn() -> Int? {
        lock.withLock {
            guard turn < count else { return nil }
            turn += 1
            return turn - 1
        }
    }

    func set(_ k: Int, _ value: [ClassCurves?]) { lock.withLock { values[k] = value } }
}
