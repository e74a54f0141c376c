import Annotations
import Foundation

/// COCO's twelve numbers and those of each class, in 0…1; −1 where nothing of that kind stands in the ground truth. All but
/// `ar1` and `ar10` are with up to 100 detections per image and class.
public struct COCOScores: Hashable, Sendable, Codable {
    /// One class's numbers; −1 where it has no object.
    public struct ClassScore: Hashable, Sendable, Codable {
        /// The class's name.
        public var name: String
        /// The class's COCO category id.
        public var categoryID: Int
        /// Objects in the ground truth, crowds left out.
        public var objects: Int
        /// Average precision over IoU 0.50:0.95.
        public var ap: Double
        /// Average precision at IoU 0.50.
        public var ap50: Double
        /// Average precision at IoU 0.75.
        public var ap75: Double
        /// Average recall over IoU 0.50:0.95 with up to 100 detections per image.
        public var ar100: Double
    }

    /// Average precision over IoU 0.50:0.95, the mean over classes.
    public var ap: Double
    /// Average precision at IoU 0.50.
    public var ap50: Double
    /// Average precision at IoU 0.75.
    public var ap75: Double
    /// Average precision over IoU 0.50:0.95 of objects up to 32² square pixels.
    public var apSmall: Double
    /// Average precision over IoU 0.50:0.95 of objects from 32² to 96² square pixels.
    public var apMedium: Double
    /// Average precision over IoU 0.50:0.95 of objects from 96² square pixels.
    public var apLarge: Double
    /// Average recall over IoU 0.50:0.95 with one detection per image and class.
    public var ar1: Double
    /// Average recall over IoU 0.50:0.95 with up to 10 detections per image and class.
    public var ar10: Double
    /// Average recall over IoU 0.50:0.95 with up to 100 detections per image and class.
    public var ar100: Double
    /// Average recall over IoU 0.50:0.95 of objects up to 32² square pixels.
    public var arSmall: Double
    /// Average recall over IoU 0.50:0.95 of objects from 32² to 96² square pixels.
    public var arMedium: Double
    /// Average recall over IoU 0.50:0.95 of objects from 96² square pixels.
    public var arLarge: Double
    /// The numbers of every class, in order of category id.
    public var classes: [ClassScore]

    /// The sum over every element of what pycocotools calls `precision`, [threshold, recall, class, area, limit], with
    /// −1 where a class has no object: a check against the original.
    package var precisionSum: Double = 0
    /// The sum over every element of what pycocotools calls `recall`: a check against the original.
    package var recallSum: Double = 0

    private enum CodingKeys: String, CodingKey {
        case ap, ap50, ap75, apSmall, apMedium, apLarge, ar1, ar10, ar100, arSmall, arMedium, arLarge, classes
    }

    /// - Parameter objects: The objects of each class, crowds left out; nil counts those of `groundTruth`.
    init(groundTruth: DetectionAnnotations, curves: [[ClassCurves?]], objects: [Int]? = nil) {
        let thresholds = COCOProtocol.iouThresholds.count
        let levels = Double(COCOProtocol.recallThresholds.count)
        let limits = COCOProtocol.detectionLimits.count

        /// The mean over classes that have objects, over thresholds (all, or one), of precision or recall.
        func mean(
            _ column: (ClassCurves) -> [Double], area: Int, limit: Int, threshold: Int? = nil, per: Double,
            classes: Range<Int>
        ) -> Double {
            var sum = 0.0
            var count = 0.0
            for k in classes {
                guard let curve = curves[k][area] else { continue }
                for t in threshold.map({ $0..<($0 + 1) }) ?? 0..<thresholds {
                    sum += column(curve)[limit * thresholds + t]
                    count += per
                }
            }
            return count == 0 ? -1 : sum / count
        }
        let all = curves.indices
        func precision(_ area: Int = 0, threshold: Int? = nil, classes: Range<Int>) -> Double {
            mean(\.precisionSums, area: area, limit: 2, threshold: threshold, per: levels, classes: classes)
        }
        func recall(_ area: Int = 0, limit: Int = 2, classes: Range<Int>) -> Double {
            mean(\.recalls, area: area, limit: limit, per: 1, classes: classes)
        }
        ap = precision(classes: all)
        ap50 = precision(threshold: 0, classes: all)
        ap75 = precision(threshold: 5, classes: all)
        apSmall = precision(1, classes: all)
        apMedium = precision(2, classes: all)
        apLarge = precision(3, classes: all)
        ar1 = recall(limit: 0, classes: all)
        ar10 = recall(limit: 1, classes: all)
        ar100 = recall(classes: all)
        arSmall = recall(1, classes: all)
        arMedium = recall(2, classes: all)
        arLarge = recall(3, classes: all)

        let objects = objects ?? Self.objectCounts(groundTruth)
        classes = all.map { k in
            ClassScore(
                name: groundTruth.classNames[k], categoryID: groundTruth.categoryIDs[k], objects: objects[k],
                ap: precision(classes: k..<(k + 1)), ap50: precision(threshold: 0, classes: k..<(k + 1)),
                ap75: precision(threshold: 5, classes: k..<(k + 1)), ar100: recall(classes: k..<(k + 1)))
        }
        for area in curves.joined() {
            precisionSum += area?.precisionSums.reduce(0, +) ?? -levels * Double(limits * thresholds)
            recallSum += area?.recalls.reduce(0, +) ?? -Double(limits * thresholds)
        }
    }

