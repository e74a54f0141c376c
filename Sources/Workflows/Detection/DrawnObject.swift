import Annotations
import Foundation
import Media

/// An object to draw: a box with a name, and a score if it was detected.
struct DrawnObject {
    var name: String
    /// The class's label, 1…n, which decides the colour.
    var label: Int
    var score: Double?
    /// The box in XYXY pixels.
    var box: Box

    private var caption: String { score.map { "\(name) \(String(format: "%.0f", $0 * 100))%" } ?? name }

    /// The image with its objects drawn, the first on top. A small image is enlarged, so that the names can be read.
    static func draw(_ objects: [DrawnObject], on image: ByteImage, shorterSide: Int = 480) throws -> ByteImage {
        // A long and narrow image is enlarged less: its drawing would have too many pixels.
        let scale = max(
            1,
            min(
                Double(shorterSide) / Double(min(image.width, image.height)),
                Double(8 * shorterSide) / Double(max(image.width, image.height))))
        let canvas = try Canvas(
            scale == 1
                ? image
                : image.resized(width: Int(Double(image.width) * scale), height: Int(Double(image.height) * scale)))
        for object in objects.reversed() {
            let box = object.box
            canvas.box(
                x0: Double(box.x0) * scale, y0: Double(box.y0) * scale, x1: Double(box.x1) * scale,
                y1: Double(box.y1) * scale, label: object.caption, color: Palette.color(object.label - 1))
        }
        return canvas.image()
    }
}
