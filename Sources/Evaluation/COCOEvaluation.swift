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
    ///   - threads: Threads that read each file, both at the same time, and that score; nil takes one for each processor, and up
    ///     to four to read. 1 does one thing after the other.
    /// - Throws: `AnnotationError` for a file that can't be read; ``EvaluationError`` as
    ///   ``evaluate(groundTruth:results:unknownCategories:threads:)`` does.
    public static func evaluate(
        annotationsPath: String, resultsPath: String, unknownCategories: UnknownCategories = .fail,
        threads: Int? = nil
    ) throws -> COCOScores {
        let (groundTruth, results) = try COCO.readToScore(annotations: annotationsPath, threads: threads) {
            try COCO.readResults(resultsPath, threads: threads)
        }
        return try evaluate(
            groundTruth: groundTruth, results: results, unknownCategories: unknownCategories, threads: threads)
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
struct COCOProblem {
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
        forEachClass(threads: threads) { k, scratch in solveClass(k, groundTruth, results, scratch) }
    }

    /// Every class's matches, which don't depend on the other images that there are.
    func match(
        _ groundTruth: DetectionAnnotations, _ results: DetectionResults, threads: Int
    ) -> [COCOMatches.ClassMatches] {
        forEachClass(threads: threads) { k, scratch in
            let objects = gatherObjects(of: k, groundTruth, scratch)
            let (matched, order) = matchClass(k, results, objects, scratch)
            return COCOMatches.ClassMatches(
                detections: Array(matched), order: Array(order),
                objects: objects.map { .init(image: $0.image, outside: $0.outside) })
        }
    }

    private func forEachClass<Answer: Sendable>(
        threads: Int, _ solve: @escaping @Sendable (_ k: Int, Scratch) -> Answer
    ) -> [Answer] {
        // The largest classes first, so that no thread is left with one at the end.
        let sizes: [Int] = (0..<classCount).map { detections.classStarts[$0 + 1] - detections.classStarts[$0] }
        let order: [Int] = sizes.indices.sorted { sizes[$0] > sizes[$1] }
        let solved = parallelMap(count: classCount, threads: threads, scratch: { Scratch() }) { scratch, turn in
            solve(order[turn], scratch)
        }
        return zip(order, solved).sorted { $0.0 < $1.0 }.map(\.1)
    }

    private func solveClass(
        _ k: Int, _ groundTruth: DetectionAnnotations, _ results: DetectionResults, _ scratch: Scratch
    ) -> [ClassCurves?] {
        let objects = gatherObjects(of: k, groundTruth, scratch)
        // Objects that count, per area range.
        let counts = COCOProtocol.areaRanges.indices.map { range in
            objects.count { $0.outside >> RangeBits(16 * range) & 1 == 0 }
        }
        if counts.allSatisfy({ $0 == 0 }) {
            return COCOProtocol.areaRanges.map { _ in nil }
        }
        let (matched, order) = matchClass(k, results, objects, scratch)
        return scratch.accumulator.curves(of: matched, order: order, objectCounts: counts)
    }

    /// The objects of a class, images in order of id.
    private func gatherObjects(
        of k: Int, _ groundTruth: DetectionAnnotations, _ scratch: Scratch
    ) -> UnsafeBufferPointer<MatchableObject> {
        let positions = objects.order[objects.classStarts[k]..<objects.classStarts[k + 1]]
        let gathered = scratch.objects.room(for: positions.count)
        for (place, position) in positions.enumerated() {
            let j = Int(position)
            let isCrowd = groundTruth.flags[j].contains(.crowd)
            gathered[place] = MatchableObject(
                box: Rectangle(
                    x: groundTruth.x[j], y: groundTruth.y[j], width: groundTruth.width[j],
                    height: groundTruth.height[j]),
                isCrowd: isCrowd, hasIDZero: groundTruth.annotationIDs[j] == 0,
                outside: isCrowd ? ~0 : scratch.ranges.outside(groundTruth.area[j]), image: objectImages[j])
        }
        return UnsafeBufferPointer(gathered)
    }

    /// The class's detections that count, and their positions from the best on; equals in order of image id and file.
    private func matchClass(
        _ k: Int, _ results: DetectionResults, _ objects: UnsafeBufferPointer<MatchableObject>, _ scratch: Scratch
    ) -> (matched: UnsafeBufferPointer<MatchedDetection>, order: UnsafeBufferPointer<RankedScore>) {
        let positions = detections.order[detections.classStarts[k]..<detections.classStarts[k + 1]]
        let boxes = scratch.boxes.room(for: positions.count)
        let images = scratch.images.room(for: positions.count)
        let ranking = scratch.ranking.room(for: positions.count)
        let spare = scratch.spare.room(for: positions.count)
        let matched = scratch.matched.room(for: positions.count)
        for (place, position) in positions.enumerated() {
            let i = Int(position)
            boxes[place] = Rectangle(
                x: results.x[i], y: results.y[i], width: results.width[i], height: results.height[i])
            images[place] = detectionImages[i]
            // Grouped positions ascend, so they settle ties the way a stable sort would.
            ranking[place] = RankedScore(score: results.scores[i], position: place)
        }

        let limit = COCOProtocol.detectionLimits[COCOProtocol.detectionLimits.count - 1]
        var object = 0
        var detection = 0
        var count = 0
        // Images with objects alone add to no list, so it is enough to visit those with detections.
        while detection < boxes.count {
            let image = images[detection]
            let first = detection
            while detection < boxes.count, images[detection] == image { detection += 1 }
            while object < objects.count, objects[object].image < image { object += 1 }
            let firstObject = object
            while object < objects.count, objects[object].image == image { object += 1 }

            let ofImage = UnsafeMutableBufferPointer(rebasing: ranking[first..<detection])
            ofImage.sortBestFirst(spare: spare)
            let best = UnsafeBufferPointer(rebasing: ofImage[..<min(limit, ofImage.count)])
            scratch.matcher.match(
                best, boxes: UnsafeBufferPointer(boxes),
                to: UnsafeBufferPointer(rebasing: objects[firstObject..<object]), of: image,
                into: UnsafeMutableBufferPointer(rebasing: matched[count..<count + best.count]))
            // From here on a position is a place in `matched`.
            for element in best {
                ranking[count] = RankedScore(key: element.key, position: Int32(count))
                count += 1
            }
        }
        let order = UnsafeMutableBufferPointer(rebasing: ranking[..<count])
        order.sortBestFirst(spare: spare)
        return (UnsafeBufferPointer(rebasing: matched[..<count]), UnsafeBufferPointer(order))
    }
}

/// What one thread reuses from class to class.
private final class Scratch {
    let objects = ReusedMemory<MatchableObject>()
    let boxes = ReusedMemory<Rectangle>()
    let images = ReusedMemory<Int32>()
    let ranking = ReusedMemory<RankedScore>()
    let spare = ReusedMemory<RankedScore>()
    let matched = ReusedMemory<MatchedDetection>()
    let ranges = AreaRanges()
    let matcher = Matcher()
    let accumulator = CurveAccumulator()
}
