/// What a detection data set does with records that training cannot use, or need not.
public struct DetectionFilter: Hashable, Sendable, Codable {
    /// What becomes of a box without an inside, or with none on the image.
    public enum DegenerateBoxes: String, Hashable, Sendable, Codable, CaseIterable {
        /// Opening the data set throws, naming the first of them and their number.
        case refuse
        /// Such boxes are left out and counted in the report.
        case skip
        /// Such boxes stay: only for data whose boxes nobody trains on.
        case keep
    }

    /// What becomes of an image on which no object is left.
    public enum EmptyImages: String, Hashable, Sendable, Codable, CaseIterable {
        /// Such images stay, as pure background.
        case keep
        /// Such images are left out and counted in the report.
        case drop
    }

    /// What becomes of boxes without an inside, or with none on the image.
    public var degenerateBoxes: DegenerateBoxes
    /// What becomes of images on which nothing remains after the other rules.
    public var emptyImages: EmptyImages
    /// Whether COCO's crowds are left out.
    public var dropsCrowds: Bool
    /// Whether VOC's difficult objects are left out.
    public var dropsDifficult: Bool

    /// A filter; by default the one for training.
    public init(
        degenerateBoxes: DegenerateBoxes = .refuse, emptyImages: EmptyImages = .keep, dropsCrowds: Bool = true,
        dropsDifficult: Bool = false
    ) {
        self.degenerateBoxes = degenerateBoxes
        self.emptyImages = emptyImages
        self.dropsCrowds = dropsCrowds
        self.dropsDifficult = dropsDifficult
    }

    /// No crowds; a degenerate box is refused; images without objects stay.
    public static let training = DetectionFilter()

    /// Every image and every record as it stands: for evaluation, whose ground truth is the annotations themselves.
    public static let everything = DetectionFilter(degenerateBoxes: .keep, dropsCrowds: false)
}

/// What a `DetectionFilter` left out.
public struct DetectionFilterReport: Hashable, Sendable, Codable {
    /// Images that are left.
    public var images = 0
    /// Objects that are left.
    public var objects = 0
    /// Images left out because no object was left on them.
    public var droppedEmptyImages = 0
    /// COCO's crowds left out.
    public var droppedCrowds = 0
    /// VOC's difficult objects left out.
    public var droppedDifficult = 0
    /// Boxes left out because they have no inside.
    public var skippedDegenerateBoxes = 0

    /// One sentence for a log.
    public var summary: String {
        let left = [
            (droppedEmptyImages, "images without objects"), (droppedCrowds, "crowd boxes"),
            (droppedDifficult, "difficult objects"), (skippedDegenerateBoxes, "degenerate boxes"),
        ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return "\(images) images with \(objects) objects"
            + (left.isEmpty ? "" : "; left out: " + left.joined(separator: ", "))
    }
}
