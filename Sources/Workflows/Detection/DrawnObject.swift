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
    /// The number of the object that is followed, from 1, which then decides the colour.
    var track: Int?

    private var caption: String {
        let known = track.map { "\(name) \($0)" } ?? name
        return score.map { "\(known) \(String(format: "%.0f", $0 * 100))%" } ?? known
    }

    /// The image with its objects drawn, the first on top. A small image is enlarged, so that the names can be read.
    static func draw(_ objects: [DrawnObject], on image: ByteImage, shorterSide: Int = 480) throws -> ByteImage {
        let (shorter, longer) = (Double(min(image.width, image.height)), Double(max(image.width, image.height)))
        let scale = max(1, min(Double(shorterSide) / shorter, Double(Canvas.maximumSide) / longer))
        let canvas = try Canvas(
            scale == 1
                ? image
                : image.resized(width: Int(Double(image.width) * scale), height: Int(Double(image.height) * scale)))
        for object in objects.reversed() {
            let box = object.box
            canvas.box(
                x0: Double(box.x0) * scale, y0: Double(box.y0) * scale, x1: Double(box.x1) * scale,
                y1: Double(box.y1) * scale, label: object.caption,
                color: Palette.color((object.track ?? object.label) - 1))
        }
        return canvas.image()
    }
}
