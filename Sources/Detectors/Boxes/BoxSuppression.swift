import Tensors

/// How detections of one image that overlap are thinned out, and how many stay.
public struct BoxSuppression: Hashable, Sendable {
    /// What happens to a detection that overlaps a better one.
    public enum Method: String, Codable, Hashable, Sendable, CaseIterable {
        /// Those that overlap a better one by more than the threshold go.
        case hard
        /// Soft-NMS: scores are lowered linearly from the threshold on (Bodla et al. 2017, equation 2).
        case linear
        /// Soft-NMS: scores are lowered by a Gaussian of the overlap (equation 3).
        case gaussian
    }

    /// What happens to a detection that overlaps a better one.
    public var method: Method
    /// Intersection over union in 0…1, from which on boxes overlap too much; without effect on the Gaussian.
    public var iouThreshold: Double
    /// Width of the Gaussian; without effect on the others.
    public var sigma: Double
    /// Detections whose score, lowered or not, falls below this go.
    public var scoreThreshold: Double
    /// Whether detections of different classes thin each other out.
    public var isClassAgnostic: Bool
    /// Detections that stay at most.
    public var limit: Int

    /// Hard suppression at an overlap of 0.5, class by class, with 100 detections at most, unless told otherwise.
    public init(
        method: Method = .hard, iouThreshold: Double = 0.5, sigma: Double = 0.5, scoreThreshold: Double = 0.05,
        isClassAgnostic: Bool = false, limit: Int = 100
    ) {
        self.method = method
        self.iouThreshold = iouThreshold
        self.sigma = sigma
        self.scoreThreshold = scoreThreshold
        self.isClassAgnostic = isClassAgnostic
        self.limit = limit
    }

    /// What a recording says of the suppression.
    var recordedArguments: [String: RecordedArgument] {
        [
            "method": .string(method.rawValue), "iou_threshold": .double(iouThreshold),
            "score_threshold": .double(scoreThreshold), "class_agnostic": .bool(isClassAgnostic), "limit": .int(limit),
        ]
    }

    /// The detections that stay, best first; equal scores keep their order.
    public func callAsFunction(_ candidates: Detections) -> Detections {
        let kept: Tensor
        var scores: Tensor?
        switch method {
        case .hard:
            let survivors =
                isClassAgnostic
                ? DetectionOps.nms(boxes: candidates.boxes, scores: candidates.scores, iouThreshold: iouThreshold)
                : DetectionOps.batchedNMS(
                    boxes: candidates.boxes, scores: candidates.scores, classes: candidates.labels,
                    iouThreshold: iouThreshold)
            kept = survivors.narrow(dim: 0, start: 0, length: min(limit, survivors.count))
        case .linear, .gaussian:
            (kept, scores) = soft(candidates)
        }
        return Detections(
            boxes: candidates.boxes.indexSelect(dim: 0, kept),
            scores: scores ?? candidates.scores.indexSelect(dim: 0, kept),
            labels: candidates.labels.indexSelect(dim: 0, kept))
    }

    private func soft(_ candidates: Detections) -> (indices: Tensor, scores: Tensor) {
        let classes =
            isClassAgnostic
            ? Tensor.zeros([candidates.count], dtype: .int64, device: candidates.labels.device) : candidates.labels
        return DetectionOps.softNMS(
            boxes: candidates.boxes, scores: candidates.scores, classes: classes,
            decay: method == .linear ? .linear(iouThreshold: iouThreshold) : .gaussian(sigma: sigma),
            scoreThreshold: scoreThreshold, limit: limit)
    }
}
