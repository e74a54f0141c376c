/// VOC's average precision of every class, and their mean, in 0…1; −1 where nothing of the kind stands in the ground
/// truth.
public struct VOCScores: Hashable, Sendable, Codable {
    public struct ClassScore: Hashable, Sendable, Codable {
        public var name: String
        /// Objects to find: the difficult ones left out.
        public var objects: Int
        public var detections: Int
        public var ap: Double
    }

    public var method: VOCEvaluation.Method
    public var iouThreshold: Double
    /// Over the classes that have an object to find.
    public var meanAP: Double
    public var classes: [ClassScore]

    init(method: VOCEvaluation.Method, iouThreshold: Double, classes: [ClassScore]) {
        self.method = method
        self.iouThreshold = iouThreshold
        self.classes = classes
        let present = classes.map(\.ap).filter { $0 >= 0 }
        meanAP = present.isEmpty ? -1 : present.reduce(0, +) / Double(present.count)
    }

    /// A line per class, and the mean.
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
