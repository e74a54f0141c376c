import Annotations

/// What is wrong with each wrong detection, and which objects nothing came near: the error types of TIDE (Bolya et al.,
/// "TIDE: A General Toolbox for Identifying Object Detection Errors", 2020, section 2.2).
///
/// A detection is wrong by COCO's matching at the foreground threshold. Its error is the first that fits of
/// ``Kind/localization``, ``Kind/classification``, ``Kind/duplicate``, ``Kind/background`` and ``Kind/both``, the order
/// of the authors' program. Overlaps are with all objects of the image but crowds.
public struct ErrorAnalysis: Sendable {
    /// A kind of error.
    public enum Kind: String, CaseIterable, Codable, Sendable {
        /// It overlaps an object by the foreground threshold, and has another class.
        case classification
        /// It overlaps an object of its class by the background threshold, and by less than the foreground's.
        case localization
        /// It overlaps an object of another class, and by less than the foreground threshold.
        case both
        /// It overlaps an object of its class by the foreground threshold, and a better detection has found that.
        case duplicate
        /// It overlaps no object by more than the background threshold.
        case background
        /// An object that was not found, and that no error of class or place would have found.
        case missed
    }

    /// One wrong detection.
    public struct Finding: Hashable, Sendable {
        /// What is wrong with the detection.
        public let kind: Kind
        /// The detection's position in the results.
        public let detection: Int
        /// The position in the annotations of the object that it should have found, or did not need to find again; nil
        /// where it is on background.
        public let object: Int?

        package init(kind: Kind, detection: Int, object: Int?) {
            self.kind = kind
            self.detection = detection
            self.object = object
        }
    }

    /// The matching whose wrong detections are explained; its threshold is the foreground's.
    public let matching: DetectionMatching
    /// The IoU up to which a detection is on background.
    public let backgroundThreshold: Double
    /// All wrong detections, in the order of the results.
    public let findings: [Finding]
    /// Objects of kind ``Kind/missed``, by their positions in the annotations.
    public let missed: [Int]
    /// For each object that was not found, the best detection that would have found it with another class or place.
    let candidates: [Int: Int]

    /// Explains the wrong detections of a matching.
    ///
    /// - Parameters:
    ///   - matching: Detections and objects, matched at the foreground threshold.
    ///   - backgroundThreshold: The IoU up to which a detection is on background, below the matching's threshold.
    public init(_ matching: DetectionMatching, backgroundThreshold: Double = 0.1) {
        precondition(
            backgroundThreshold >= 0 && backgroundThreshold < matching.iouThreshold,
            "ErrorAnalysis: background \(backgroundThreshold), foreground \(matching.iouThreshold)")
        self.matching = matching
        self.backgroundThreshold = backgroundThreshold
        var findings: [Finding] = []
        var candidates: [Int: Int] = [:]
        for i in 0..<matching.results.count where matching.outcomes[i] == .wrong {
            let finding = Self.finding(i, matching, backgroundThreshold)
            findings.append(finding)
            guard finding.kind == .classification || finding.kind == .localization, let object = finding.object,
                matching.finders[object] == nil
            else { continue }
            // Among equal scores the first one counts.
            if let other = candidates[object], matching.results.scores[other] >= matching.results.scores[i] { continue }
            candidates[object] = i
        }
        self.findings = findings
        self.candidates = candidates
        missed = (0..<matching.groundTruth.objectCount).filter {
            matching.isCounted(object: $0) && matching.finders[$0] == nil && candidates[$0] == nil
        }
    }

    private static func finding(_ i: Int, _ matching: DetectionMatching, _ background: Double) -> Finding {
        let truth = matching.groundTruth
        let foreground = min(matching.iouThreshold, 1 - 1e-10)
        // The object of most overlap, the first of equals: of the detection's class, and of the others.
        var own: (object: Int?, overlap: Double) = (nil, 0)
        var other: (object: Int?, overlap: Double) = (nil, 0)
        for j in truth.objects(matching.images[i]) where matching.isCounted(object: j) {
            let overlap = matching.results.overlap(i, with: j, of: truth)
            if Int(truth.labels[j]) == matching.labels[i] {
                if overlap > own.overlap { own = (j, overlap) }
            } else if overlap > other.overlap {
                other = (j, overlap)
            }
        }
        if own.object != nil, own.overlap >= background, own.overlap < foreground {
            return Finding(kind: .localization, detection: i, object: own.object)
        }
        if other.object != nil, other.overlap >= foreground {
            return Finding(kind: .classification, detection: i, object: other.object)
        }
        if own.overlap >= foreground { return Finding(kind: .duplicate, detection: i, object: own.object) }
        if max(own.overlap, other.overlap) <= background {
            return Finding(kind: .background, detection: i, object: nil)
        }
        return Finding(kind: .both, detection: i, object: other.object)
    }

    /// How many errors of each kind there are.
    public func count(_ kind: Kind) -> Int {
        kind == .missed ? missed.count : findings.count { $0.kind == kind }
    }
}
