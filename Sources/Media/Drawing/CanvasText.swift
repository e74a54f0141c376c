import CMedia

extension Canvas {
    /// Where a text stands relative to its point.
    public enum TextAlignment: Sendable {
        case left, center, right
    }

    /// Size of a line of text in pixels.
    public struct TextSize: Hashable, Sendable {
        public let width: Double
        /// Above and below the baseline, of the font rather than of the letters used.
        public let ascent: Double
        public let descent: Double

        public var height: Double { ascent + descent }
    }

    public func measure(_ text: String, size: Double, isBold: Bool = false) -> TextSize {
        cm_canvas_set_font(surface, size, isBold)
        let size = cm_canvas_measure(surface, text)
        return TextSize(width: size.advance, ascent: size.ascent, descent: size.descent)
    }

    /// One line of text in the system's sans-serif. `y` is the baseline.
    public func text(
        _ text: String, x: Double, y: Double, size: Double, color: Color = .black, alignment: TextAlignment = .left,
        isBold: Bool = false, angle: Double = 0
    ) {
        let width = measure(text, size: size, isBold: isBold).width
        let shift =
            switch alignment {
            case .left: 0.0
            case .center: -width / 2
            case .right: -width
            }
        setPaint(.color(color))
        transformed(x: x, y: y, angle: angle) {
            cm_canvas_set_font(surface, size, isBold)
            cm_canvas_text(surface, shift, 0, text)
        }
    }

    /// A box with its name, for a detection or an annotation: an outline in `color` around XYXY pixels and, when
    /// there is a `label`, a filled tag of the same colour above its top left corner. The tag moves inside the box,
    /// and inside the canvas, when there is no room, and a label wider than the canvas is cut short.
    public func box(
        x0: Double, y0: Double, x1: Double, y1: Double, label: String? = nil, color: Color, lineWidth: Double? = nil,
        textSize: Double? = nil, dashes: [Double] = []
    ) {
        let line = lineWidth ?? suitableLineWidth
        // A thin dark line around the colour keeps the box visible on any background.
        rectangle(
            x: x0, y: y0, width: x1 - x0, height: y1 - y0, stroke: Stroke(width: line + 1, dashes: dashes),
            color: Color.black.withOpacity(0.3))
        rectangle(
            x: x0, y: y0, width: x1 - x0, height: y1 - y0, stroke: Stroke(width: line, dashes: dashes), color: color)
        guard let label, !label.isEmpty else { return }
        tag(label, x: x0 - line / 2, above: y0 - line / 2, color: color, textSize: textSize ?? suitableTextSize)
    }

    /// A filled label with its bottom left at (`x`, `above`), moved as far as it takes to be inside the canvas.
    public func tag(_ label: String, x: Double, above: Double, color: Color, textSize: Double) {
        let padding = (textSize * 0.3).rounded(.up)
        let text = shortened(label, toWidth: Double(width) - 2 * padding, size: textSize)
        let size = measure(text, size: textSize, isBold: true)
        let tagWidth = size.width + 2 * padding
        let tagHeight = (size.height + padding * 0.5).rounded(.up)
        let left = min(max(x, 0), max(0, Double(width) - tagWidth))
        let top = min(max(above - tagHeight, 0), max(0, Double(height) - tagHeight))
        rectangle(
            x: left, y: top, width: tagWidth, height: tagHeight, cornerRadius: min(3, padding / 2),
            fill: .color(color.withOpacity(0.92)))
        self.text(
            text, x: left + padding, y: top + (tagHeight - size.height) / 2 + size.ascent, size: textSize,
            color: color.readableTextColor, isBold: true)
    }

    /// The text as it is, or as much of its start as `limit` pixels have room for, with an ellipsis.
    func shortened(_ label: String, toWidth limit: Double, size: Double, isBold: Bool = true) -> String {
        if measure(label, size: size, isBold: isBold).width <= limit { return label }
        var kept = Substring(label)
        while kept.count > 1, measure(kept + "…", size: size, isBold: isBold).width > limit { kept = kept.dropLast() }
        return kept + "…"
    }
}
