import Annotations

/// Pascal VOC's evaluation: average precision of every class at one IoU threshold, and their mean, by the rules of the
/// devkit's `VOCevaldet.m` (Everingham et al., "The PASCAL Visual Object Classes (VOC) Challenge", 2010, section 4.2).
///
/// A detection belongs to the object of its class that it overlaps most; it is right if that overlap reaches the
/// threshold and the object is still free, wrong if the object is taken (a duplicate) or the overlap too small, and
/// passed over if the object is difficult or a crowd. Neither of these is missed either.
///
/// Boxes are 0-based with exclusive far edges, as `VOCFolder` reads them, in which the devkit's widths
/// xmax − xmin + 1 are plain differences.
public enum VOCEvaluation {
    /// How precision and recall become one number.
    public enum Method: String, Sendable, Codable, CaseIterable {
        /// VOC 2007: the mean over recall 0, 0.1, … 1 of the best precision at that recall or above.
        case elevenPoint
        /// VOC 2010 and later: the area under the precision envelope.
        case allPoint
    }

    /// Scores detections.
    ///
    /// - Parameters:
    ///   - groundTruth: The annotations of every image that was detected on.
    ///   - results: The detections, with the annotations' image and category ids.
    ///   - iouThreshold: The IoU from which a detection is right.
    ///   - method: How precision and recall become one number.
    /// - Throws: ``EvaluationError`` for an image or category that the ground truth does not have, and for a score or box
    ///   that is not a number.
    public static func evaluate(
        groundTruth: DetectionAnnotations, results: DetectionResults, iouThreshold: Double = 0.5,
        method: Method = .allPoint
    ) throws -> VOCScores {
        try VOCMatches(groundTruth: groundTruth, results: results, iouThreshold: iouThreshold).scores(method: method)
    }
}

/// Precision and recall as detections come in, best first.
struct PrecisionRecall {
    let toFind: Int
    private var right = 0
    private var seen = 0
    /// At each right detection; recall and precision only rise there.
    private var precisions: [Double] = []

    init(toFind: Int) { self.toFind = toFind }

    /// To the bit what the devkit's `0:0.1:1` gives in MATLAB, which fills a range from both ends: the fourth is a little
    /// above 0.3, so that a recall of 3 in 10 does not reach it.
    private static let elevenLevels = (0...10).map { level -> Double in
        switch level {
        case 5: 0.5
        case ..<5: Double(level) * 0.1
        default: 1 - Double(10 - level) * 0.1
        }
    }

    /// Adds a detection that many times.
    mutating func add(isRight: Bool, times: Int = 1) {
        guard isRight else {
            seen += times
            return
        }
        for _ in 0..<times {
            seen += 1
            right += 1
            precisions.append(Double(right) / Double(seen))
        }
    }

    /// −1 when there is nothing to find.
    func averagePrecision(_ method: VOCEvaluation.Method) -> Double {
        if toFind == 0 { return -1 }
        var best = precisions
        if best.count > 1 {
            for k in stride(from: best.count - 2, through: 0, by: -1) { best[k] = max(best[k], best[k + 1]) }
        }
        switch method {
        case .allPoint:
            return best.reduce(0, +) / Double(toFind)
        case .elevenPoint:
            var sum = 0.0
            for level in Self.elevenLevels {
                // The first right detection whose recall reaches the level.
                var needed = max(1, Int(level * Double(toFind)) - 1)
                while needed <= best.count, Double(needed) / Double(toFind) < level { needed += 1 }
                if needed <= best.count { sum += best[needed - 1] }
            }
            return sum / 11
        }
    }
}
