import Foundation
import Media

/// A chart of upright bars with their counts above, as SVG without a fixed size: it fills the width that the page gives it.
struct BarChart {
    let title: String
    let bars: [(name: String, count: Int)]
    var color = Color(hex: 0x2E86FF)

    private static let width = 370.0
    private static let height = 230.0

    func figure() -> HTML {
        let (left, right, top, bottom) = (8.0, Self.width - 8, 22.0, Self.height - 56)
        let highest = Double(max(1, bars.map(\.count).max() ?? 1))
        let step = (right - left) / Double(max(1, bars.count))
        let drawn = bars.enumerated().map { i, bar -> HTML in
            let high = Double(bar.count) / highest * (bottom - top)
            let middle = left + (Double(i) + 0.5) * step
            // Names are turned, so that long ones beside each other can be read.
            return """
                <rect x="\((middle - 0.4 * step).short)" y="\((bottom - high).short)" width="\((0.8 * step).short)" \
                height="\(high.short)" fill="\(color.css)"/>\
                <text x="\(middle.short)" y="\((bottom - high - 4).short)" text-anchor="middle">\(bar.count)</text>\
                <text transform="translate(\((middle + 4).short) \((bottom + 12).short)) rotate(-28)" \
                text-anchor="end">\(bar.name)</text>
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
