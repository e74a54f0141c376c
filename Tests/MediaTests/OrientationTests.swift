import CMedia
import Media
import XCTest

final class OrientationTests: XCTestCase {
    /// Stored as rows 1 2 3 / 4 5 6; what it looks like upright, by EXIF's definition of where row 0 and column 0 are.
    private static let upright: [(orientation: Int, width: Int, pixels: [UInt8])] = [
        (1, 3, [1, 2, 3, 4, 5, 6]),
        (2, 3, [3, 2, 1, 6, 5, 4]),
        (3, 3, [6, 5, 4, 3, 2, 1]),
        (4, 3, [4, 5, 6, 1, 2, 3]),
        (5, 2, [1, 4, 2, 5, 3, 6]),
        (6, 2, [4, 1, 5, 2, 6, 3]),
        (7, 2, [6, 3, 5, 2, 4, 1]),
        (8, 2, [3, 6, 2, 5, 1, 4]),
    ]

    func testEightOrientationsByHand() {
        let stored = ByteImage(width: 3, height: 2, channels: 1, pixels: [1, 2, 3, 4, 5, 6])
        for (orientation, width, pixels) in Self.upright {
            let image = stored.oriented(orientation)
            XCTAssertEqual(image.width, width, "\(orientation)")
            XCTAssertEqual(image.pixels, pixels, "\(orientation)")
            let rgb = stored.convertedToRGB().oriented(orientation)
            XCTAssertEqual(rgb, image.convertedToRGB(), "\(orientation)")
        }
    }

    func testLargePicturesTurnAsSmallOnes() {
        let stored = Fixture.noise(width: 70, height: 45, channels: 3, seed: 3)
        for (a, b) in [(2, 2), (3, 3), (4, 4), (5, 5), (6, 8), (7, 7), (8, 6)] {
            XCTAssertEqual(stored.oriented(a).oriented(b), stored, "\(a), then \(b)")
        }
        let turned = stored.oriented(6)
        XCTAssertEqual(turned[45 - 1 - 20, 50, 1], stored[50, 20, 1])
    }

    func testOrientationInAFileIsUndoneAndCanBeKept() throws {
        let picture = Fixture.picture(width: 24, height: 16)
        let plain = try ImageFile.decode(ImageFile.encodeJPEG(picture))
        for orientation in 1...8 {
            let bytes = try ImageFile.encodeJPEG(picture, encoding: JPEGEncoding(orientation: orientation))
            let header = try ImageFile.header(of: bytes)
            XCTAssertEqual(header.orientation, orientation)
            XCTAssertEqual([header.width, header.height], orientation < 5 ? [24, 16] : [16, 24])
            XCTAssertEqual([header.storedSize.width, header.storedSize.height], [24, 16])
            XCTAssertEqual(try ImageFile.decode(bytes), plain.oriented(orientation))
            XCTAssertEqual(try ImageFile.decode(bytes, options: DecodeOptions(appliesOrientation: false)), plain)
        }
    }

    private func exif(big: Bool, tag: UInt8 = 0x12, type: UInt8 = 3, value: UInt8, directory: UInt8 = 8) -> [UInt8] {
        func two(_ v: UInt8) -> [UInt8] { big ? [0, v] : [v, 0] }
        func four(_ v: UInt8) -> [UInt8] { big ? [0, 0, 0, v] : [v, 0, 0, 0] }
        let place = type == 3 ? two(value) + [0, 0] : four(value)
        return (big ? [0x4D, 0x4D, 0, 42] : [0x49, 0x49, 42, 0]) + four(directory) + two(1)
            + (big ? [1, tag] : [tag, 1]) + two(type) + four(1) + place + four(0)
    }

    func testBothByteOrdersAndBothTypesAreRead() {
        for big in [false, true] {
            for type: UInt8 in [3, 4] {
                for value: UInt8 in 1...8 {
                    let block = exif(big: big, type: type, value: value)
                    XCTAssertEqual(cm_exif_orientation(block, block.count), Int32(value))
                }
            }
        }
    }

    func testSenselessBlocksMeanUpright() {
        let bad = [
            exif(big: false, value: 0), exif(big: true, value: 9), exif(big: false, tag: 0x13, value: 6),
            exif(big: false, type: 2, value: 6), exif(big: true, value: 6, directory: 250), [], [0x49, 0x49],
        ]
        for block in bad { XCTAssertEqual(cm_exif_orientation(block, block.count), 1) }
        let good = exif(big: false, value: 6)
        for count in 0..<20 { XCTAssertEqual(cm_exif_orientation(good, count), 1, "\(count) bytes") }
    }

    func testAnyBytesAreSurvived() {
        var random = FixedRandom(8)
        for round in 0..<3000 {
            var block = exif(big: round % 2 == 0, value: 6)
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                block[Int.random(in: 0..<block.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            block = Array(block.prefix(Int.random(in: 0...block.count, using: &random)))
            XCTAssertTrue((1...8).contains(cm_exif_orientation(block, block.count)))
        }
    }
}
