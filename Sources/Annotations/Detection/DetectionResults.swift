/// Detections of any number of images in columns, one element per detection. Boxes are COCO's XYWH: upper left corner
/// and extent in pixels, 0-based.
public struct DetectionResults: Sendable {
    /// The file they were read from, or what error messages call them.
    public var source: String
    /// The annotation file's id of every detection's image.
    public internal(set) var imageIDs: [Int]
    /// The COCO category id of every detection, which is not a label.
    public internal(set) var categoryIDs: [Int]
    /// The left edge of every box.
    public internal(set) var x: [Double]
    /// The upper edge of every box.
    public internal(set) var y: [Double]
    /// The width of every box.
    public internal(set) var width: [Double]
    /// The height of every box.
    public internal(set) var height: [Double]
    /// The score of every detection; the higher, the surer.
    public internal(set) var scores: [Double]

    /// No detections yet.
    public init(source: String = "detections") {
        self.source = source
        imageIDs = []
        categoryIDs = []
        x = []
        y = []
        width = []
        height = []
        scores = []
    }

    /// How many detections there are.
    public var count: Int { imageIDs.count }
    /// Whether there is no detection.
    public var isEmpty: Bool { imageIDs.isEmpty }

    /// Takes memory for so many detections in all, so that appending them moves nothing.
    public mutating func reserveCapacity(_ count: Int) {
        imageIDs.reserveCapacity(count)
        categoryIDs.reserveCapacity(count)
        x.reserveCapacity(count)
        y.reserveCapacity(count)
        width.reserveCapacity(count)
        height.reserveCapacity(count)
        scores.reserveCapacity(count)
    }

    /// Appends a detection whose box is given as COCO's XYWH. `categoryID` is COCO's, which is
    /// `annotations.categoryIDs[label - 1]`.
    public mutating func append(
        imageID: Int, categoryID: Int, x: Double, y: Double, width: Double, height: Double, score: Double
    ) {
        imageIDs.append(imageID)
        categoryIDs.append(categoryID)
        self.x.append(x)
        self.y.append(y)
        self.width.append(width)
        self.height.append(height)
        scores.append(score)
    }

    /// Appends a detection whose box is given as XYXY. `categoryID` is COCO's, which is
    /// `annotations.categoryIDs[label - 1]`.
    public mutating func append(imageID: Int, categoryID: Int, box: Box, score: Double) {
        append(
            imageID: imageID, categoryID: categoryID, x: Double(box.x0), y: Double(box.y0),
            width: Double(box.x1) - Double(box.x0), height: Double(box.y1) - Double(box.y0), score: score)
    }

    /// The box of detection `i` as XYXY.
    public func box(_ i: Int) -> Box {
        Box(x0: Float(x[i]), y0: Float(y[i]), x1: Float(x[i] + width[i]), y1: Float(y[i] + height[i]))
    }
}
