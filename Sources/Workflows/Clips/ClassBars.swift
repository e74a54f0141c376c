import Foundation
import Media
import Support

/// Lines over the upper edge of a frame, one for each class: its name, and a bar whose length is the probability.
enum ClassBars {
    /// The size of frames that names can be read on: a small video's is a multiple.
    static func readableSize(of size: ImageSize) -> ImageSize {
        let least = 240, shorter = min(size.width, size.height)
        let scale = (least + shorter - 1) / shorter
        return ImageSize(width: size.width * scale, height: size.height * scale)
    }

    /// The size of letters that suits a canvas, in pixels.
    static func textSize(on canvas: Canvas) -> Double { max(11, Double(min(canvas.width, canvas.height)) / 22) }

    static func draw(_ classes: [(name: String, probability: Double, color: Color)], on canvas: Canvas) {
        let size = textSize(on: canvas), line = size * 1.35, width = Double(canvas.width)
        for (index, found) in classes.enumerated() {
            let y = Double(index) * line
            canvas.rectangle(x: 0, y: y, width: width, height: line, fill: .color(.black.withOpacity(0.55)))
            canvas.rectangle(
                x: 0, y: y, width: width * found.probability, height: line, fill: .color(found.color.withOpacity(0.75)))
            canvas.text(
                String(format: "%.0f%%  %@", found.probability * 100, found.name), x: size * 0.5, y: y + size,
                size: size,
                color: .white)
        }
    }
}
