import Annotations

/// Precision against recall of one class at one IoU threshold.
public struct PrecisionRecallCurve: Hashable, Sendable, Codable {
    /// What holds if detections of this score and better ones are taken.
    public struct Point: Hashable, Sendable, Codable {
        /// The score from which detections are taken.
        public var score: Double
        /// The share of the objects that were found.
        public var recall: Double
        /// The share of the detections that are right.
        public var precision: Double

        /// The harmonic mean of precision and recall.
        public var f1: Double { precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0 }
    }

    /// The class's name.
    public var name: String
    /// Objects to find.
    public var objects: Int
    /// Detections that are right or wrong.
    public var detections: Int
    /// A point at each right detection, best score first; precision only falls between them.
    public var points: [Point]
    /// COCO's average precision: the mean, over 101 recalls, of the best precision at that recall or above; −1 without
    /// objects.
    public var ap: Double

    /// The curve of every class, in the order of labels.
    public static func curves(of matching: DetectionMatching) -> [PrecisionRecallCurve] {
        matching.ranked.indices.map { PrecisionRecallCurve(matching, class: $0) }
    }

    init(_ matching: DetectionMatching, class k: Int) {
        let ranked = matching.ranked[k]
        name = matching.groundTruth.classNames[k]
        objects = matching.objectCounts[k]
        detections = ranked.count
        points = []
        var isRight: [Bool] = []
        for (place, i) in ranked.enumerated() {
            guard case .right = matching.outcomes[i] else {
                isRight.append(false)
                continue
            }
            isRight.append(true)
            let found = points.count + 1
            points.append(
                Point(
                    score: matching.results.scores[i], recall: Double(found) / Double(objects),
                    precision: Double(found) / Double(place + 1)))
        }
        ap = Self.averagePrecision(isRight: isRight, objects: objects)
    }

    /// The point of the highest F1; nil where nothing is right.
    public var best: Point? { points.max { $0.f1 < $1.f1 } }

    /// Corners of the falling staircase under which `ap` is the area: at each recall the best precision from there on.
    public var envelope: [(recall: Double, precision: Double)] {
        var corners: [(recall: Double, precision: Double)] = []
        var best = 0.0
        for point in points.reversed() where point.precision > best {
            best = point.precision
            corners.append((point.recall, best))
        }
        return corners.reversed()
    }

    /// COCO's average precision of a ranking, best first; −1 without objects.
    static func averagePrecision(isRight: [Bool], objects: Int) -> Double {
        guard objects > 0 else { return -1 }
        var precisions: [Double] = []
        for (place, right) in isRight.enumerated() where right {
            precisions.append(Double(precisions.count + 1) / (Double(place + 1) + 1.0.ulp))
        }
        for k in precisions.indices.dropFirst().reversed() {
            precisions[k - 1] = max(precisions[k - 1], precisions[k])
        }
        var sum = 0.0
        var k = 1
        for level in COCOProtocol.recallThresholds {
            while k <= precisions.count, Double(k) / Double(objects) < level { k += 1 }
            if k > precisions.count { break }
            sum += precisions[k - 1]
        }
        return sum / Double(COCOProtocol.recallThresholds.count)
    }
}
