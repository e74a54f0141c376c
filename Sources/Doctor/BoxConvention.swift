import Support

/// Guesses from the boxes of a COCO file that they are written in another convention than COCO's, which is [x, y, width,
/// height] in pixels.
struct BoxConvention {
    private var boxes = 0
    /// Boxes of which all numbers are within 0…1.
    private var fractions = 0
    /// Boxes that make sense as two corners within the image.
    private var corners = 0
    /// Boxes that extend far beyond their image, and those of them that make sense as two corners.
    private var beyond = (all: 0, corners: 0)
    private var firstFraction: String?
    private var firstCorners: String?

    /// Takes note of a box with an area, as it is in the file; zeros are a size that is not known.
    mutating func add(
        x: Double, y: Double, width: Double, height: Double, image: ImageSize, record: @autoclosure () -> String
    ) {
        guard width > 0, height > 0 else { return }
        boxes += 1
        func isFraction(_ value: Double) -> Bool { value >= 0 && value <= 1 }
        // Such a box covers at most a pixel at the image's corner, unless the image itself is that small.
        if isFraction(x), isFraction(y), isFraction(width), isFraction(height), image.width != 1, image.height != 1 {
            fractions += 1
            if firstFraction == nil { firstFraction = record() }
        }
        guard image.width > 0, image.height > 0 else { return }
        let right = Double(image.width), bottom = Double(image.height)
        let isCorners = x >= 0 && y >= 0 && width > x && height > y && width <= right + 1 && height <= bottom + 1
        if isCorners { corners += 1 }
        // Two pixels and two hundredths of the image are more than a slip of the mouse.
        if x + width > right * 1.02 + 2 || y + height > bottom * 1.02 + 2 {
            beyond.all += 1
            if isCorners {
                beyond.corners += 1
                if firstCorners == nil { firstCorners = record() }
            }
        }
    }

    /// The guesses. Corners of boxes that lie at random are taken for boxes that leave their image half of the time; boxes
    /// that are right and leave it a little hardly ever make sense as corners.
    func report(file: String, to report: inout DoctorReport) {
        if let firstFraction {
            report.add(
                .fractionalBox, file: file, record: firstFraction,
                "\(fractions) of \(boxes) boxes have only numbers within 0…1: a guess is that they are fractions of the image's "
                    + "width and height, as YOLO writes them")
        }
        let isWholeFile = corners * 20 >= boxes * 19 && beyond.corners * 20 >= boxes
        let isPart = beyond.corners >= 10 && beyond.corners * 50 >= boxes
        if let firstCorners, beyond.corners * 10 >= beyond.all * 9, isWholeFile || isPart {
            report.add(
                .cornerBox, file: file, record: firstCorners,
                "\(beyond.corners) of \(boxes) boxes leave their image, but fit it as [x1, y1, x2, y2]: a guess is that they are "
                    + "corners, as VOC writes them")
        }
    }
}
