import Foundation
import Media

/// A chart of lines over two axes, as SVG without a fixed size: it fills the width that the page gives it.
struct LineChart {
    struct Line {
        var name: String
        var color: Color
        var points: [(x: Double, y: Double)]
        var isThin = false
        /// Lengths of strokes and gaps in turn; empty for a line without gaps.
        var dashes: [Int] = []

        /// The attribute with the dashes.
        fileprivate var dashing: HTML {
            dashes.isEmpty
                ? "" : " stroke-dasharray=\"\(dashes.map(String.init).joined(separator: " "))\""
        }
    }

    /// The figure's title; empty for none.
    var title = ""
    var lines: [Line]
    var xTitle: String
    var yTitle = ""
    /// The range of the axis; nil takes that of the points, and includes 0 for `y`, and for `x` if all points have the same.
    var xRange: ClosedRange<Double>?
    var yRange: ClosedRange<Double>?
    /// A point to mark with a ring.
    var mark: (x: Double, y: Double)?
    /// The chart's width in the drawing's own units, in which text is 11 high.
    var width = 370.0
    var height = 230.0
    var hasLegend = true
    /// Whether every point of a line has a dot.
    var hasDots = false
    /// Whether `x` is a count, so that ticks stand only at whole numbers.
    var countsX = false
    /// Largest number of points that are drawn of a line; of longer lines, means of neighbours are drawn.
    var pointLimit = 250

    func figure() -> HTML {
        let lines = lines.map { line in
            var line = line
            line.points = Self.thinned(line.points.filter { $0.x.isFinite && $0.y.isFinite }, to: pointLimit)
            return line
        }
        let legend =
            lines.map { line -> HTML in
                let stroke: HTML =
                    line.dashes.isEmpty
                    ? "<i style=\"background:\(line.color.css)\"></i>"
                    : """
                    <svg class="stroke" viewBox="0 0 26 4" aria-hidden="true"><line x1="0" x2="26" y1="2" y2="2" \
                    stroke="\(line.color.css)" stroke-width="3"\(line.dashing)/></svg>
                    """
                return "<span class=\"key\">\(stroke)\(line.name)</span>"
            }
        return """
            <figure class="chart">\(title.isEmpty ? "" : "<figcaption>\(title)</figcaption>" as HTML)\(svg(lines))\
            \(hasLegend ? "<div class=\"legend\">\(legend)</div>" as HTML : "")</figure>

            """
    }

    private func svg(_ lines: [Line]) -> HTML {
        let points = lines.flatMap(\.points)
        let places = points.map(\.x)
        let xRange = xRange ?? Self.range(places, from: Set(places).count == 1 ? 0 : nil)
        let measured = Self.range(points.map(\.y), from: 0)
        let yRange = yRange ?? measured.lowerBound...Ticks(measured, atMost: 6).next(from: measured.upperBound)
        let (left, right, top, bottom) = (width < 300 ? 26.0 : 38.0, width - 8, 8.0, height - 32)
        func x(_ value: Double) -> Double {
            left + (value - xRange.lowerBound) / (xRange.upperBound - xRange.lowerBound) * (right - left)
        }
        func y(_ value: Double) -> Double {
            bottom - (value - yRange.lowerBound) / (yRange.upperBound - yRange.lowerBound) * (bottom - top)
        }
        let across = Ticks(xRange, atMost: width < 300 ? 4 : 7, leastStep: countsX ? 1 : 0)
        let up = Ticks(yRange, atMost: 6)
        let grid: [HTML] =
            up.values.map { value in
                """
                <line class="grid" x1="\(left.short)" x2="\(right.short)" y1="\(y(value).short)" y2="\(y(value).short)"/>\
                <text x="\((left - 5).short)" y="\((y(value) + 4).short)" text-anchor="end">\(up.label(value))</text>
                """
            }
            + across.values.map { value in
                let label = across.label(value)
                // The right half of the label must fit into the drawing.
                let middle = min(x(value), width - 3.2 * Double(label.count))
                return """
                    <line class="grid" x1="\(x(value).short)" x2="\(x(value).short)" y1="\(top.short)" \
                    y2="\(bottom.short)"/><text x="\(middle.short)" y="\((bottom + 14).short)" \
                    text-anchor="middle">\(label)</text>
                    """
            }
        let drawn: [HTML] = lines.map { line in
            let corners = line.points.map { "\(x($0.x).short),\(y($0.y).short)" }.joined(separator: " ")
            let dots: [HTML] =
                !hasDots || line.points.count > 40
                ? []
                : line.points.map {
                    "<circle cx=\"\(x($0.x).short)\" cy=\"\(y($0.y).short)\" r=\"2.5\" fill=\"\(line.color.css)\"/>"
                }
            return """
                <polyline fill="none" stroke="\(line.color.css)" stroke-width="\(line.isThin ? "0.8" : "1.8")" \
                stroke-linejoin="round"\(line.dashing) points="\(corners)"/>\(dots)
                """
        }
        let marked: HTML =
            mark.map {
                """
                <circle cx="\(x($0.x).short)" cy="\(y($0.y).short)" r="4" fill="#fff" stroke="#1d2430" stroke-width="1.6"/>
                """
            } ?? ""
        return """
            <svg viewBox="0 0 \(width.short) \(height.short)" role="img" aria-label="\(title.isEmpty ? yTitle : title)">\
            \(grid)<text x="\(((left + right) / 2).short)" y="\((height - 4).short)" text-anchor="middle">\(xTitle)</text>\
            \(drawn)\(marked)</svg>
            """
    }

