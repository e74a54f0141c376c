import Evaluation
import Foundation
import Media

/// Intervals of differences over one axis with 0 in it, each as a small drawing for a row of a table.
struct IntervalBars {
    private let differences: [MeasuredDifference]
    private let range: ClosedRange<Double>

    private static let gain = Color(hex: 0x0072B2)
    private static let loss = Color(hex: 0xD55E00)
    private static let chance = Color(hex: 0x8A94A3)
    private static let width = 200.0

    init(_ differences: [MeasuredDifference]) {
        self.differences = differences
        let low = min(0, differences.map(\.low).min() ?? 0), high = max(0, differences.map(\.high).max() ?? 0)
        // A range of nothing still has a middle.
        range = high > low ? low...high : -1...1
    }

    /// The ends of the axis, for the head of the column.
    var axisEnds: HTML {
        func text(_ value: Double) -> String {
            let number = String(format: "%+.0f", 100 * value).replacingOccurrences(of: "-", with: "−")
            return number.dropFirst() == "0" ? "0" : number
        }
        return """
            <span class="ends"><span>\(text(range.lowerBound))</span><span>\(text(range.upperBound))</span></span>
            """
    }

    /// The drawing of an interval: a line from bound to bound, and a dot at the difference.
    func bar(_ place: Int) -> HTML {
        let difference = differences[place]
        let color = !difference.isBeyondChance ? Self.chance : difference.value > 0 ? Self.gain : Self.loss
        func x(_ value: Double) -> String {
            (4 + (value - range.lowerBound) / (range.upperBound - range.lowerBound) * (Self.width - 8)).short
        }
        return """
            <svg viewBox="0 0 \(Self.width.short) 14" role="img" aria-label="interval"><line class="zero" x1="\(x(0))" \
            x2="\(x(0))" y1="0" y2="14" stroke="#1d2430" stroke-width="1"/><line x1="\(x(difference.low))" \
            x2="\(x(difference.high))" y1="7" y2="7" stroke="\(color.css)" stroke-width="3"/><circle \
            cx="\(x(difference.value))" cy="7" r="3.6" fill="\(color.css)"/></svg>
            """
    }
}
