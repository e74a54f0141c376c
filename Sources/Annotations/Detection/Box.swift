import Support

/// A rectangle in pixels as XYXY: 0-based, `x1` and `y1` are the exclusive far edges, so a box over a whole image of
/// width W and height H is (0, 0, W, H).
public struct Box: Hashable, Sendable {
    /// The left edge.
    public var x0: Float
    /// The upper edge.
    public var y0: Float
    /// The right edge, exclusive.
    public var x1: Float
    /// The lower edge, exclusive.
    public var y1: Float

    /// A box from its four edges, as they are: swapped edges stay swapped.
    public init(x0: Float, y0: Float, x1: Float, y1: Float) {
        self.x0 = x0
        self.y0 = y0
        self.x1 = x1
        self.y1 = y1
    }

    /// A box from COCO's XYWH: the upper left corner, then the extent.
    public init(x: Float, y: Float, width: Float, height: Float) {
        self.init(x0: x, y0: y, x1: x + width, y1: y + height)
    }

    /// The extent `x1 − x0`; negative when the edges are swapped.
    public var width: Float { x1 - x0 }

    /// The extent `y1 − y0`; negative when the edges are swapped.
    public var height: Float { y1 - y0 }

    /// Width times height in square pixels, and 0 for a box without extent.
    public var area: Float { max(0, width) * max(0, height) }

    /// Whether the box has no inside: an extent that is not above zero, or a coordinate that is not finite.
    public var isDegenerate: Bool { !(width > 0 && height > 0 && width.isFinite && height.isFinite) }

    /// The part of the box within an image; a box wholly outside becomes one without extent on the nearest edge.
    public func clipped(to image: ImageSize) -> Box {
        let right = Float(image.width)
        let bottom = Float(image.height)
        return Box(
            x0: min(max(x0, 0), right), y0: min(max(y0, 0), bottom), x1: min(max(x1, 0), right),
            y1: min(max(y1, 0), bottom))
    }

    /// IoU, the area of the intersection over the area of the union; 0 where either is empty.
    public func intersectionOverUnion(_ other: Box) -> Float {
        let shared = Box(
            x0: max(x0, other.x0), y0: max(y0, other.y0), x1: min(x1, other.x1), y1: min(y1, other.y1)
        ).area
        let union = area + other.area - shared
        return union > 0 ? shared / union : 0
    }
}
