import Annotations
import Foundation
import Support

/// COCO's evaluation of boxes: average precision and recall over ten IoU thresholds, equal to pycocotools' `COCOeval`
/// (<https://cocodataset.org/#detection-eval>).
///
/// Objects marked `iscrowd` match any number of detections and count neither way. pycocotools' habits are kept: equal
/// scores stay in the order of image id and file, `ignore` has no effect of its own, an object with annotation id 0
/// takes detections without ever making them right, and a detection of zero size can't match.
public enum COCOEvaluation {
    /// What to do with detections of a category that the ground truth does not have.
    public enum UnknownCategories: Sendable {
        /// Throw an ``EvaluationError``.
        case fail
        /// Leave them out, as pycocotools does.
        case ignore
    }

    /// Reads annotations and results and scores them. Annotations of unknown images or categories are left out, as in
    /// pycocotools.
    ///
    /// - Parameters:
    ///   - annotationsPath: An instances file, such as `instances_val2017.json`.
    ///   - resultsPath: A results file, such as `detections.json`.
    ///   - unknownCategories: What becomes of detections whose category the annotations lack.
    ///   - threads: Threads that read and score; nil takes one for each processor, and up to four to read.
    /// - Throws: `AnnotationError` for a file that can't be read; ``EvaluationError`` as
    ///   ``evaluate(groundTruth:results:unknownCategories:threads:)`` does.
    public static func evaluate(
        annotationsPath: String, resultsPath: String, unknownCategories: UnknownCategories = .fail,
        threads: Int? = nil
    ) throws -> COCOScores {
        try evaluate(
            groundTruth: COCO.readInstances(
                annotationsPath, unknownReferences: .drop, fileNames: .unopened, threads: threads),
            results: COCO.readResults(resultsPath, threads: threads), unknownCategories: unknownCategories,
            threads: threads)
    }

    /// Scores detections.
    ///
    /// - Parameters:
    ///   - groundTruth: The annotations of every image that was detected on.
    ///   - results: The detections, with the annotations' image and category ids.
    ///   - unknownCategories: What becomes of detections whose category the annotations lack.
    ///   - threads: Threads that score; nil takes one for each processor. The numbers don't depend on it.
    /// - Throws: ``EvaluationError`` for an image that the ground truth does not have, for an unknown category, and for a
    ///   score or box that is not a number.
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
        classCount = groundTruth.classCount
        let known = try KnownDetections(
            groundTruth: groundTruth, results: results, unknownCategories: unknownCategories)
        let imageOrder = ImageOrder(groundTruth)
        objectImages = imageOrder.objectImages(groundTruth)
        detectionImages = known.images.map { imageOrder.places[Int($0)] }
        objects = Grouping(
            classes: groundTruth.labels.map { $0 - 1 }, images: objectImages, classCount: classCount,
            imageCount: groundTruth.imageCount)
        detections = Grouping(
            classes: known.classes, images: detectionImages, classCount: classCount,
            imageCount: groundTruth.imageCount)
    }

    /// [class][area range]; nil where no object counts.
    func solve(
        _ groundTruth: DetectionAnnotations, _ results: DetectionResults, threads: Int
    ) -> [[ClassCurves?]] {
        // The largest classes first, so that no thread is left with one at the end.
        let sizes: [Int] = (0..<classCount).map { detections.classStarts[$0 + 1] - detections.classStarts[$0] }
        let order: [Int] = sizes.indices.sorted { sizes[$0] > sizes[$1] }
        let solved = parallelMap(count: classCount, threads: threads, scratch: { Scratch() }) { scratch, turn in
            solveClass(order[turn], groundTruth, results, &scratch)
        }
        var answers = [[ClassCurves?]](repeating: [], count: classCount)
        for (k, curves) in zip(order, solved) { answers[k] = curves }
        return answers
    }

    private func solveClass(
        _ k: Int, _ groundTruth: DetectionAnnotations, _ results: DetectionResults, _ scratch: inout Scratch
    ) -> [ClassCurves?] {
        // Objects that count, per area range.
        var counts = [Int](repeating: 0, count: COCOProtocol.areaRanges.count)
        for position in objects.order[objects.classStarts[k]..<objects.classStarts[k + 1]] {
            let area = groundTruth.area[Int(position)]
            if groundTruth.flags[Int(position)].contains(.crowd) { continue }
            for (range, limits) in COCOProtocol.areaRanges.enumerated() where limits.low <= area && area <= limits.high
            {
                counts[range] += 1
            }
        }
        if counts.allSatisfy({ $0 == 0 }) {
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
