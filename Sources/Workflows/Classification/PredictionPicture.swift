import Foundation
import Media

/// A sample as the classifier saw it, with its true and its predicted class.
enum PredictionPicture {
    /// Frames of a clip that are shown.
    private static let mostFrames = 8

    /// An image, or a clip's frames in a row, spread evenly over it. The ground is green where the class is the true one, else red.
    static func drawn(
        _ frames: [ByteImage], name: String, label: String, predicted: String, probability: Float
    ) -> ByteImage {
        let ground = Color(hex: label == predicted ? 0xDDF1DD : 0xF9DEDC)
        let count = min(frames.count, mostFrames)
        let shown = (0..<count).map { frames[$0 * frames.count / count] }
        let side = count == 1 ? 320 : 128
        let strip =
            count == 1
            ? shown[0]
            : Montage.grid(shown, columns: count, cellWidth: side, cellHeight: side, gap: 4, background: ground)
        let caption =
            "\(name)\n\(label == predicted ? "rightly" : "\(label), wrongly") predicted \(predicted)"
            + String(format: " (%.0f %%)", 100 * probability)
        return Montage.grid(
            [strip], captions: [caption], columns: 1, cellWidth: count == 1 ? side : strip.width,
            cellHeight: count == 1 ? side : strip.height, background: ground)
    }
}
