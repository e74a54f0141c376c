import CMedia
import Media
import TestSupport
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

    /// What `ImageOps.exif_transpose` of Pillow 13.0 makes of the same files.
    private static let chunksInPNG: [(name: String, chunks: [PNGChunk], orientation: Int)] = {
        var cases: [(name: String, chunks: [PNGChunk], orientation: Int)] = (1...8).map {
            ("EXIF \($0)", [.exif(UInt8($0))], $0)
        }
        for kind in PNGChunk.Text.allCases {
            cases.append(("raw profile, \(kind)", [.rawProfile(6, as: kind)], 6))
            cases.append(("XMP, \(kind)", [.xmp(6, as: kind)], 6))
            cases.append(("XMP's element, \(kind)", [.xmp(8, asElement: true, as: kind)], 8))
        }
        return cases + [
            ("EXIF without, XMP 7", [.exif(6, tag: 0x13), .xmp(7)], 7),
            ("EXIF 3, XMP 6", [.exif(3), .xmp(6)], 3),
            ("EXIF without, raw profile 8", [.exif(6, tag: 0x13), .rawProfile(8)], 1),
            ("raw profile without, XMP 6", [.rawProfile(8, tag: 0x13), .xmp(6)], 6),
            ("EXIF 9, XMP 6", [.exif(9), .xmp(6)], 1),
            (
                "EXIF with its name", [PNGChunk(name: "eXIf", payload: Array("Exif\0\0".utf8) + PNGChunk.exifBlock(6))],
                6
            ),
            ("XMP 0", [.xmp(0)], 1),
            ("raw profile 8, EXIF 6", [.rawProfile(8), .exif(6)], 6),
            ("raw profile 8, EXIF without, XMP 4", [.rawProfile(8), .exif(1, tag: 0x13), .xmp(4)], 4),
            ("nothing", [.text("Comment", "tiff:Orientation=\"6\"", as: .plain)], 1),
        ]
    }()

    func testAPNGIsTurnedAsPillowTurnsIt() throws {
        let stored = ByteImage(width: 3, height: 2, channels: 1, pixels: [1, 2, 3, 4, 5, 6])
        let plain = try ImageFile.encodePNG(stored)
        // More pixels than the beginning of a file that is read for its header.
        let large = try ImageFile.encodePNG(Fixture.noise(width: 200, height: 100, channels: 3, seed: 4))
        try withTemporaryFolder { folder in
            for (name, chunks, orientation) in Self.chunksInPNG {
                for behind in [false, true] {
                    let bytes = chunks.inserted(into: plain, behindPixels: behind)
                    let options = DecodeOptions(channels: .grey)
                    XCTAssertEqual(try ImageFile.decode(bytes, options: options), stored.oriented(orientation), name)
                    XCTAssertEqual(try ImageFile.header(of: bytes).orientation, orientation, name)
                    let path = folder + "/a.png"
                    try Data(chunks.inserted(into: large, behindPixels: behind)).write(to: URL(fileURLWithPath: path))
                    let size = try ImageFile.header(path).size
                    XCTAssertEqual([size.width, size.height], orientation < 5 ? [200, 100] : [100, 200], name)
                    XCTAssertEqual(try ImageFile.read(path).size, size, name)
                }
            }
        }
    }

    func testMetadataThatCannotBeReadTurnsNothing() throws {
        let plain = try ImageFile.encodePNG(Fixture.picture(width: 3, height: 2))
        func orientation(_ chunks: [PNGChunk]) throws -> Int {
            try ImageFile.header(of: chunks.inserted(into: plain)).orientation
        }
        let key = Array("Raw profile type exif\0".utf8)
        let profile = PNGChunk.rawProfile(6, as: .plain).payload.dropFirst(key.count)
        XCTAssertEqual(try orientation([PNGChunk(name: "tEXt", payload: key + profile)]), 6)
        XCTAssertEqual(try orientation([PNGChunk(name: "tEXt", payload: key + profile.prefix(30))]), 1)
        XCTAssertEqual(try orientation([PNGChunk(name: "tEXt", payload: Array(key.dropLast()) + profile)]), 1)
        XCTAssertEqual(try orientation([PNGChunk(name: "zTXt", payload: key + [0] + profile)]), 1, "not deflated")
        XCTAssertEqual(
            try orientation([PNGChunk(name: "zTXt", payload: key + [1] + PNGChunk.stored(Array(profile)))]), 1)
        XCTAssertEqual(try orientation([PNGChunk(name: "iTXt", payload: key + [0])]), 1)
        XCTAssertEqual(try orientation([PNGChunk(name: "iTXt", payload: key + [0, 0, 1])]), 1)
        XCTAssertEqual(try orientation([PNGChunk(name: "eXIf", payload: [])]), 1)
        // A byte that was changed on the disk.
        var damaged = [PNGChunk.exif(6)].inserted(into: plain)
        damaged[33 + 8 + 18] = 8
        XCTAssertEqual(try ImageFile.header(of: damaged).orientation, 1)
    }

    func testAnyChunksAreSurvived() throws {
        let plain = try ImageFile.encodePNG(Fixture.picture(width: 3, height: 2))
        var random = FixedRandom(9)
        let chunks = PNGChunk.allOrientations
        for round in 0..<3000 {
            let chunk = chunks[round % chunks.count]
            var payload = chunk.payload
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                payload[Int.random(in: 0..<payload.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            payload = Array(payload.prefix(Int.random(in: 0...payload.count, using: &random)))
            let bytes = [PNGChunk(name: chunk.name, payload: payload)].inserted(into: plain)
            XCTAssertTrue((1...8).contains(try ImageFile.header(of: bytes).orientation))
        }
    }
}
