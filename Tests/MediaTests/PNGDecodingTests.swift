import Media
import XCTest

final class PNGDecodingTests: XCTestCase {
    func testRGBAndGreyRoundTripExactly() throws {
        for channels in [1, 3] {
            let image = Fixture.noise(width: 31, height: 17, channels: channels, seed: 2)
            let options = DecodeOptions(channels: channels == 1 ? .grey : .rgb)
            for compression in [0, 6, 9] {
                let bytes = try ImageFile.encodePNG(image, compression: compression)
                XCTAssertEqual(try ImageFile.decode(bytes, options: options), image)
            }
        }
    }

    func testGreyBecomesRGBAndBack() throws {
        let grey = Fixture.noise(width: 9, height: 7, channels: 1, seed: 4)
        XCTAssertEqual(try ImageFile.decode(ImageFile.encodePNG(grey)), grey.convertedToRGB())
        let colour = ByteImage(width: 2, height: 1, pixels: [200, 100, 50, 0, 0, 255])
        // 0.299 * 200 + 0.587 * 100 + 0.114 * 50 = 124.2, and 0.114 * 255 = 29.1.
        let options = DecodeOptions(channels: .grey)
        XCTAssertEqual(try ImageFile.decode(ImageFile.encodePNG(colour), options: options).pixels, [124, 29])
    }

    func testPaletteOfEveryDepth() throws {
        let palette: [UInt8] = [10, 20, 30, 40, 50, 60, 70, 80, 90, 255, 254, 253]
        for (depth, colours) in [(1, 2), (2, 4), (4, 4), (8, 4)] {
            let indices = (0..<5 * 3).map { UInt8($0 % colours) }
            let bytes = Fixture.png(
                indices, width: 5, height: 3, channels: 1, bitDepth: depth, palette: Array(palette.prefix(3 * colours)))
            let expected = indices.flatMap { palette[3 * Int($0)..<3 * Int($0) + 3] }
            XCTAssertEqual(try ImageFile.decode(bytes).pixels, expected, "\(depth) bits")
            XCTAssertEqual(try ImageFile.header(of: bytes).channels, 3)
        }
    }

    func testGreyOfFewBitsIsStretched() throws {
        for (depth, values) in [(1, [0, 255]), (2, [0, 85, 170, 255]), (4, (0..<16).map { $0 * 17 })] as [(Int, [Int])]
        {
            let samples = values.indices.map { UInt8($0) }
            let bytes = Fixture.png(samples, width: samples.count, height: 1, channels: 1, bitDepth: depth)
            let image = try ImageFile.decode(bytes, options: DecodeOptions(channels: .grey))
            XCTAssertEqual(image.pixels.map { Int($0) }, values, "\(depth) bits")
        }
    }

    func testSixteenBitsBecomeTheNearestEight() throws {
        // v / 257, rounded: 0x0080 is 0.498, 0x0081 is 0.502.
        let values = [0, 0x80, 0x81, 0x101, 0x7FFF, 0x8000, 0xFF7E, 0xFF7F, 0xFFFF]
        let samples = values.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
        let bytes = Fixture.png(samples, width: values.count, height: 1, channels: 1, bitDepth: 16)
        let image = try ImageFile.decode(bytes, options: DecodeOptions(channels: .grey))
        XCTAssertEqual(image.pixels.map { Int($0) }, values.map { Int((Double($0) / 257).rounded()) })
        XCTAssertEqual(image.pixels, [0, 0, 1, 1, 127, 128, 254, 255, 255])
    }

    func testAlphaIsDroppedNotBlended() throws {
        let rgba: [UInt8] = [200, 100, 50, 0, 1, 2, 3, 128]
        let bytes = Fixture.png(rgba, width: 2, height: 1, channels: 4)
        XCTAssertEqual(try ImageFile.decode(bytes).pixels, [200, 100, 50, 1, 2, 3])
        let greyAlpha = Fixture.png([7, 0, 9, 255], width: 2, height: 1, channels: 2)
        XCTAssertEqual(try ImageFile.decode(greyAlpha).pixels, [7, 7, 7, 9, 9, 9])
        XCTAssertEqual(try ImageFile.header(of: greyAlpha).channels, 2)
    }

    func testInterlacedEqualsPlain() throws {
        for (width, height) in [(1, 1), (3, 5), (8, 8), (21, 13)] {
            let image = Fixture.noise(width: width, height: height, channels: 3, seed: 9)
            let bytes = Fixture.png(image.pixels, width: width, height: height, channels: 3, interlaced: true)
            XCTAssertEqual(try ImageFile.decode(bytes), image)
            XCTAssertTrue(try ImageFile.header(of: bytes).isProgressive)
        }
    }
}
