import CMedia

// Every shape takes a `fill`, a `stroke` with its `color`, or both; the stroke lies on top.
extension Canvas {
    /// Covers the whole canvas with `paint`.
    public func paint(_ paint: Paint) {
        setPaint(paint)
        cm_canvas_paint(surface)
    }

    /// Draws a rectangle of `width` x `height` pixels whose top left corner is (`x`, `y`), filled, outlined or both.
    ///
    /// - Parameters:
    ///   - x: The left edge.
    ///   - y: The top edge.
    ///   - width: The width in pixels.
    ///   - height: The height in pixels.
    ///   - cornerRadius: The radius of round corners in pixels; 0 for square ones.
    ///   - fill: What the inside is filled with; nil to leave it.
    ///   - stroke: How the outline is drawn; nil for none.
    ///   - color: The outline's colour.
    public func rectangle(
        x: Double, y: Double, width: Double, height: Double, cornerRadius: Double = 0, fill: Paint? = nil,
        stroke: Stroke? = nil, color: Color = .black
    ) {
        draw(fill, stroke, color) { cm_canvas_add_rectangle(surface, x, y, width, height, cornerRadius) }
    }

    /// Draws an ellipse around (`x`, `y`), filled, outlined or both.
    ///
    /// - Parameters:
    ///   - x: The middle, from the left.
    ///   - y: The middle, from the top.
    ///   - radiusX: Half of the width in pixels.
    ///   - radiusY: Half of the height in pixels.
    ///   - angle: By how much it is turned, in radians clockwise.
    ///   - fill: What the inside is filled with; nil to leave it.
    ///   - stroke: How the outline is drawn; nil for none.
    ///   - color: The outline's colour.
    public func ellipse(
        x: Double, y: Double, radiusX: Double, radiusY: Double, angle: Double = 0, fill: Paint? = nil,
        stroke: Stroke? = nil, color: Color = .black
    ) {
        draw(fill, stroke, color) { cm_canvas_add_ellipse(surface, x, y, radiusX, radiusY, angle) }
    }

    /// Draws a polygon, filled, outlined or both, whose last corner is joined to the first.
    ///
    /// - Parameters:
    ///   - points: The corners in turn; fewer than two draw nothing.
    ///   - fill: What the inside is filled with; nil to leave it.
    ///   - stroke: How the outline is drawn; nil for none.
    ///   - color: The outline's colour.
    public func polygon(_ points: [Point], fill: Paint? = nil, stroke: Stroke? = nil, color: Color = .black) {
        guard points.count > 1 else { return }
        draw(fill, stroke, color) {
            addPath(points)
            cm_canvas_close_path(surface)
        }
    }

    /// Draws a straight line from one point to another.
    public func line(from: Point, to: Point, color: Color, stroke: Stroke = Stroke()) {
        polyline([from, to], color: color, stroke: stroke)
    }

    /// Draws straight lines from each of `points` to the next, such as a curve of a chart. Fewer than two draw nothing.
    public func polyline(_ points: [Point], color: Color, stroke: Stroke = Stroke(isRound: true)) {
        guard points.count > 1 else { return }
        draw(nil, stroke, color) { addPath(points) }
    }

    private func addPath(_ points: [Point]) {
        cm_canvas_move_to(surface, points[0].x, points[0].y)
        for point in points.dropFirst() { cm_canvas_line_to(surface, point.x, point.y) }
    }

    private func draw(_ fill: Paint?, _ stroke: Stroke?, _ color: Color, path: () -> Void) {
        if let fill {
            setPaint(fill)
            path()
            cm_canvas_fill(surface)
        }
        if let stroke, stroke.width > 0 {
            setPaint(.color(color))
            path()
            cm_canvas_stroke(surface, stroke.width, stroke.dashes, Int32(stroke.dashes.count), stroke.isRound)
        }
    }
}
