import Foundation
import Media

/// A chart of upright bars with their counts above, as SVG without a fixed size: it fills the width that the page gives it.
struct BarChart {
    let title: String
    let bars: [(name: String, count: Int)]
    var color = Color(hex: 0x2E86FF)

    private static let width = 370.0
    private static let height = 230.0

    /// The width of a letter at the size that the page's style gives text in charts, in units of the drawing.
    private static let letter = 7.0
    /// How far long names are turned, in degrees.
    private static let turn = 28.0

    func figure() -> HTML {
        let longest = bars.map { Double($0.name.count) * Self.letter }
        let edge = 8.0
        let level = (Self.width - 2 * edge) / Double(max(1, bars.count))
        // Long names beside each other can be read when they are turned. The first ones then reach out to the left.
        let isTurned = longest.contains { $0 > level - 4 }
        let reach = longest.enumerated().map { i, length in
            length * cos(Self.turn * .pi / 180) - (Double(i) + 0.5) * level
        }
        let left = isTurned ? edge + max(0, reach.max() ?? 0) : edge
        let (right, top, bottom) = (Self.width - edge, 22.0, Self.height - (isTurned ? 56 : 22))
        let highest = Double(max(1, bars.map(\.count).max() ?? 1))
        let step = (right - left) / Double(max(1, bars.count))
        let wide = min(0.8 * step, 60)
        let drawn = bars.enumerated().map { i, bar -> HTML in
            let high = Double(bar.count) / highest * (bottom - top)
            let middle = left + (Double(i) + 0.5) * step
            let name: HTML =
                isTurned
                ? """
                <text transform="translate(\((middle + 4).short) \((bottom + 12).short)) rotate(\((-Self.turn).short))" \
                text-anchor="end">\(bar.name)</text>
                """
                : """
                <text x="\(middle.short)" y="\((bottom + 14).short)" text-anchor="middle">\(bar.name)</text>
                """
            return """
                <rect x="\((middle - wide / 2).short)" y="\((bottom - high).short)" width="\(wide.short)" \
                height="\(high.short)" fill="\(color.css)"/>\
                <text x="\(middle.short)" y="\((bottom - high - 4).short)" text-anchor="middle">\(bar.count)</text>\
                \(name)
                """
        }
        return """
            <figure class="chart"><figcaption>\(title)</figcaption>\
            <svg viewBox="0 0 \(Self.width.short) \(Self.height.short)" role="img" aria-label="\(title)">\
            <line class="grid" x1="\(left.short)" x2="\(right.short)" y1="\(bottom.short)" y2="\(bottom.short)"/>\
            \(drawn)</svg></figure>

            """
    }
}
