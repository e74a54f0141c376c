/// VOC's average precision of every class, and their mean, in 0…1; −1 where nothing of the kind stands in the ground
/// truth.
public struct VOCScores: Hashable, Sendable, Codable {
    /// One class's numbers; an AP of −1 where it has no object to find.
    public struct ClassScore: Hashable, Sendable, Codable {
        /// The class's name.
        public var name: String
        /// Objects to find: the difficult ones left out.
        public var objects: Int
        /// Detections of the class, right or wrong or passed over.
        public var detections: Int
        /// Average precision in 0…1.
        public var ap: Double
    }

    /// How precision and recall became one number.
    public var method: VOCEvaluation.Method
    /// The IoU from which a detection is right.
    public var iouThreshold: Double
    /// VOC's mAP: the mean over the classes that have an object to find.
    public var meanAP: Double
    /// The numbers of every class, in label order.
    public var classes: [ClassScore]

    init(method: VOCEvaluation.Method, iouThreshold: Double, classes: [ClassScore]) {
        self.method = method
        self.iouThreshold = iouThreshold
        self.classes = classes
        let present = classes.map(\.ap).filter { $0 >= 0 }
        meanAP = present.isEmpty ? -1 : present.reduce(0, +) / Double(present.count)
    }

    /// A table for a terminal: a line per class, and the mean.
    public func table() -> String {
        let widest = max(5, classes.map(\.name.count).max() ?? 0)
        let kind = method == .elevenPoint ? "11-point" : "all-point"
        let header =
            " \("class".padded(widest))  \("objects".padded(8, left: true))  \("detections".padded(10, left: true))  "
            + "    AP"
        let rows = classes.map { row in
            " \(row.name.padded(widest))  \(String(row.objects).padded(8, left: true))  "
                + "\(String(row.detections).padded(10, left: true))  "
                + (row.ap < 0 ? "–" : row.ap.threeDigits).padded(6, left: true)
        }
        let mean =
            "\n Mean average precision (\(kind), IoU ≥ \(iouThreshold)) = "
            + (meanAP < 0 ? "–" : meanAP.threeDigits)
        return ([header] + rows + [mean]).joined(separator: "\n")
    }
}
