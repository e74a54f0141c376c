import Detectors

/// The section `inference` of a detector: its settings after training and in the evaluations of its training. Keys that
/// are left out have the values of the detector's section.
package struct DetectionInferenceSection: InferenceSection {
    /// Candidates with a lower score are left out before suppression.
    package var scoreThreshold: Double?
    /// Number of detections of an image that are kept, the best ones.
    package var topK: Int?
    /// What happens to detections that overlap a better one: `hard` drops them, `linear` and `gaussian` lower their scores
    /// (soft-NMS).
    package var nms = BoxSuppression.Method.hard
    /// The IoU from which `nms` acts; `gaussian` does not use it.
    package var nmsThreshold: Double?
    /// The width σ of the Gaussian that lowers scores; only `gaussian` uses it.
    package var nmsSigma = 0.5
    /// Whether objects of different classes suppress each other.
    package var classAgnostic = false
    /// Whether the mirror image is looked at as well. One suppression then goes over the candidates of both.
    package var flip = false

    enum CodingKeys: String, CodingKey, CaseIterable {
        case scoreThreshold = "score_threshold"
        case topK = "top_k"
        case nms
        case nmsThreshold = "nms_threshold"
        case nmsSigma = "nms_sigma"
        case classAgnostic = "class_agnostic"
        case flip
    }

    package init() {}

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        scoreThreshold = try values.decodeIfPresent(Double.self, forKey: .scoreThreshold)
        try values.require(scoreThreshold.map { (0...1).contains($0) } ?? true, .scoreThreshold, "must be in 0…1")
        topK = try values.decodeIfPresent(Int.self, forKey: .topK)
        try values.require(topK.map { $0 > 0 } ?? true, .topK, "must be above 0")
        try values.update(&nms, .nms)
        nmsThreshold = try values.decodeIfPresent(Double.self, forKey: .nmsThreshold)
        try values.require(nmsThreshold.map { (0...1).contains($0) } ?? true, .nmsThreshold, "must be in 0…1")
        try values.update(&nmsSigma, .nmsSigma, "must be above 0") { $0 > 0 }
        try values.update(&classAgnostic, .classAgnostic)
        try values.update(&flip, .flip)
    }

    /// The suppression of the model's own section, `own`, with the values of this section over it.
    func suppression(over own: BoxSuppression) -> BoxSuppression {
        BoxSuppression(
            method: nms, iouThreshold: nmsThreshold ?? own.iouThreshold, sigma: nmsSigma,
            scoreThreshold: scoreThreshold ?? own.scoreThreshold, isClassAgnostic: classAgnostic,
            limit: topK ?? own.limit)
    }
}

/// The section `inference` of a classifier, which has no keys.
package struct NoInferenceOptions: InferenceSection {
    private struct NoKey: CodingKey, CaseIterable {
        static let allCases: [NoKey] = []
        let stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    package init() {}
    package init(from decoder: any Decoder) throws { _ = try decoder.container(keyedBy: NoKey.self) }
    package func encode(to encoder: any Encoder) throws { _ = encoder.container(keyedBy: NoKey.self) }
}
