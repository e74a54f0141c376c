import Annotations

/// What a detection data set does with records that training cannot use, or need not.
public struct DetectionFilter: Hashable, Sendable, Codable {
    /// What becomes of a box without an inside, or with none on the image.
    public enum DegenerateBoxes: String, Hashable, Sendable, Codable, CaseIterable {
        /// Opening the data set throws, naming the first of them and their number.
        case refuse
        /// They are left out and counted in the report.
        case skip
        /// They stay: only for data whose boxes nobody trains on.
        case keep
    }

    public enum EmptyImages: String, Hashable, Sendable, Codable, CaseIterable {
        /// They stay, as pure background.
        case keep
        /// They are left out and counted in the report.
        case drop
    }

    public var degenerateBoxes: DegenerateBoxes
    /// Images on which nothing remains after the other rules.
    public var emptyImages: EmptyImages
    /// Leaves out COCO's crowds.
    public var dropsCrowds: Bool
    /// Leaves out VOC's difficult objects.
    public var dropsDifficult: Bool

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
    public var images = 0
    public var objects = 0
    public var droppedEmptyImages = 0
    public var droppedCrowds = 0
    public var droppedDifficult = 0
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

/// Records that a detection data set cannot use.
public enum DetectionDatasetError: Error, Hashable, CustomStringConvertible {
    case degenerateBoxes(
        source: String, image: String, annotationID: Int, box: Box, imageWidth: Int, imageHeight: Int, total: Int)
    case noFileName(source: String, imageID: Int)
    case wrongSize(source: String, image: String, recordedWidth: Int, recordedHeight: Int, width: Int, height: Int)
    case noImages(source: String, report: DetectionFilterReport)

    public var description: String {
        switch self {
        case .degenerateBoxes(let source, let image, let id, let box, let width, let height, let total):
            let size = width > 0 ? " on its \(width)×\(height) pixels" : ""
            return "\(source): annotation \(id) of \(image) has the box (\(box.x0), \(box.y0)) to (\(box.x1), "
                + "\(box.y1)), which has no inside\(size)"
                + (total > 1 ? " (and \(total - 1) more such boxes)" : "")
                + ". Correct or remove the record, or have degenerate boxes skipped;"
                + " `vertebra data check` lists all of them."
        case .noFileName(let source, let imageID):
            return "\(source): image \(imageID) has no file name. Add its `file_name`."
        case .wrongSize(let source, let image, let recordedWidth, let recordedHeight, let width, let height):
            return "\(source): \(image) is recorded as \(recordedWidth)×\(recordedHeight), but the file is "
                + "\(width)×\(height), so its boxes belong to another picture. Correct the record or the file."
        case .noImages(let source, let report):
            return "\(source): no image is left to use (\(report.summary)). Check the split and the filters."
        }
    }
}
