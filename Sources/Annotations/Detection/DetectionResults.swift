/// Detections in columns, in the order they were found. Boxes are COCO's: near corner and extent in pixels, 0-based.
public struct DetectionResults: Sendable {
    /// The file they were read from, for error messages.
    public var source: String
    public internal(set) var imageIDs: [Int]
    /// COCO category ids, not labels.
    public internal(set) var categoryIDs: [Int]
    public internal(set) var x: [Double]
    public internal(set) var y: [Double]
    public internal(set) var width: [Double]
    public internal(set) var height: [Double]
    public internal(set) var scores: [Double]

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

    public var count: Int { imageIDs.count }
    public var isEmpty: Bool { imageIDs.isEmpty }

    public mutating func reserveCapacity(_ count: Int) {
        imageIDs.reserveCapacity(count)
        categoryIDs.reserveCapacity(count)
        x.reserveCapacity(count)
        y.reserveCapacity(count)
        width.reserveCapacity(count)
        height.reserveCapacity(count)
        scores.reserveCapacity(count)
    }

    /// `categoryID` is COCO's, which is `annotations.categoryIDs[label - 1]`.
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

    /// A result whose box is given as XYXY pixels.
    public mutating func append(imageID: Int, categoryID: Int, box: Box, score: Double) {
        append(
            imageID: imageID, categoryID: categoryID, x: Double(box.x0), y: Double(box.y0),
            width: Double(box.x1) - Double(box.x0), height: Double(box.y1) - Double(box.y0), score: score)
    }

    /// The detection at position `i`, its box in XYXY.
    public func box(_ i: Int) -> Box {
        Box(x0: Float(x[i]), y0: Float(y[i]), x1: Float(x[i] + width[i]), y1: Float(y[i] + height[i]))
    }
}