    private static func range(_ values: [Double], from low: Double?) -> ClosedRange<Double> {
        let low = min(low ?? .infinity, values.min() ?? 0)
        let high = max(values.max() ?? 1, low)
        // Beside a large number, 1 is nothing.
        return low...(high > low ? high : low + max(1, abs(low) / 1000))
    }

    /// At most `limit` points: means of neighbours if there are more.
    static func thinned(_ points: [(x: Double, y: Double)], to limit: Int) -> [(x: Double, y: Double)] {
        guard points.count > limit else { return points }
        return (0..<limit).map { place in
            let part = points[(place * points.count / limit)..<((place + 1) * points.count / limit)]
            let count = Double(part.count)
            return (part.reduce(0) { $0 + $1.x } / count, part.reduce(0) { $0 + $1.y } / count)
        }
    }
}

/// Round numbers along an axis.
struct Ticks {
    let values: [Double]
    private let step: Double
    private let decimals: Int

    init(_ range: ClosedRange<Double>, atMost count: Int, leastStep: Double = 0) {
        let rough = max((range.upperBound - range.lowerBound) / Double(max(1, count - 1)), leastStep)
        let power = pow(10, floor(log10(rough)))
        step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 } ?? 10 * power
        decimals = max(0, -Int(floor(log10(step) + 1e-9)))
        let first = (range.lowerBound / step - 1e-6).rounded(.up)
        let last = (range.upperBound / step + 1e-6).rounded(.down)
        // Far from zero, a step can be smaller than the distance between two numbers.
        guard abs(first) < 1e9, abs(last) < 1e9, first <= last else {
            values = [range.lowerBound]
            return
        }
        let step = step
        values = (Int(first)...Int(last)).map { Double($0) * step }
    }

    /// The first tick at a value or above it.
    func next(from value: Double) -> Double { (value / step - 1e-6).rounded(.up) * step }

    /// A value with as few digits as distinguish the ticks, such as 0.5, 20000 or 2e-4.
    func label(_ value: Double) -> String {
        if value == 0 { return "0" }
        guard decimals > 3 else { return String(format: "%.\(min(decimals, 3))f", value) }
        let exponent = Int(floor(log10(abs(value)) + 1e-9))
        let mantissa = value / pow(10, Double(exponent))
        return "\(mantissa.short)e\(exponent)"
    }
}

extension Double {
    /// The number with at most one decimal, which is precise enough for a position in a drawing.
    var short: String {
        let text = String(format: "%.1f", self)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}

extension Color {
    /// The colour as style sheets write it, without opacity.
    var css: String {
        func byte(_ part: Double) -> Int { Int((min(max(part, 0), 1) * 255).rounded()) }
        return String(format: "#%02x%02x%02x", byte(red), byte(green), byte(blue))
    }
}
