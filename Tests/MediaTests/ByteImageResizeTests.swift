import CMedia
import Media
import XCTest

final class ByteImageResizeTests: XCTestCase {
    private static let sizes = [
        (48, 40, 23, 25), (23, 25, 48, 40), (17, 33, 5, 7), (3, 2, 50, 40), (1, 1, 9, 9), (120, 11, 2, 20),
        (5, 4, 4, 3),
        (40, 40, 1, 1), (33, 9, 33, 5), (100, 7, 33, 7), (16, 16, 15, 17), (15, 3, 3, 15),
    ]

    /// The definition: a triangle as wide as the scale around the target's centre, cut at the edge and normalised.
    private func exact(_ image: ByteImage, _ width: Int, _ height: Int, antialiased: Bool) -> [Double] {
        func weights(_ source: Int, _ target: Int) -> [[Double]] {
            let scale = Double(source) / Double(target), support = antialiased ? max(scale, 1) : 1
            return (0..<target).map { i in
                let center = (Double(i) + 0.5) * scale
                let w = (0..<source).map { max(0, 1 - abs((Double($0) + 0.5 - center) / support)) }
                let sum = w.reduce(0, +)
                return w.map { $0 / sum }
            }
        }
        let columns = weights(image.width, width), rows = weights(image.height, height)
        let pixels = image.pixels
        var result: [Double] = []
        for y in 0..<height {
            let line = (0..<image.width * image.channels).map { i in
                (0..<image.height).reduce(0.0) { sum, v in
                    let w = rows[y][v]
                    return w == 0 ? sum : sum + w * Double(pixels[v * image.width * image.channels + i])
                }
            }
            for x in 0..<width {
                for c in 0..<image.channels {
                    result.append(
                        (0..<image.width).reduce(0.0) { $0 + columns[x][$1] * line[$1 * image.channels + c] })
                }
            }
        }
        return result
    }

    func testBilinearIsWithinAFractionOfALevelOfItsDefinition() {
        for channels in [1, 3] {
            for (width, height, newWidth, newHeight) in Self.sizes {
                let image = Fixture.noise(width: width, height: height, channels: channels, seed: 7)
                for filter in [ResizeFilter.bilinearAntialiased, .bilinear] {
                    let resized = image.resized(width: newWidth, height: newHeight, filter: filter)
                    let expected = exact(image, newWidth, newHeight, antialiased: filter == .bilinearAntialiased)
                    for (a, b) in zip(resized.pixels, expected) where abs(Double(a) - b) > 0.56 {
                        XCTFail("\(width) x \(height) x \(channels) to \(newWidth) x \(newHeight): \(a), not \(b)")
                        break
                    }
                }
            }
        }
    }

    func testVectorInstructionsGiveTheSameValues() {
        for channels in [1, 3] {
            for (width, height, newWidth, newHeight) in Self.sizes {
                let image = Fixture.noise(width: width, height: height, channels: channels, seed: 11)
                let fast = image.resized(width: newWidth, height: newHeight)
                var plain = ByteImage(width: newWidth, height: newHeight, channels: channels)
                plain.withUnsafeMutableBytes { target in
                    image.withUnsafeBytes { source in
                        let status = cm_resample_portably(
                            source.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(width), Int32(height),
                            Int32(channels), target.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(newWidth),
                            Int32(newHeight), CM_FILTER_BILINEAR_ANTIALIASED)
                        XCTAssertEqual(status, CM_OK)
                    }
                }
                XCTAssertEqual(fast, plain, "\(width) x \(height) x \(channels) to \(newWidth) x \(newHeight)")
            }
        }
    }

    func testFlatColourStaysExactly() {
        for value: UInt8 in [0, 1, 127, 128, 254, 255] {
            let flat = ByteImage(width: 37, height: 23, filledWith: value)
            for filter in [ResizeFilter.bilinearAntialiased, .bilinear, .nearest] {
                for (width, height) in [(5, 7), (100, 90), (1, 1)] {
                    XCTAssertEqual(
                        flat.resized(width: width, height: height, filter: filter),
                        ByteImage(width: width, height: height, filledWith: value))
                }
            }
        }
        let long = ByteImage(width: 30_000, height: 1, channels: 1, filledWith: 201)
        XCTAssertEqual(long.resized(width: 1, height: 1).pixels, [201])
    }

    /// Halving: weights 1/8, 3/8, 3/8, 1/8 inside, and 3/7, 3/7, 1/7 at the edge.
    func testHalvingByHand() {
        let image = ByteImage(width: 8, height: 1, channels: 1, pixels: [0, 80, 160, 240, 0, 0, 255, 255])
        XCTAssertEqual(
            image.resized(width: 4, height: 1).pixels,
            [57, 160, 62, 219], "(3·80 + 160) / 7; (80 + 3·160 + 3·240) / 8; (240 + 255) / 8; 6·255 / 7")
        XCTAssertEqual(image.resized(width: 4, height: 1, filter: .bilinear).pixels, [40, 200, 0, 255])
        XCTAssertEqual(image.resized(width: 4, height: 1, filter: .nearest).pixels, [80, 240, 0, 255])
    }

    func testARampStaysARamp() {
        var ramp = ByteImage(width: 128, height: 4, channels: 1)
        for y in 0..<4 { for x in 0..<128 { ramp[x, y] = UInt8(2 * x) } }
        let half = ramp.resized(width: 64, height: 2)
        for x in 1..<63 { XCTAssertEqual(Int(half[x, 1]), 4 * x + 1, accuracy: 1) }
    }

    func testNearestPicksWholePixels() {
        let image = ByteImage(width: 3, height: 1, channels: 1, pixels: [10, 20, 30])
        XCTAssertEqual(
            image.resized(width: 6, height: 2, filter: .nearest).pixels,
            [10, 10, 20, 20, 30, 30, 10, 10, 20, 20, 30, 30])
        XCTAssertEqual(image.resized(width: 2, height: 1, filter: .nearest).pixels, [10, 30])
    }
}
