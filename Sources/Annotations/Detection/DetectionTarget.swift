/// What one image holds, for training: parallel arrays, one element per object.
public struct DetectionTarget: Hashable, Sendable {
    /// The objects' boxes, XYXY in pixels.
    public var boxes: [Box]
    /// The objects' classes, 1…classCount; 0 is the background.
    public var labels: [Int]
    /// COCO's `iscrowd`: the box covers a group that nobody counted. Not for training.
    public var isCrowd: [Bool]
    /// VOC's `difficult`: left out of the evaluation.
    public var isDifficult: [Bool]
    /// The objects' areas in square pixels: COCO's `area` (of the outline, where there is one), else the box's.
    public var areas: [Float]

    /// A target from its arrays, which must be of one length. Without the last three there are no crowds, nothing is
    /// difficult, and areas are those of the boxes.
    public init(
        boxes: [Box] = [], labels: [Int] = [], isCrowd: [Bool]? = nil, isDifficult: [Bool]? = nil,
        areas: [Float]? = nil
    ) {
        self.boxes = boxes
        self.labels = labels
        self.isCrowd = isCrowd ?? [Bool](repeating: false, count: boxes.count)
        self.isDifficult = isDifficult ?? [Bool](repeating: false, count: boxes.count)
        self.areas = areas ?? boxes.map(\.area)
        precondition(
            labels.count == boxes.count && self.isCrowd.count == boxes.count
                && self.isDifficult.count == boxes.count && self.areas.count == boxes.count,
            "a target's arrays differ in length: \(boxes.count) boxes, \(labels.count) labels, "
                + "\(self.isCrowd.count) crowd flags, \(self.isDifficult.count) difficult flags, "
                + "\(self.areas.count) areas")
    }

    /// How many objects there are.
    public var count: Int { boxes.count }
    /// Whether there is no object.
    public var isEmpty: Bool { boxes.isEmpty }

    /// The objects whose index the predicate keeps, in order.
    public func filter(_ keep: (Int) -> Bool) -> DetectionTarget {
        let kept = boxes.indices.filter(keep)
        return DetectionTarget(
            boxes: kept.map { boxes[$0] }, labels: kept.map { labels[$0] }, isCrowd: kept.map { isCrowd[$0] },
            isDifficult: kept.map { isDifficult[$0] }, areas: kept.map { areas[$0] })
    }
}
