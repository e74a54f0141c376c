import Foundation

/// The classes of the drawn detection set. The label is the position + 1.
package enum SceneShape: String, CaseIterable, Sendable {
    case disc, ring, square, triangle, star, cross

    /// The corners of the shape, with a circumscribed circle of radius 1, roughly; empty for round shapes.
    fileprivate var outline: [SIMD2<Float>] {
        func around(_ radii: [Float], start: Float) -> [SIMD2<Float>] {
            radii.indices.map { i in
                let angle = start + 2 * .pi * Float(i) / Float(radii.count)
                return radii[i] * SIMD2(cos(angle), sin(angle))
            }
        }
        switch self {
        case .disc, .ring: return []
        case .square: return around([1.1, 1.1, 1.1, 1.1], start: .pi / 4)
        case .triangle: return around([1.15, 1.15, 1.15], start: -.pi / 2)
        case .star:
            return around((0..<10).map { $0 % 2 == 0 ? 1.15 : 0.5 }, start: -.pi / 2)
        case .cross:
            let arm: Float = 0.36
            let reach: Float = 1.02
            return [
                [-arm, -reach], [arm, -reach], [arm, -arm], [reach, -arm], [reach, arm], [arm, arm], [arm, reach],
                [-arm, reach], [-arm, arm], [-reach, arm], [-reach, -arm], [-arm, -arm],
            ]
        }
    }
}

/// A shape placed on the image: scaled, squeezed and turned.
package struct PlacedShape: Sendable {
    static let ringInnerRadius: Float = 0.5

    package let shape: SceneShape
    /// The centre in pixels.
    package let center: SIMD2<Float>
    package let radius: Float
    /// The matrix from pixels to the shape's own coordinates, row by row.
    private let inverse: (SIMD2<Float>, SIMD2<Float>)
    /// The outline in pixels.
    private let outline: [SIMD2<Float>]

    /// `squeeze` is the ratio of the second axis to the first, at most 1; `angle` in radians.
    package init(shape: SceneShape, center: SIMD2<Float>, radius: Float, squeeze: Float, angle: Float) {
        self.shape = shape
        self.center = center
        self.radius = radius
        let (c, s) = (cos(angle), sin(angle))
        let (a, b) = (radius, radius * squeeze)
        inverse = (SIMD2(c, s) / a, SIMD2(-s, c) / b)
        outline = shape.outline.map { p in
            center + SIMD2(c * a * p.x - s * b * p.y, s * a * p.x + c * b * p.y)
        }
    }

    /// A point in the shape's own coordinates.
    func local(_ point: SIMD2<Float>) -> SIMD2<Float> {
        let offset = point - center
        return SIMD2((inverse.0 * offset).sum(), (inverse.1 * offset).sum())
    }

    /// The distance of a point from the edge in pixels, negative inside.
    package func distance(_ point: SIMD2<Float>) -> Float {
        switch shape {
        case .disc: return ellipse(point).distance
        case .ring:
            // The distance to the edge of an ellipse along its gradient, for the outer and the inner edge.
            let (outer, ratio, gradient) = ellipse(point)
            return max(outer, gradient > 0 ? (Self.ringInnerRadius - ratio) / gradient : radius)
        default: return polygon(point)
        }
    }

    /// The largest distance of the shape's edge from its centre, in pixels.
    var reach: Float { radius * 1.16 }

    private func ellipse(_ point: SIMD2<Float>) -> (distance: Float, ratio: Float, gradient: Float) {
        let p = local(point)
        let ratio = (p * p).sum().squareRoot()
        guard ratio > 1e-6 else { return (-radius, 0, 0) }
        let slope = (inverse.0 * p.x + inverse.1 * p.y) / ratio
        let gradient = (slope * slope).sum().squareRoot()
        return ((ratio - 1) / gradient, ratio, gradient)
    }

    /// The distance to the nearest edge, with the sign from the crossings of a horizontal ray.
    private func polygon(_ point: SIMD2<Float>) -> Float {
        var nearest = Float.infinity
        var isInside = false
        var previous = outline[outline.count - 1]
        for vertex in outline {
            let edge = vertex - previous
            let toPoint = point - previous
            let along = max(0, min(1, (toPoint * edge).sum() / (edge * edge).sum()))
            let offset = toPoint - along * edge
            nearest = min(nearest, (offset * offset).sum())
            if (previous.y > point.y) != (vertex.y > point.y),
                point.x < previous.x + edge.x * (point.y - previous.y) / edge.y
            {
                isInside.toggle()
            }
            previous = vertex
        }
        return isInside ? -nearest.squareRoot() : nearest.squareRoot()
    }
}