    private static func objectCounts(_ groundTruth: DetectionAnnotations) -> [Int] {
        var counts = [Int](repeating: 0, count: groundTruth.classCount)
        for (label, flags) in zip(groundTruth.labels, groundTruth.flags) where !flags.contains(.crowd) {
            counts[Int(label) - 1] += 1
        }
        return counts
    }

    /// A table for a terminal: pycocotools' twelve lines, then a line per class.
    public func table() -> String {
        let lines: [(title: String, type: String, iou: String, area: String, limit: String, value: Double)] = [
            ("Precision", "(AP)", "0.50:0.95", "all", "100", ap), ("Precision", "(AP)", "0.50", "all", "100", ap50),
            ("Precision", "(AP)", "0.75", "all", "100", ap75),
            ("Precision", "(AP)", "0.50:0.95", "small", "100", apSmall),
            ("Precision", "(AP)", "0.50:0.95", "medium", "100", apMedium),
            ("Precision", "(AP)", "0.50:0.95", "large", "100", apLarge),
            ("Recall", "(AR)", "0.50:0.95", "all", "1", ar1),
            ("Recall", "(AR)", "0.50:0.95", "all", "10", ar10), ("Recall", "(AR)", "0.50:0.95", "all", "100", ar100),
            ("Recall", "(AR)", "0.50:0.95", "small", "100", arSmall),
            ("Recall", "(AR)", "0.50:0.95", "medium", "100", arMedium),
            ("Recall", "(AR)", "0.50:0.95", "large", "100", arLarge),
        ]
        let summary = lines.map { line in
            " \("Average \(line.title)".padded(18)) \(line.type) @[ IoU=\(line.iou.padded(9)) | "
                + "area=\(line.area.padded(6, left: true)) | maxDets=\(line.limit.padded(3, left: true)) ] = "
                + line.value.threeDigits
        }
        let names = classes.map(\.name)
        let widest = max(5, names.map(\.count).max() ?? 0)
        let header =
            " \("class".padded(widest))  \("objects".padded(8, left: true))  "
            + ["AP", "AP50", "AP75", "AR100"].map { $0.padded(6, left: true) }.joined(separator: "  ")
        let rows = classes.map { row in
            " \(row.name.padded(widest))  \(String(row.objects).padded(8, left: true))  "
                + [row.ap, row.ap50, row.ap75, row.ar100].map {
                    ($0 < 0 ? "–" : $0.threeDigits).padded(6, left: true)
                }.joined(separator: "  ")
        }
        return (summary + ["", header] + rows).joined(separator: "\n")
    }
}

extension String {
    /// Filled with spaces up to a width in characters, behind or, with `left`, in front.
    func padded(_ width: Int, left: Bool = false) -> String {
        let fill = String(repeating: " ", count: max(0, width - count))
        return left ? fill + self : self + fill
    }
}

extension Double {
    /// With three decimals, as tables print it.
    var threeDigits: String { String(format: "%.3f", self) }
}
