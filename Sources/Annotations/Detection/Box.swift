/// A rectangle in pixels as XYXY: 0-based, `x1` and `y1` are the exclusive far edges, so a box over a whole image of
/// width W and height H is (0, 0, W, H).
public struct Box: Hashable, Sendable {
    public var x0: Float
    public var y0: Float
    public var x1: Float
    public var y1: Float

    public init(x0: Float, y0: Float, x1: Float, y1: Float) {
        self.x0 = x0
        self.y0 = y0
        self.x1 = x1
        self.y1 = y1
    }

    /// From COCO's form: the near corner, then the extent.
    public init(x: Float, y: Float, width: Float, height: Float) {
        self.init(x0: x, y0: y, x1: x + width, y1: y + height)
    }

    /// `x1 − x0`; negative when the edges are swapped.
    public var width: Float { x1 - x0 }

    /// `y1 − y0`; negative when the edges are swapped.
    public var height: Float { y1 - y0 }

    /// Width times height, and 0 for a box without extent.
    public var area: Float { max(0, width) * max(0, height) }

    /// Whether the box has no inside: an extent that is not above zero, or a coordinate that is not finite.
    public var isDegenerate: Bool { !(width > 0 && height > 0 && width.isFinite && height.isFinite) }

    /// The part within an image of that size; a box wholly outside becomes one without extent on the nearest edge.
    public func clipped(toWidth width: Int, height: Int) -> Box {
        let right = Float(width)
        let bottom = Float(height)
        return Box(
            x0: min(max(x0, 0), right), y0: min(max(y0, 0), bottom), x1: min(max(x1, 0), right),
            y1: min(max(y1, 0), bottom))
    }

    /// Area of the intersection over area of the union; 0 where either is empty.
    public func intersectionOverUnion(_ other: Box) -> Float {
        let shared = Box(
            x0: max(x0, other.x0), y0: max(y0, other.y0), x1: min(x1, other.x1), y1: min(y1, other.y1)
        ).area
        let union = area + other.area - shared
        return union > 0 ? shared / union : 0
    }
}
