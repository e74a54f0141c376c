/// How many detections of a class are right and wrong, and how many objects are missed, at score thresholds from 0 to 1 in equal
/// steps.
public struct ThresholdCounts: Hashable, Sendable {
    /// The class's name.
    public var name: String
    /// Objects to find.
    public var objects: Int
    /// For each threshold, the right detections of its score or a higher one.
    public private(set) var right: [Int]
    /// For each threshold, the wrong detections of its score or a higher one.
    public private(set) var wrong: [Int]
    /// For each threshold, the objects that no detection of its score or a higher one found.
    public var missed: [Int] { right.map { objects - $0 } }

    /// The counts of every class, in the order of labels. A score below 0 counts as 0, one above 1 as 1.
    ///
    /// - Parameters:
    ///   - matching: The detections with the objects that they found.
    ///   - thresholds: How many thresholds there are, at least 2.
    public static func counts(of matching: DetectionMatching, thresholds: Int = 101) -> [ThresholdCounts] {
        precondition(thresholds >= 2, "ThresholdCounts: \(thresholds) thresholds; from 0 to 1 there are at least 2")
        return matching.ranked.indices.map { ThresholdCounts(matching, class: $0, thresholds: thresholds) }
    }

    private init(_ matching: DetectionMatching, class k: Int, thresholds: Int) {
        var right = [Int](repeating: 0, count: thresholds), wrong = right
        for i in matching.ranked[k] {
            let place = Self.place(of: matching.results.scores[i], thresholds: thresholds)
            if case .right = matching.outcomes[i] { right[place] += 1 } else { wrong[place] += 1 }
        }
        self.init(
            name: matching.groundTruth.classNames[k], objects: matching.objectCounts[k], rightFrom: right,
            wrongFrom: wrong)
    }

    /// The counts of scores that were sorted by the highest threshold that each of them reaches. Lists of different lengths trap.
    ///
    /// - Parameters:
    ///   - name: The class's name.
    ///   - objects: Objects to find.
    ///   - rightFrom: For each threshold, the right answers whose score reaches it and not the next.
    ///   - wrongFrom: Likewise the wrong answers.
    public init(name: String, objects: Int, rightFrom: [Int], wrongFrom: [Int]) {
        precondition(
            rightFrom.count == wrongFrom.count,
            "ThresholdCounts: \(rightFrom.count) and \(wrongFrom.count) thresholds")
        self.name = name
        self.objects = objects
        (right, wrong) = (rightFrom, wrongFrom)
        for place in right.indices.dropLast().reversed() {
            right[place] += right[place + 1]
            wrong[place] += wrong[place + 1]
        }
    }

    /// The counts of several classes together. Lists of different lengths trap.
    ///
    /// - Parameters:
    ///   - counts: What is summed.
    ///   - name: What the sum is called.
    public init(sumOf counts: [ThresholdCounts], name: String) {
        self.name = name
        objects = counts.reduce(0) { $0 + $1.objects }
        let count = counts.first?.right.count ?? 0
        precondition(counts.allSatisfy { $0.right.count == count }, "ThresholdCounts: counts at different thresholds")
        right = (0..<count).map { place in counts.reduce(0) { $0 + $1.right[place] } }
        wrong = (0..<count).map { place in counts.reduce(0) { $0 + $1.wrong[place] } }
    }

    /// The highest threshold that a score reaches, by its place. The division decides, so that a score of exactly 0.29 reaches
    /// the threshold 29/100.
    public static func place(of score: Double, thresholds: Int) -> Int {
        let steps = Double(thresholds - 1)
        var place = Int(min(max(score, 0), 1) * steps)
        while place + 1 < thresholds, score >= Double(place + 1) / steps { place += 1 }
        while place > 0, score < Double(place) / steps { place -= 1 }
        return place
    }
}
