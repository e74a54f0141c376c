import CMedia

extension Canvas {
    /// Which part of a text stands at the point it is drawn at.
    public enum TextAlignment: Sendable {
        /// The text begins at the point.
        case left
        /// The text's middle is at the point.
        case center
        /// The text ends at the point.
        case right
    }

    /// The size of a line of text, in pixels.
    public struct TextSize: Hashable, Sendable {
        /// How far the line reaches from left to right.
        public let width: Double
        /// How far the font, not just the letters in use, reaches above the baseline.
        public let ascent: Double
        /// How far the font, not just the letters in use, reaches below the baseline.
        public let descent: Double

        /// The height of the line: ascent and descent.
        public var height: Double { ascent + descent }
    }

    /// How much room one line of `text` takes in the system's sans-serif font of `size` pixels.
    public func measure(_ text: String, size: Double, isBold: Bool = false) -> TextSize {
        cm_canvas_set_font(surface, size, isBold)
        let size = cm_canvas_measure(surface, text)
        return TextSize(width: size.advance, ascent: size.ascent, descent: size.descent)
    }

    /// Draws one line of text in the system's sans-serif font.
    ///
    /// - Parameters:
    ///   - text: The text. A line break in it has no effect.
    ///   - x: Where the text begins, is centred or ends, as `alignment` says.
    ///   - y: The baseline.
    ///   - size: The font's size in pixels.
    ///   - color: The letters' colour.
    ///   - alignment: Which part of the text stands at `x`.
    ///   - isBold: Whether the letters are bold.
    ///   - angle: By how much the line is turned around (`x`, `y`), in radians clockwise.
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

    /// Draws a box with its name, as for a detection or an annotation: an outline around XYXY pixels and, above its top
    /// left corner, a filled tag with the label. Where there is no room, the tag moves into the box and into the
    /// canvas, and a label that is wider than the canvas is cut short.
    ///
    /// - Parameters:
    ///   - x0: The left edge.
    ///   - y0: The top edge.
    ///   - x1: The right edge.
    ///   - y1: The bottom edge.
    ///   - label: The text on the tag; nil for no tag.
    ///   - color: The colour of outline and tag. The text is black or white, whichever reads better on it.
    ///   - lineWidth: The outline's width in pixels; nil for one that suits the canvas.
    ///   - textSize: The font's size in pixels; nil for one that suits the canvas.
    ///   - dashes: The lengths of dashes and gaps of the outline in turn, in pixels; empty for a solid one.
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

    /// Draws a filled label whose bottom left corner is (`x`, `above`), moved as far as it takes to lie inside the
    /// canvas.
    package func tag(_ label: String, x: Double, above: Double, color: Color, textSize: Double) {
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

    /// The label as it is, or as much of its start as fits into `limit` pixels, with an ellipsis.
    package func shortened(_ label: String, toWidth limit: Double, size: Double, isBold: Bool = true) -> String {
        if measure(label, size: size, isBold: isBold).width <= limit { return label }
        var kept = Substring(label)
        while kept.count > 1, measure(kept + "…", size: size, isBold: isBold).width > limit { kept = kept.dropLast() }
        return kept + "…"
    }
}
