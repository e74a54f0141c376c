import Foundation
import Media

/// The loss against the learning rate, on a logarithmic axis, as a picture of its own.
package struct LearningRatePicture {
    /// Rates and the loss at each, ascending by rate.
    package var losses: [(rate: Double, loss: Double)]
    /// The smoothed loss at each of the rates.
    package var smoothed: [(rate: Double, loss: Double)]
    /// Rates to mark, with what they are.
    package var marks: [(rate: Double, name: String)]

    private static let (width, height) = (900, 520)
    private static let (lossColor, smoothColor) = (Color(hex: 0xB9C6DA), Color(hex: 0x1B62C9))
    private static let markColors = [Color(hex: 0xE5383B), Color(hex: 0x2B9348)]
    private static let gridColor = Color(hex: 0xE1E6EE)
    private static let text = 13.0

    /// A picture of losses; without any it has axes alone.
    package init(
        losses: [(rate: Double, loss: Double)], smoothed: [(rate: Double, loss: Double)],
        marks: [(rate: Double, name: String)]
    ) {
        (self.losses, self.smoothed, self.marks) = (losses, smoothed, marks)
    }

    /// The picture, 900 × 520 pixels.
    package func drawn() -> ByteImage {
        let canvas = Canvas(width: Self.width, height: Self.height, background: .white)
        let (left, right, top, bottom) = (70.0, Double(Self.width) - 20, 56.0, Double(Self.height) - 52)
        let rates = losses.map { log10($0.rate) }
        let (low, high) = (rates.min() ?? -6, max(rates.max() ?? 0, (rates.min() ?? -6) + 0.1))
        // A diverging loss would press the rest to the ground.
        let shown = smoothed.map(\.loss).filter(\.isFinite)
        let least = shown.min() ?? 0, first = smoothed.first?.loss ?? 1
        let most = min(shown.max() ?? 1, max(first, least) + max(abs(first - least), abs(first) * 0.2, 0.1))
        let margin = max((most - least) * 0.12, 0.01)
        let range = (least - margin)...(most + margin)
        func x(_ rate: Double) -> Double { left + (log10(rate) - low) / (high - low) * (right - left) }
        func y(_ loss: Double) -> Double {
            bottom - (loss - range.lowerBound) / (range.upperBound - range.lowerBound) * (bottom - top)
        }
        let up = Ticks(range, atMost: 6)
        for value in up.values where range.contains(value) {
            canvas.line(from: .init(left, y(value)), to: .init(right, y(value)), color: Self.gridColor)
            canvas.text(
                up.label(value), x: left - 8, y: y(value) + 4, size: Self.text, color: .black, alignment: .right)
        }
        for power in Int(low.rounded(.up))...max(Int(high.rounded(.down)), Int(low.rounded(.up))) {
            let place = left + (Double(power) - low) / (high - low) * (right - left)
            guard place <= right + 1 else { continue }
            canvas.line(from: .init(place, top), to: .init(place, bottom), color: Self.gridColor)
            canvas.text(
                power == 0 ? "1" : power == 1 ? "10" : "1e\(power)", x: place, y: bottom + 18, size: Self.text,
                color: .black, alignment: .center)
        }
        canvas.text(
            "learning rate", x: (left + right) / 2, y: bottom + 40, size: Self.text, color: .black, alignment: .center)
        canvas.text(
            "loss", x: 20, y: (top + bottom) / 2, size: Self.text, color: .black, alignment: .center, angle: -.pi / 2)
        canvas.clipped(x: left, y: top, width: right - left, height: bottom - top) {
            for (line, color, width) in [(losses, Self.lossColor, 1.2), (smoothed, Self.smoothColor, 2.4)] {
                let points = line.filter { $0.loss.isFinite }.map {
                    Canvas.Point(x($0.rate), min(max(y($0.loss), -1000), 10_000))
                }
                if points.count > 1 {
                    canvas.polyline(points, color: color, stroke: .init(width: width, isRound: true))
                }
            }
            for (i, mark) in marks.enumerated() {
                canvas.line(
                    from: .init(x(mark.rate), top), to: .init(x(mark.rate), bottom),
                    color: Self.markColors[i % Self.markColors.count], stroke: .init(width: 1.6, dashes: [6, 4]))
            }
        }
        let keys =
            [("loss", Self.lossColor), ("smoothed loss", Self.smoothColor)]
            + marks.enumerated().map { ($1.name, Self.markColors[$0 % Self.markColors.count]) }
        var place = left
        for (name, color) in keys {
            canvas.line(from: .init(place, 26), to: .init(place + 18, 26), color: color, stroke: .init(width: 3))
            canvas.text(name, x: place + 24, y: 30, size: Self.text, color: .black)
            place += 24 + canvas.measure(name, size: Self.text).width + 22
        }
        return canvas.image()
    }
}
