import Annotations

/// Records that a detection data set cannot use.
public enum DetectionDatasetError: Error, Hashable, CustomStringConvertible {
    /// Some boxes have no inside; the first of `total` is named, XYXY pixels.
    case degenerateBoxes(
        source: String, image: String, annotationID: Int, box: Box, imageWidth: Int, imageHeight: Int, total: Int)
    /// A record says nothing of its file.
    case noFileName(source: String, imageID: Int)
    /// A file is not of the size that its record gives.
    case wrongSize(source: String, image: String, recordedWidth: Int, recordedHeight: Int, width: Int, height: Int)
    /// The filter left nothing.
    case noImages(source: String, report: DetectionFilterReport)

    /// What is wrong, where, and what to do.
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
