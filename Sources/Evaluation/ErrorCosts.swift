import Annotations

/// What each kind of error costs: the AP that is gained where that kind alone is mended (TIDE, section 2.3).
///
/// A wrong class or place is mended by making the best such detection of an object that was not found right, and leaving
/// the others out; a duplicate, a detection of background and one that is wrong in both by leaving it out; a missed object
/// by no longer asking for it. The AP is COCO's at the matching's threshold, the mean over the classes that have objects.
/// The gains don't add up: each one is measured alone.
public struct ErrorCosts: Hashable, Sendable, Codable {
    /// What one kind of error costs.
    public struct Cost: Hashable, Sendable, Codable {
        /// The kind of error.
        public var kind: ErrorAnalysis.Kind
        /// How many errors are of the kind.
        public var count: Int
        /// How much AP, on a scale of 0…1, is gained where they are mended.
        public var gain: Double
    }

    /// The IoU from which a detection finds an object.
    public var foregroundThreshold: Double
    /// The IoU up to which a detection is on background.
    public var backgroundThreshold: Double
    /// Average precision as it is, in 0…1; −1 where no class has objects, and then every gain is 0.
    public var ap: Double
    /// The cost of each kind, in the order of ``ErrorAnalysis/Kind``'s cases.
    public var costs: [Cost]
    /// How many detections are wrong, of whatever kind.
    public var falsePositives: Int
    /// The AP that is gained where all wrong detections are left out.
    public var falsePositiveGain: Double
    /// How many objects were not found.
    public var falseNegatives: Int
    /// The AP that is gained where the objects that were not found are no longer asked for.
    public var falseNegativeGain: Double

    /// Mends each kind of error alone, and scores the rest anew.
    public init(_ analysis: ErrorAnalysis) {
        let matching = analysis.matching
        foregroundThreshold = matching.iouThreshold
        backgroundThreshold = analysis.backgroundThreshold
        let ap = analysis.averagePrecision(mending: [])
        func gain(_ mended: Double) -> Double { ap < 0 ? 0 : mended - ap }
        self.ap = ap
        costs = ErrorAnalysis.Kind.allCases.map {
            Cost(kind: $0, count: analysis.count($0), gain: gain(analysis.averagePrecision(mending: [$0])))
        }
        falsePositives = analysis.findings.count
        falsePositiveGain = gain(analysis.averagePrecisionWithoutFalsePositives())
        let unfound = (0..<matching.groundTruth.objectCount).filter {
            matching.isCounted(object: $0) && matching.finders[$0] == nil
        }
        falseNegatives = unfound.count
        falseNegativeGain = gain(analysis.averagePrecision(mending: [], without: unfound))
    }

    /// A table for a terminal: a line for each kind, and for all wrong detections and all objects not found.
    public func table() -> String {
        let rows: [(String, Int, Double)] =
            costs.map { ($0.kind.rawValue, $0.count, $0.gain) } + [
                ("all false positives", falsePositives, falsePositiveGain),
                ("all false negatives", falseNegatives, falseNegativeGain),
            ]
        let widest = rows.map(\.0.count).max() ?? 0
        let header =
            " \("error".padded(widest))  \("count".padded(8, left: true))  \("AP gained".padded(9, left: true))"
        let base =
            " AP at IoU ≥ \(foregroundThreshold) = \(ap < 0 ? "–" : ap.threeDigits); "
            + "below IoU \(backgroundThreshold) is background"
        return
            ([base, "", header]
            + rows.map {
                " \($0.0.padded(widest))  \(String($0.1).padded(8, left: true))  "
                    + "\($0.2.threeDigits.padded(9, left: true))"
            }).joined(separator: "\n")
    }
}

extension ErrorAnalysis {
    /// The mean AP once these kinds are mended and some more objects are no longer asked for. −1 where no class has
    /// objects. As in the authors' program a class of which nothing is asked any more leaves the mean, unless it has
    /// detections left, all of them wrong.
    package func averagePrecision(mending kinds: Set<Kind>, without dropped: [Int] = []) -> Double {
        var entries = matching.ranked
        var rightNow = Set<Int>()
        var leftOut = Set<Int>()
        var arrivals: [Int: [Int]] = [:]
        var departures = Set<Int>()
        for finding in findings where kinds.contains(finding.kind) {
            let i = finding.detection
            guard let object = finding.object, candidates[object] == i else {
                leftOut.insert(i)
                continue
            }
            rightNow.insert(i)
            let label = Int(matching.groundTruth.labels[object])
            if label != matching.labels[i] {
                arrivals[label - 1, default: []].append(i)
                departures.insert(i)
            }
        }
        for k in entries.indices {
            entries[k].removeAll { leftOut.contains($0) || departures.contains($0) }
            if let new = arrivals[k] { entries[k] = matching.sorted(entries[k] + new) }
        }
        var counts = matching.objectCounts
        for j in dropped + (kinds.contains(.missed) ? missed : []) {
            counts[Int(matching.groundTruth.labels[j]) - 1] -= 1
        }
        return mean(counts: counts) { k in
            entries[k].map { i in
                if case .right = matching.outcomes[i] { return true }
                return rightNow.contains(i)
            }
        }
    }

    func averagePrecisionWithoutFalsePositives() -> Double {
        mean(counts: matching.objectCounts) { k in
            matching.ranked[k].filter { matching.outcomes[$0] != .wrong }.map { _ in true }
        }
    }

    /// The mean over the classes that had objects at first. `isRight` gives a class's ranking.
    private func mean(counts: [Int], isRight: (Int) -> [Bool]) -> Double {
        let classes = counts.indices.filter { matching.objectCounts[$0] > 0 }
        guard !classes.isEmpty else { return -1 }
        let values = classes.compactMap { k -> Double? in
            let ranking = isRight(k)
            if counts[k] == 0 { return ranking.isEmpty ? nil : 0 }
            return PrecisionRecallCurve.averagePrecision(isRight: ranking, objects: counts[k])
        }
        // Nothing is asked for and nothing is wrong.
        return values.isEmpty ? 1 : values.reduce(0, +) / Double(values.count)
    }
}
