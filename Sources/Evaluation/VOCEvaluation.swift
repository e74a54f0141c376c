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
        let known = try KnownDetections(groundTruth: groundTruth, results: results, unknownCategories: .fail)
        var objectImages = [Int32](repeating: 0, count: groundTruth.objectCount)
        for i in 0..<groundTruth.imageCount {
            for j in groundTruth.objects(i) { objectImages[j] = Int32(i) }
        }
        let objects = Grouping(
            classes: groundTruth.labels.map { $0 - 1 }, images: objectImages,
            classCount: groundTruth.classCount, imageCount: groundTruth.imageCount)

        var byClass = [[Int]](repeating: [], count: groundTruth.classCount)
        for (i, k) in known.classes.enumerated() where k >= 0 { byClass[Int(k)].append(i) }

        let classes = (0..<groundTruth.classCount).map { k in
            scoreClass(
                k, groundTruth: groundTruth, results: results, detections: byClass[k], detectionImages: known.images,
                objects: objects, objectImages: objectImages, iouThreshold: iouThreshold, method: method)
        }
        return VOCScores(method: method, iouThreshold: iouThreshold, classes: classes)
    }

    private static func scoreClass(
        _ k: Int, groundTruth: DetectionAnnotations, results: DetectionResults, detections: [Int],
        detectionImages: [Int32], objects: Grouping, objectImages: [Int32], iouThreshold: Double, method: Method
    ) -> VOCScores.ClassScore {
        let own = objects.order[objects.classStarts[k]..<objects.classStarts[k + 1]].map { Int($0) }
        var starts: [Int32: Int] = [:]
        for (place, j) in own.enumerated() where starts[objectImages[j]] == nil { starts[objectImages[j]] = place }
        let toFind = own.count { counts(groundTruth.flags[$0]) }

        let order = detections.sorted {
            results.scores[$0] != results.scores[$1] ? results.scores[$0] > results.scores[$1] : $0 < $1
        }
        var taken = [Bool](repeating: false, count: own.count)
        var curve = PrecisionRecall(toFind: toFind)
        for i in order {
            var best = -1
            var overlap = -Double.infinity
            if var place = starts[detectionImages[i]] {
                while place < own.count, objectImages[own[place]] == detectionImages[i] {
                    if let here = self.overlap(results, i, groundTruth, own[place]), here > overlap {
                        overlap = here
                        best = place
                    }
                    place += 1
                }
            }
            if best < 0 || overlap < iouThreshold {
                curve.add(isRight: false)
            } else if counts(groundTruth.flags[own[best]]) {
                curve.add(isRight: !taken[best])
                taken[best] = true
            }
        }
        return VOCScores.ClassScore(
            name: groundTruth.classNames[k], objects: toFind, detections: detections.count,
            ap: curve.averagePrecision(method))
    }

    /// Whether an object must be found, and only once. COCO's crowds need not, as VOC's difficult objects.
    private static func counts(_ flags: ObjectFlags) -> Bool { flags.isDisjoint(with: [.difficult, .crowd]) }

    /// Intersection over union, or nil where the two do not meet.
    private static func overlap(
        _ results: DetectionResults, _ i: Int, _ groundTruth: DetectionAnnotations, _ j: Int
    ) -> Double? {
        let right = min(results.x[i] + results.width[i], groundTruth.x[j] + groundTruth.width[j])
        let bottom = min(results.y[i] + results.height[i], groundTruth.y[j] + groundTruth.height[j])
        let width = right - max(results.x[i], groundTruth.x[j])
        let height = bottom - max(results.y[i], groundTruth.y[j])
        guard width > 0, height > 0 else { return nil }
        let shared = width * height
        let areas = results.width[i] * results.height[i] + groundTruth.width[j] * groundTruth.height[j]
        return shared / (areas - shared)
    }
}

/// Precision and recall as detections come in, best first.
private struct PrecisionRecall {
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

    mutating func add(isRight: Bool) {
        seen += 1
        if isRight {
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
