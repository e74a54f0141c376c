/// Values on a coarse grid that are laid over a picture as colours, as a class activation map is.
public struct HeatMap: Hashable, Sendable {
    /// Columns of the grid.
    public let width: Int
    /// Rows of the grid.
    public let height: Int
    /// The values, `[height, width]`, rows from top to bottom: 0 is cold, 1 is hot. Values outside of 0…1 count as the
    /// nearer of the two, NaN as 0.
    public let values: [Float]

    /// A map of `width` x `height` cells, at least 1 each, with `values`, `[height, width]`, of which there must be
    /// exactly as many.
    public init(width: Int, height: Int, values: [Float]) {
        precondition(
            width > 0 && height > 0 && values.count == width * height,
            "HeatMap: \(values.count) values do not make \(width) x \(height)")
        self.width = width
        self.height = height
        self.values = values
    }
}

/// A rectangle of a picture, in pixels; (0, 0) is the top left corner of the top left pixel.
public struct ImageRegion: Hashable, Sendable, Codable {
    /// The left edge.
    public var x: Double
    /// The top edge.
    public var y: Double
    /// The width in pixels.
    public var width: Double
    /// The height in pixels.
    public var height: Double

    /// The rectangle of `width` x `height` pixels whose top left corner is (`x`, `y`).
    public init(x: Double, y: Double, width: Double, height: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    /// The part of the picture that this rectangle covers, in a picture `factor` times as large.
    public func scaled(by factor: Double) -> ImageRegion {
        ImageRegion(x: x * factor, y: y * factor, width: width * factor, height: height * factor)
    }
}

extension ByteImage {
    /// The picture as RGB, with the heat map spread over `region` and blended in; what lies outside of the region is
    /// darkened.
    ///
    /// Each value stands in the middle of its cell. Between the middles the values are interpolated bilinearly, and
    /// beyond the outermost ones they stay the same.
    ///
    /// - Parameters:
    ///   - map: The values.
    ///   - region: The part of the picture that the map covers; its sides must be above 0. It may reach beyond the
    ///     picture.
    ///   - opacity: How much the colours cover the picture, 0 (not at all) to 1 (entirely).
    ///   - dimming: How much of the brightness is taken away outside of the region, 0 (nothing) to 1 (everything).
    ///   - ramp: The colours of the values from 0 to 1.
    public func heated(
        by map: HeatMap, in region: ImageRegion, opacity: Double = 0.5, dimming: Double = 0.6,
        ramp: ColorRamp = .heat
    ) -> ByteImage {
        precondition(
            region.width > 0 && region.height > 0, "ByteImage.heated: a region of \(region.width) x \(region.height)")
        var result = convertedToRGB()
        let columns = Taps(pixels: width, start: region.x, length: region.width, cells: map.width)
        let rows = Taps(pixels: height, start: region.y, length: region.height, cells: map.height)
        let colors = Self.table(of: ramp)
        let (share, remainder) = (Float(opacity), Float(1 - opacity))
        let outside = Float(1 - dimming)
        let pitch = width * 3
        result.withUnsafeMutableBytes { pixels in
            for y in 0..<height {
                for x in 0..<width {
                    let at = y * pitch + 3 * x
                    guard rows.inside.contains(y), columns.inside.contains(x) else {
                        for c in 0..<3 { pixels[at + c] = UInt8(Float(pixels[at + c]) * outside + 0.5) }
                        continue
                    }
                    let value = map.value(columns[x], rows[y])
                    let color = 3 * Int(value * Float(Self.tableSize - 1) + 0.5)
                    for c in 0..<3 {
                        pixels[at + c] = UInt8(Float(pixels[at + c]) * remainder + colors[color + c] * share + 0.5)
                    }
                }
            }
        }
        return result
    }

    /// How many colours of a ramp are told apart.
    private static let tableSize = 1024

    /// The colours of values spread evenly over 0…1: red, green and blue in turn, each in 0…255.
    private static func table(of ramp: ColorRamp) -> [Float] {
        (0..<tableSize).flatMap { i in
            let color = ramp.color(Double(i) / Double(tableSize - 1))
            return [color.red, color.green, color.blue].map { Float(min(max($0, 0), 1) * 255) }
        }
    }
}

extension HeatMap {
    /// The value, in 0…1, at a place between four cells.
    fileprivate func value(_ column: Taps.Tap, _ row: Taps.Tap) -> Float {
        func along(_ y: Int) -> Float {
            let (a, b) = (values[y * width + column.first], values[y * width + column.second])
            return a + (b - a) * column.share
        }
        let (above, below) = (along(row.first), along(row.second))
        let value = above + (below - above) * row.share
        // What is no number is cold.
        return value > 0 ? min(value, 1) : 0
    }
}

/// For each pixel of a row or column, the two cells between which its value lies.
private struct Taps {
    struct Tap {
        let first: Int
        let second: Int
        /// The weight of the second cell.
        let share: Float
    }

    /// The pixels whose middles are in the region.
    let inside: Range<Int>
    private let taps: [Tap]

    init(pixels: Int, start: Double, length: Double, cells: Int) {
        let end = start + length
        let first = min(max(Int((start - 0.5).rounded(.up)), 0), pixels)
        inside = first..<max(first, min(Int((end - 0.5).rounded(.up)), pixels))
        taps = (0..<pixels).map { pixel in
            let place = (Double(pixel) + 0.5 - start) / length * Double(cells) - 0.5
            let within = min(max(place, 0), Double(cells - 1))
            let first = Int(within)
            return Tap(first: first, second: min(first + 1, cells - 1), share: Float(within - Double(first)))
        }
    }

    subscript(pixel: Int) -> Tap { taps[pixel] }
}
