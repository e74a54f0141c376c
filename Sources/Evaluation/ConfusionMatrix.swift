import Annotations

/// How often objects of each class were detected as each class, at one IoU and one score threshold.
///
/// First every detection meets objects of its own class, as in COCO's evaluation, so that the diagonal counts what was
/// found. A detection that is left over then takes, from the best score on, the object of another class that it overlaps
/// most among those not found. What is still left over is a detection of background, or a missed object. Crowds, and
/// detections on them, are not counted.
public struct ConfusionMatrix: Hashable, Sendable, Codable {
    /// The names of the classes in label order, without the background.
    public var classNames: [String]
    /// The IoU from which a detection meets an object.
    public var iouThreshold: Double
    /// The score from which a detection is counted.
    public var scoreThreshold: Double
    /// How often objects of a class were detected as a class: `counts[annotated][detected]`, each a label less one. The last
    /// row and the last column are the background.
    public var counts: [[Int]]

    /// Index of the row of what was not annotated, and of the column of what was not detected.
    public var background: Int { classNames.count }

    /// Counts the detections of a score at the threshold or above, at the matching's IoU threshold.
    public init(_ matching: DetectionMatching, scoreThreshold: Double) {
        let truth = matching.groundTruth
        let results = matching.results
        classNames = truth.classNames
        iouThreshold = matching.iouThreshold
        self.scoreThreshold = scoreThreshold
        let none = truth.classCount
        var counts = [[Int]](repeating: [Int](repeating: 0, count: none + 1), count: none + 1)

        var isMet = (0..<truth.objectCount).map { matching.isFound(object: $0, scoreThreshold: scoreThreshold) }
        var leftOver: [Int] = []
        for i in 0..<results.count where results.scores[i] >= scoreThreshold {
            switch matching.outcomes[i] {
            case .right: counts[matching.labels[i] - 1][matching.labels[i] - 1] += 1
            case .wrong: leftOver.append(i)
            case .ignored: break
            }
        }
        for i in matching.sorted(leftOver) {
            var best: Int?
            var overlap = matching.iouThreshold
            for j in truth.objects(matching.images[i])
            where !isMet[j] && matching.isCounted(object: j) && Int(truth.labels[j]) != matching.labels[i] {
                let here = results.overlap(i, with: j, of: truth)
                if here >= overlap, best == nil || here > overlap {
                    overlap = here
                    best = j
                }
            }
            if let best { isMet[best] = true }
            counts[best.map { Int(truth.labels[$0]) - 1 } ?? none][matching.labels[i] - 1] += 1
        }
        for j in 0..<truth.objectCount where !isMet[j] && matching.isCounted(object: j) {
            counts[Int(truth.labels[j]) - 1][none] += 1
        }
        self.counts = counts
    }
}
