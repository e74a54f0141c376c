import CMedia

/// Every shape takes a `fill`, a `stroke` with its `color`, or both.
extension Canvas {
    /// Covers the canvas.
    public func paint(_ paint: Paint) {
        setPaint(paint)
        cm_canvas_paint(surface)
    }

    /// A rectangle from its top left corner, with corners of `cornerRadius`.
    public func rectangle(
        x: Double, y: Double, width: Double, height: Double, cornerRadius: Double = 0, fill: Paint? = nil,
        stroke: Stroke? = nil, color: Color = .black
    ) {
        draw(fill, stroke, color) { cm_canvas_add_rectangle(surface, x, y, width, height, cornerRadius) }
    }

    /// An ellipse around (`x`, `y`) with the half axes `radiusX` and `radiusY`, turned by `angle`.
    public func ellipse(
        x: Double, y: Double, radiusX: Double, radiusY: Double, angle: Double = 0, fill: Paint? = nil,
        stroke: Stroke? = nil, color: Color = .black
    ) {
        draw(fill, stroke, color) { cm_canvas_add_ellipse(surface, x, y, radiusX, radiusY, angle) }
    }

    /// A closed polygon.
    public func polygon(_ points: [Point], fill: Paint? = nil, stroke: Stroke? = nil, color: Color = .black) {
        guard points.count > 1 else { return }
        draw(fill, stroke, color) {
            addPath(points)
            cm_canvas_close_path(surface)
        }
    }

    /// A closed smooth curve through `points`: each pair is joined by a Bézier curve along the line between their
    /// neighbours (Catmull-Rom).
    public func blob(_ points: [Point], fill: Paint? = nil, stroke: Stroke? = nil, color: Color = .black) {
        let n = points.count
        guard n > 2 else { return }
        draw(fill, stroke, color) {
            cm_canvas_move_to(surface, points[0].x, points[0].y)
            for i in 0..<n {
                let (p, a, b, q) = (points[(i + n - 1) % n], points[i], points[(i + 1) % n], points[(i + 2) % n])
                cm_canvas_curve_to(
                    surface, a.x + (b.x - p.x) / 6, a.y + (b.y - p.y) / 6, b.x - (q.x - a.x) / 6, b.y - (q.y - a.y) / 6,
                    b.x, b.y)
            }
            cm_canvas_close_path(surface)
        }
    }

    /// A straight line.
    public func line(from: Point, to: Point, color: Color, stroke: Stroke = Stroke()) {
        polyline([from, to], color: color, stroke: stroke)
    }

    /// An open line through `points`: a curve of a chart, for one.
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
