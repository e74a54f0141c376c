import CMedia
import Glibc

/// Draws on a copy of an image, with cairo: antialiased shapes, gradients and text.
///
/// Coordinates are pixels, (0, 0) is the top left corner of the top left pixel, angles are radians and turn clockwise.
/// A canvas is for one thread at a time.
public final class Canvas {
    public let width: Int
    public let height: Int
    let surface: OpaquePointer

    /// The longest side that cairo draws on.
    public static let maximumSide = 32767

    /// A canvas of one colour; sides of 1 to `maximumSide` pixels.
    public init(width: Int, height: Int, background: Color = .white) {
        precondition(
            (1...Self.maximumSide).contains(width) && (1...Self.maximumSide).contains(height),
            "Canvas: no canvas of \(width) x \(height) pixels; 1 to \(Self.maximumSide)")
        guard let surface = cm_canvas_create(Int32(width), Int32(height)) else {
            fatalError("Canvas: no memory for \(width) x \(height) pixels")
        }
        self.width = width
        self.height = height
        self.surface = surface
        setPaint(.color(background))
        cm_canvas_paint(surface)
    }

    /// A canvas that holds `image`.
    /// - Throws: `MediaError` when a side is over `maximumSide`, which JPEG allows.
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

    /// What has been drawn so far, as RGB.
    public func image() -> ByteImage {
        ByteImage(width: width, height: height, channels: 3) { cm_canvas_store(surface, $0.bytePointer) }
    }

    /// What a shape is filled with.
    public enum Paint: Hashable, Sendable {
        public struct Stop: Hashable, Sendable {
            /// 0 (start) to 1 (end).
            public var offset: Double
            public var color: Color

            public init(_ offset: Double, _ color: Color) {
                self.offset = offset
                self.color = color
            }
        }

        case color(Color)
        case linearGradient(from: Point, to: Point, [Stop])
        case radialGradient(center: Point, radius: Double, [Stop])
    }

    public struct Point: Hashable, Sendable {
        public var x: Double
        public var y: Double

        public init(_ x: Double, _ y: Double) {
            self.x = x
            self.y = y
        }
    }

    public struct Stroke: Hashable, Sendable {
        /// In pixels.
        public var width: Double
        /// Lengths of dash and gap in turn; none for a solid line.
        public var dashes: [Double]
        /// Round corners and ends, rather than mitred and square.
        public var isRound: Bool

        public init(width: Double = 1, dashes: [Double] = [], isRound: Bool = false) {
            self.width = width
            self.dashes = dashes
            self.isRound = isRound
        }
    }

    /// A line width that suits the canvas: 3 pixels at 600, never less than 2.
    public var suitableLineWidth: Double { max(2, Double(min(width, height)) / 200) }

    /// A text size that suits the canvas, in pixels: 16 at 600, never less than 11.
    public var suitableTextSize: Double { max(11, (Double(min(width, height)) / 37).rounded()) }

    /// Runs `body` with the origin moved to (`x`, `y`), turned by `angle` and scaled.
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

    /// Runs `body` with drawing kept inside a rectangle.
    public func clipped(
        x: Double, y: Double, width: Double, height: Double, _ body: () throws -> Void
    ) rethrows {
        cm_canvas_save(surface)
        defer { cm_canvas_restore(surface) }
        cm_canvas_add_rectangle(surface, x, y, width, height, 0)
        cm_canvas_clip(surface)
        try body()
    }

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
