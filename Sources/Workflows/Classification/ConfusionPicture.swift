import Foundation
import Media

/// How often samples of each class were taken for each class, as a table of coloured cells.
enum ConfusionPicture {
    private static let right = Color(hex: 0x2E86FF)
    private static let wrong = Color(hex: 0xE5383B)
    private static let cell = 34.0
    private static let text = 13.0

    /// - Parameter counts: `counts[label * classes + predicted]`.
    static func drawn(_ counts: [Int], classNames: [String]) -> ByteImage {
        let classes = classNames.count
        let scale = Canvas(width: 1, height: 1, background: .white)
        let longest = classNames.map { scale.measure($0, size: text).width }.max() ?? 0
        let margin = min(max(longest, 60), 160) + 30
        let side = Int((margin + Double(classes) * cell + 16).rounded(.up))
        let canvas = Canvas(width: side, height: side, background: .white)
        let (start, end) = (margin, margin + Double(classes) * cell)
        canvas.text("predicted", x: (start + end) / 2, y: 16, size: text, color: .grey, alignment: .center)
        canvas.text(
            "true", x: 16, y: (start + end) / 2, size: text, color: .grey, alignment: .center, angle: -.pi / 2)
        for (k, name) in classNames.enumerated() {
            let middle = margin + (Double(k) + 0.5) * cell
            let name = canvas.shortened(name, toWidth: margin - 30, size: text, isBold: false)
            canvas.text(name, x: margin - 6, y: middle + text * 0.35, size: text, color: .black, alignment: .right)
            canvas.text(name, x: middle + text * 0.35, y: margin - 6, size: text, color: .black, angle: -.pi / 2)
            let row = counts[k * classes..<(k + 1) * classes], total = max(1, row.reduce(0, +))
            for (predicted, count) in row.enumerated() {
                let (x, y) = (margin + Double(predicted) * cell, margin + Double(k) * cell)
                let share = Double(count) / Double(total)
                let color =
                    count == 0
                    ? Color(hex: 0xF4F4F4)
                    : Color.white.mixed(with: k == predicted ? right : wrong, 0.08 + 0.82 * share)
                canvas.rectangle(x: x + 1, y: y + 1, width: cell - 2, height: cell - 2, fill: .color(color))
                guard count > 0 else { continue }
                let digits = "\(count)"
                canvas.text(
                    digits, x: x + cell / 2, y: y + cell / 2 + text * 0.35,
                    size: digits.count > 3 ? text * 3 / Double(digits.count) : text, color: color.readableTextColor,
                    alignment: .center)
            }
        }
        return canvas.image()
    }
}
