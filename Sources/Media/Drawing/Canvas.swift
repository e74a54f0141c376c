import CMedia
import Glibc
import Support

/// A picture to draw on, with cairo: antialiased shapes, gradients and text.
///
/// Coordinates are pixels; (0, 0) is the top left corner of the top left pixel, and (0.5, 0.5) its middle. Angles are
/// radians and turn clockwise. A canvas is for one thread at a time.
public final class Canvas {
    /// Columns of pixels.
    public let width: Int
    /// Rows of pixels.
    public let height: Int
    /// The C canvas, which this one owns.
    let surface: OpaquePointer

    /// The longest side in pixels that a canvas may have, which is cairo's limit.
    public static let maximumSide = 32767

    /// A canvas of `width` x `height` pixels, 1 to ``maximumSide`` each, covered with the colour `background`.
    public init(width: Int, height: Int, background: Color = .white) {
        precondition(
            (1...Self.maximumSide).contains(width) && (1...Self.maximumSide).contains(height),
            "Canvas: no canvas of \(width) x \(height) pixels; 1 to \(Self.maximumSide)")
        guard let surface = cm_canvas_create(Int32(width), Int32(height)) else {
            failForWantOfMemory("a canvas of \(width) x \(height) pixels")
        }
        self.width = width
        self.height = height
        self.surface = surface
        setPaint(.color(background))
        cm_canvas_paint(surface)
    }

    /// A canvas that holds a copy of `image`; a grey one becomes RGB.
    /// - Throws: ``MediaError`` when a side is over ``maximumSide``, as a JPEG's may be.
    public convenience init(_ image: ByteImage) throws {
        guard image.width <= Self.maximumSide && image.height <= Self.maximumSide else {
            throw MediaError(
                kind: .tooLarge, name: "a picture of \(image.width) x \(image.height) pixels",
                cause: "drawings have sides of up to \(Self.maximumSide)")
        }
        self.init(width: image.width, height: image.height, background: .black)
        image.withUnsafeBytes { cm_canvas_load(surface, $0.bytePointer, Int32(image.channels)) }
    }

    deinit { cm_canvas_destroy(surface) }

    /// A copy of what has been drawn so far, as RGB.
    public func image() -> ByteImage {
        ByteImage(width: width, height: height, channels: 3) { cm_canvas_store(surface, $0.bytePointer) }
    }

    /// What a shape is filled with: a colour, or one that changes from place to place.
    public enum Paint: Hashable, Sendable {
        /// A colour at a place of a gradient; between two stops the colours are mixed.
        public struct Stop: Hashable, Sendable {
            /// The place: 0 (the gradient's start) to 1 (its end).
            public var offset: Double
            /// The colour at that place.
            public var color: Color

            /// A stop at `offset`, 0 to 1, with the colour `color`.
            public init(_ offset: Double, _ color: Color) {
                self.offset = offset
                self.color = color
            }
        }

        /// One colour.
        case color(Color)
        /// Colours that change along the line from one point to another; beyond its ends they stay as they are there.
        case linearGradient(from: Point, to: Point, [Stop])
        /// Colours that change from a point outward; beyond the radius, in pixels, they stay as they are there.
        case radialGradient(center: Point, radius: Double, [Stop])
    }

    /// A place on the canvas, in pixels.
    public struct Point: Hashable, Sendable {
        /// Pixels from the left edge.
        public var x: Double
        /// Pixels from the top edge.
        public var y: Double

        /// The point `x` pixels from the left edge and `y` from the top edge.
        public init(_ x: Double, _ y: Double) {
            self.x = x
            self.y = y
        }
    }

    /// How a line is drawn. Half of its width lies on either side of the path.
    public struct Stroke: Hashable, Sendable {
        /// The line's width in pixels; 0 draws nothing.
        public var width: Double
        /// The lengths of dashes and gaps in turn, in pixels; empty for a solid line.
        public var dashes: [Double]
        /// Whether corners and ends are round, rather than pointed and cut off.
        public var isRound: Bool

        /// A solid line of 1 pixel with pointed corners, unless said otherwise.
        public init(width: Double = 1, dashes: [Double] = [], isRound: Bool = false) {
            self.width = width
            self.dashes = dashes
            self.isRound = isRound
        }
    }

    /// A line width that suits the canvas: a 200th of its shorter side, and at least 2 pixels.
    var suitableLineWidth: Double { max(2, Double(min(width, height)) / 200) }

    /// A text size that suits the canvas: a 37th of its shorter side, and at least 11 pixels.
    var suitableTextSize: Double { max(11, (Double(min(width, height)) / 37).rounded()) }

    /// Runs `body` with its drawing moved, turned and scaled: what it draws at (0, 0) is at (`x`, `y`), turned around
    /// that point by `angle` radians clockwise and `scale` times as large. `scale` must not be 0.
    /// - Throws: What `body` throws.
    public func transformed(
        x: Double = 0, y: Double = 0, angle: Double = 0, scale: Double = 1, _ body: () throws -> Void
    ) rethrows {
        precondition(scale != 0, "Canvas.transformed: a scale of zero")
        cm_canvas_save(surface)
        defer { cm_canvas_restore(surface) }
        cm_canvas_translate(surface, x, y)
        cm_canvas_rotate(surface, angle)
        cm_canvas_scale(surface, scale, scale)
        try body()
    }

    /// Runs `body` with its drawing cut off outside of the rectangle whose top left corner is (`x`, `y`).
    /// - Throws: What `body` throws.
    public func clipped(
        x: Double, y: Double, width: Double, height: Double, _ body: () throws -> Void
    ) rethrows {
        cm_canvas_save(surface)
        defer { cm_canvas_restore(surface) }
        cm_canvas_add_rectangle(surface, x, y, width, height, 0)
        cm_canvas_clip(surface)
        try body()
    }

    /// Makes `paint` what the next shape is filled or drawn with.
    func setPaint(_ paint: Paint) {
        func flat(_ stops: [Paint.Stop]) -> [Double] {
            stops.flatMap { [$0.offset, $0.color.red, $0.color.green, $0.color.blue, $0.color.opacity] }
        }
        switch paint {
        case .color(let color):
            cm_canvas_set_color(surface, color.red, color.green, color.blue, color.opacity)
        case .linearGradient(let from, let to, let stops):
            cm_canvas_set_linear_gradient(surface, from.x, from.y, to.x, to.y, flat(stops), Int32(stops.count))
        case .radialGradient(let center, let radius, let stops):
            cm_canvas_set_radial_gradient(surface, center.x, center.y, radius, flat(stops), Int32(stops.count))
        }
    }
}
