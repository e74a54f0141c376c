import Annotations

/// Which detection found which object at one IoU threshold, by COCO's rule: in each image and class, from the best score
/// on, a detection takes the free object that it overlaps most, the later one of equals. Of an image's detections of a
/// class the best 100 count. Difficult objects are objects like others here.
public struct DetectionMatching: Sendable {
    /// How a detection came out.
    public enum Outcome: Hashable, Sendable {
        /// It found the object at this position of the annotations.
        case right(object: Int)
        /// It found no object: all that it overlaps enough are found already, or none is there.
        case wrong
        /// It lies on a crowd of its class, or beyond its image's best 100: neither right nor wrong.
        case ignored
    }

    /// The annotations that were matched.
    public let groundTruth: DetectionAnnotations
    /// The detections that were matched.
    public let results: DetectionResults
    /// The IoU from which a detection finds an object.
    public let iouThreshold: Double
    /// How every detection came out.
    public let outcomes: [Outcome]
    /// For every object, the detection that found it; nil where none did.
    public let finders: [Int?]
    /// For every detection, the position of its image in the annotations.
    public let images: [Int]
    /// The label of every detection, 1…classCount.
    public let labels: [Int]
    /// For every class, the detections that are right or wrong, best first; equal scores in the order of image id and file.
    public let ranked: [[Int]]
    /// For every class, how many objects there are to find, which crowds are not.
    public let objectCounts: [Int]
    /// For every image, its place among the ids in ascending order.
    private let imagePlaces: [Int32]

    private static let limit = COCOProtocol.detectionLimits[COCOProtocol.detectionLimits.count - 1]

    /// Matches all detections with the objects of their images and classes.
    ///
    /// - Throws: ``EvaluationError`` for an image or category that the ground truth does not have, and for a score or box
    ///   that is not a number.
    public init(
        groundTruth: DetectionAnnotations, results: DetectionResults, iouThreshold: Double = 0.5
    ) throws {
        let known = try KnownDetections(groundTruth: groundTruth, results: results, unknownCategories: .fail)
        self.groundTruth = groundTruth
        self.results = results
        self.iouThreshold = iouThreshold
        images = known.images.map(Int.init)
        labels = known.classes.map { Int($0) + 1 }
        imagePlaces = ImageOrder(groundTruth).places

        var outcomes = [Outcome](repeating: .ignored, count: results.count)
        var finders = [Int?](repeating: nil, count: groundTruth.objectCount)
        let groups = Grouping(
            classes: known.classes, images: known.images, classCount: groundTruth.classCount,
            imageCount: groundTruth.imageCount)
        var first = 0
        while first < groups.order.count {
            let image = known.images[Int(groups.order[first])]
            let label = known.classes[Int(groups.order[first])]
            var end = first + 1
            while end < groups.order.count, known.images[Int(groups.order[end])] == image,
                known.classes[Int(groups.order[end])] == label
            { end += 1 }
            let best = groups.order[first..<end].map(Int.init).sorted {
                results.scores[$0] != results.scores[$1] ? results.scores[$0] > results.scores[$1] : $0 < $1
            }
            let objects = groundTruth.objects(Int(image)).filter { groundTruth.labels[$0] == label + 1 }
            for i in best.prefix(Self.limit) {
                outcomes[i] = Self.outcome(
                    of: i, objects: objects, groundTruth, results, iouThreshold, finders: &finders)
            }
            first = end
        }
        self.outcomes = outcomes
        self.finders = finders

        var counts = [Int](repeating: 0, count: groundTruth.classCount)
        for j in 0..<groundTruth.objectCount where !groundTruth.flags[j].contains(.crowd) {
            counts[Int(groundTruth.labels[j]) - 1] += 1
        }
        objectCounts = counts
        var ranked = [[Int]](repeating: [], count: groundTruth.classCount)
        for i in 0..<results.count where outcomes[i] != .ignored { ranked[labels[i] - 1].append(i) }
        let order = RankOrder(scores: results.scores, images: images, places: imagePlaces)
        self.ranked = ranked.map { $0.sorted(by: order.precedes) }
    }

    private static func outcome(
        of i: Int, objects: [Int], _ truth: DetectionAnnotations, _ results: DetectionResults, _ threshold: Double,
        finders: inout [Int?]
    ) -> Outcome {
        // An overlap this much below 1 is as good as 1.
        var overlap = min(threshold, 1 - 1e-10)
        var best: Int?
        var isOnCrowd = false
        for j in objects {
            let here = results.overlap(i, with: j, of: truth)
            if truth.flags[j].contains(.crowd) {
                if here >= min(threshold, 1 - 1e-10) { isOnCrowd = true }
            } else if finders[j] == nil, here >= overlap {
                overlap = here
                best = j
            }
        }
        guard let best else { return isOnCrowd ? .ignored : .wrong }
        finders[best] = i
        return .right(object: best)
    }

    /// Detections of any classes, best first, as `ranked` has those of one.
    package func sorted(_ detections: [Int]) -> [Int] {
        detections.sorted(by: RankOrder(scores: results.scores, images: images, places: imagePlaces).precedes)
    }

    /// Whether an object is to be found: a crowd is not.
    public func isCounted(object j: Int) -> Bool { !groundTruth.flags[j].contains(.crowd) }

    /// Whether a detection of this score or a higher one found the object.
    public func isFound(object j: Int, scoreThreshold: Double) -> Bool {
        finders[j].map { results.scores[$0] >= scoreThreshold } ?? false
    }
}

/// The order in which pycocotools goes through detections.
private struct RankOrder {
    let scores: [Double]
    let images: [Int]
    let places: [Int32]

    func precedes(_ a: Int, _ b: Int) -> Bool {
        if scores[a] != scores[b] { return scores[a] > scores[b] }
        let (placeA, placeB) = (places[images[a]], places[images[b]])
        return placeA != placeB ? placeA < placeB : a < b
    }
}
