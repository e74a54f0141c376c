import Media
import Support
import TestSupport
import XCTest

/// Files that are cut, changed or built to harm.
final class DamagedFilesTests: XCTestCase {
    /// Deterministic: every kind of file, changed in several ways, many times. Under the address sanitiser
    /// (`swift test --sanitize=address`) this is the proof that the decoders survive any bytes.
    func testHundredsOfMutatedFilesDecodeOrFailWithATypedError() throws {
        var random = FixedRandom(20)
        var decoded = 0, failed = 0
        let output = try standardError {
            for (name, original) in try Fixture.everyKind() {
                for round in 0..<90 {
                    let bytes = Self.mutated(original, round: round, using: &random)
                    let accepts = round % 2 == 0
                    var options = DecodeOptions(damagedImages: accepts ? .accept : .refuse)
                    options.limits.maxPixels = 4_000_000
                    if round % 5 == 0 { options.targetSize = ImageSize(width: 19, height: 11) }
                    if round % 7 == 0 { options.minimumSize = ImageSize(width: 20, height: 10) }
                    if round % 3 == 0 { options.channels = .grey }
                    do {
                        _ = try ImageFile.decode(bytes, name: name, options: options)
                        decoded += 1
                    } catch let error as MediaError {
                        XCTAssertTrue(error.description.hasPrefix(name), error.description)
                        failed += 1
                    }
                    _ = try? ImageFile.header(of: bytes, name: name)
                }
            }
        }
        XCTAssertEqual(output, "")
        XCTAssertEqual(decoded + failed, 18 * 90)
        // Both outcomes must be common, or the mutations test nothing.
        XCTAssertGreaterThan(decoded, 250)
        XCTAssertGreaterThan(failed, 250)
    }

    private static func mutated(_ original: [UInt8], round: Int, using random: inout FixedRandom) -> [UInt8] {
        var bytes = original
        let any = 0..<bytes.count
        switch round % 6 {
        case 0:
            bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random))
        case 1:
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: any, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            }
        case 2:
            for _ in 0..<Int.random(in: 1...20, using: &random) {
                bytes[Int.random(in: any, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
        case 3:
            let start = Int.random(in: any, using: &random)
            bytes.removeSubrange(start..<min(bytes.count, start + Int.random(in: 1...64, using: &random)))
        case 4:
            let start = Int.random(in: any, using: &random)
            let chunk = bytes[start..<min(bytes.count, start + 40)]
            bytes.insert(contentsOf: chunk, at: Int.random(in: any, using: &random))
        default:
            // The headers are where sizes and counts stand.
            for _ in 0..<3 {
                let place = Int.random(in: 2..<min(200, bytes.count), using: &random)
                bytes[place] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
            }
        }
        return bytes
    }

    func testATruncatedJPEGFailsOrIsAcceptedWithAWarning() throws {
        let picture = Fixture.picture(width: 96, height: 64)
        for progressive in [false, true] {
            let bytes = try ImageFile.encodeJPEG(picture, encoding: JPEGEncoding(isProgressive: progressive))
            let whole = try ImageFile.decode(bytes)
            for kept in stride(from: 700, to: bytes.count - 2, by: 61) {
                let cut = Array(bytes.prefix(kept))
                let error = mediaError { _ = try ImageFile.decode(cut, name: "cut.jpg") }
                XCTAssertEqual(error?.kind, .truncated, "\(kept) of \(bytes.count)")
                XCTAssertEqual(error?.name, "cut.jpg")
                let warnings = Warnings()
                let options = DecodeOptions(damagedImages: .accept) { warnings.append($0) }
                let image = try ImageFile.decode(cut, name: "cut.jpg", options: options)
                XCTAssertEqual(warnings.all.map(\.kind), [.truncated])
                XCTAssertEqual([image.width, image.height], [96, 64])
                if !progressive && kept > bytes.count * 2 / 3 {
                    XCTAssertEqual(
                        image.cropped(x: 0, y: 0, width: 96, height: 14),
                        whole.cropped(x: 0, y: 0, width: 96, height: 14), "rows before the cut")
                }
            }
        }
    }

    /// Every coding, with and without restart markers.
    private static func everyCoding() throws -> [(name: String, bytes: [UInt8])] {
        let picture = Fixture.picture(width: 160, height: 120)
        var files: [(name: String, bytes: [UInt8])] = []
        for progressive in [false, true] {
            for restartRows in [0, 1] {
                for (kind, image) in [("colour", picture), ("grey", picture.convertedToGrey())] {
                    let encoding = JPEGEncoding(isProgressive: progressive, restartRows: restartRows)
                    let name =
                        "\(kind)\(progressive ? ", progressive" : "")\(restartRows > 0 ? ", restart markers" : "")"
                    files.append(("Huffman, \(name)", try ImageFile.encodeJPEG(image, encoding: encoding)))
                    files.append(("arithmetic, \(name)", Fixture.arithmeticJPEG(image, encoding)))
                }
            }
        }
        return files
    }

    func testEveryCodingCutAtEveryTenthIsFoundAndCanBeAccepted() throws {
        for (name, bytes) in try Self.everyCoding() {
            XCTAssertNoThrow(try ImageFile.decode(bytes), name)
            let scan = try XCTUnwrap((0..<bytes.count).first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDA })
            for tenth in 1...9 {
                let cut = Array(bytes.prefix(bytes.count * tenth / 10))
                for target in [nil, ImageSize(width: 60, height: 50)] {
                    let error = mediaError(name) {
                        _ = try ImageFile.decode(cut, options: DecodeOptions(targetSize: target))
                    }
                    XCTAssertEqual(error?.kind, .truncated, "\(name), \(tenth)/10")
                    let warnings = Warnings()
                    let accepting = DecodeOptions(damagedImages: .accept, targetSize: target) { warnings.append($0) }
                    guard cut.count > scan + 20 else { continue }
                    XCTAssertEqual(error?.isAcceptable, true, "\(name), \(tenth)/10")
                    XCTAssertTrue(error?.description.contains("data.damaged_images: accept") ?? false)
                    XCTAssertEqual(
                        try ImageFile.decode(cut, options: accepting).size, target ?? ImageSize(width: 160, height: 120)
                    )
                    XCTAssertEqual(warnings.all.map(\.kind), [.truncated], "\(name), \(tenth)/10")
                    XCTAssertNotEqual(warnings.all.first?.cause, "")
                }
            }
        }
    }

    /// A cut one byte before the end marker loses a bit of the last block at least, and the same goes for all before it.
    func testEveryCodingCutAtEveryByteIsFound() throws {
        let picture = Fixture.picture(width: 40, height: 24)
        for encoding in [JPEGEncoding(), JPEGEncoding(isProgressive: true), JPEGEncoding(restartRows: 1)] {
            for bytes in [
                try ImageFile.encodeJPEG(picture, encoding: encoding), Fixture.arithmeticJPEG(picture, encoding),
            ] {
                for kept in 0..<bytes.count - 2 {
                    let error = mediaError("\(encoding), \(kept) of \(bytes.count)") {
                        _ = try ImageFile.decode(Array(bytes.prefix(kept)))
                    }
                    XCTAssertTrue([.truncated, .empty, .notAnImage].contains(error?.kind), "\(encoding), \(kept)")
                    XCTAssertFalse(kept > 3 && error?.kind != .truncated, "\(encoding), \(kept)")
                }
            }
        }
    }

    /// The pixels that Pillow 13.0 (with LOAD_TRUNCATED_IMAGES) makes of the golden files: without their last 40 and 20
    /// bytes, and with a marker in the wrong place 30 bytes before the end. torchvision 0.28 makes the same of the last, and
    /// refuses what is cut. Zero stands for a progressive file that Pillow does not make a picture of.
    private static let damagedGolden: [String: (without40: UInt64, without20: UInt64, marker: UInt64)] = [
        "baseline 4:2:0": (0x1EEB_73FA_17BA_64B7, 0xB87E_76B9_368C_B219, 0x02AB_1699_F827_8CC5),
        "baseline 4:2:2": (0xC1C6_F331_9BFF_4F7E, 0xE51A_F5B8_22FF_2347, 0x41AD_8EFD_2FFE_4E36),
        "progressive 4:4:4": (0, 0xC51A_CB9A_F5C4_129E, 0x3793_94B3_5CD9_8240),
        "progressive 4:2:0": (0, 0, 0xEAED_0EE7_CCCC_24CC),
        "restart markers": (0xC8C8_2003_87FD_F57F, 0xF6AB_3BFF_F990_5235, 0xDDD6_84D1_1360_9EF0),
        "grey": (0x06A2_E488_B705_1640, 0x0F1E_B98E_D604_2ED6, 0x2A40_5F73_35A2_F15E),
        "RGB, no transform": (0x8C4A_3DC1_4C37_11A0, 0x0D57_8FE9_9AE9_F8AA, 0xBFF1_14F6_0489_E9B7),
        "CMYK": (0xE03B_F1E2_0850_626F, 0xAAE4_63B0_B646_A648, 0x5EEB_05AB_2FF1_B2AD),
    ]

    func testAcceptedDamageGivesPillowsPixels() throws {
        XCTAssertEqual(Set(GoldenJPEG.all.map(\.name)), Set(Self.damagedGolden.keys))
        for golden in GoldenJPEG.all {
            let hashes = try XCTUnwrap(Self.damagedGolden[golden.name])
            var marked = golden.bytes
            marked[marked.count - 30] = 0xFF
            marked[marked.count - 29] = 0xD5
            let cases = [
                (golden.bytes.dropLast(40), hashes.without40, MediaWarning.Kind.truncated),
                (golden.bytes.dropLast(20), hashes.without20, .truncated), (marked[...], hashes.marker, .damaged),
            ]
            for (bytes, hash, kind) in cases {
                XCTAssertEqual(mediaError { _ = try ImageFile.decode(Array(bytes)) }?.isAcceptable, true, golden.name)
                let warnings = Warnings()
                let options = DecodeOptions(damagedImages: .accept) { warnings.append($0) }
                let image = try ImageFile.decode(Array(bytes), options: options)
                XCTAssertEqual(warnings.all.map(\.kind), [kind], golden.name)
                if hash != 0 { XCTAssertEqual(GoldenJPEG.hash(image.pixels), hash, "\(golden.name), \(bytes.count)") }
            }
        }
    }

    /// Files that people train on, with the pixels that Pillow 13.0 and torchvision 0.28 both make of them; of the last,
    /// which is cut and coded arithmetically, libjpeg-turbo's own `djpeg`.
    func testKnownDamagedFilesGiveThePixelsOfOthers() throws {
        let folder = try sharedFolder() + "/cases/"
        for (name, hash, kind) in [
            ("hopper_bad_exif.jpg", 0x3286_0340_12DA_05AF as UInt64, MediaWarning.Kind.damaged),
            ("partial_progressive.jpg", 0xD412_ACB0_C068_789D, .damaged),
            ("progressive-missing-dc.jpg", 0xA990_3B66_9A2D_48A5, .damaged),
            ("half_testimgari.jpg", 0xC2E3_BEB0_07C3_AD05, .truncated),
        ] {
            let error = mediaError(name) { _ = try ImageFile.read(folder + name) }
            XCTAssertEqual(error?.kind, kind == .truncated ? .truncated : .corrupt, name)
            XCTAssertEqual(error?.isAcceptable, true, name)
            XCTAssertNotEqual(error?.cause, "", name)
            let warnings = Warnings()
            let options = DecodeOptions(damagedImages: .accept) { warnings.append($0) }
            let image = try ImageFile.read(folder + name, options: options)
            XCTAssertEqual(GoldenJPEG.hash(image.pixels), hash, name)
            XCTAssertEqual(warnings.all.map(\.kind), [kind], name)
            XCTAssertEqual(warnings.all.first?.cause, error?.cause, name)
        }
    }

    /// Damage in front of something worse is no reason to recommend that it be accepted.
    func testWhatCannotBeAcceptedIsNotCalledAcceptable() throws {
        var bytes = try ImageFile.encodeJPEG(
            Fixture.noise(width: 64, height: 64, channels: 3, seed: 1), encoding: JPEGEncoding(isProgressive: true))
        let scans = bytes.indices.dropLast().filter { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDA }
        // A marker in the first scan's data, and a second scan with a component that isn't there.
        bytes[scans[0] + 60] = 0xFF
        bytes[scans[0] + 61] = 0xD5
        bytes[scans[1] + 5] = 0x77
        let error = mediaError { _ = try ImageFile.decode(bytes) }
        XCTAssertEqual(error?.kind, .corrupt)
        XCTAssertEqual(error?.isAcceptable, false)
        XCTAssertFalse(error?.description.contains("damaged_images") ?? true)
    }

    /// Many cameras and servers lose the end marker and nothing else.
    func testAMissingEndMarkerAloneIsNoLoss() throws {
        let picture = Fixture.picture(width: 40, height: 24)
        let bytes = try ImageFile.encodeJPEG(picture)
        XCTAssertEqual(try ImageFile.decode(Array(bytes.dropLast(2))), try ImageFile.decode(bytes))
        // Without it, nobody can tell how much of arithmetic-coded data is missing.
        let arithmetic = Fixture.arithmeticJPEG(picture)
        XCTAssertEqual(mediaError { _ = try ImageFile.decode(Array(arithmetic.dropLast(2))) }?.kind, .truncated)
    }

    func testATruncatedPNGAlwaysFails() throws {
        let bytes = try ImageFile.encodePNG(Fixture.picture(width: 96, height: 64))
        for kept in [8, 20, 40, 100, bytes.count / 2, bytes.count - 12, bytes.count - 1] {
            let options = DecodeOptions(damagedImages: .accept)
            let error = mediaError { _ = try ImageFile.decode(Array(bytes.prefix(kept)), options: options) }
            XCTAssertEqual(error?.kind, .truncated, "\(kept)")
        }
    }

    func testAChangedByteInAPNGIsFound() throws {
        var bytes = try ImageFile.encodePNG(Fixture.picture(width: 96, height: 64))
        bytes[bytes.count / 2] ^= 0x10
        XCTAssertEqual(mediaError { _ = try ImageFile.decode(bytes) }?.kind, .corrupt)
    }

    func testDamageInTheMiddleOfAJPEGIsFoundOrAccepted() throws {
        var bytes = try ImageFile.encodeJPEG(
            Fixture.noise(width: 64, height: 64, channels: 3, seed: 1), encoding: JPEGEncoding(restartRows: 1))
        // A marker in the entropy-coded data ends the segment early.
        let middle = bytes.count / 2
        bytes[middle] = 0xFF
        bytes[middle + 1] = 0xD0
        XCTAssertEqual(mediaError { _ = try ImageFile.decode(bytes) }?.kind, .corrupt)
        let warnings = Warnings()
        _ = try ImageFile.decode(bytes, options: DecodeOptions(damagedImages: .accept) { warnings.append($0) })
        XCTAssertEqual(warnings.all.map(\.kind), [.damaged])
    }

    func testAHarmlessIrregularityIsReportedAndAccepted() throws {
        var bytes = try ImageFile.encodeJPEG(Fixture.picture(width: 40, height: 24))
        // Stray bytes between two segments.
        bytes.insert(contentsOf: [1, 2, 3], at: 20)
        let warnings = Warnings()
        _ = try ImageFile.decode(bytes, options: DecodeOptions { warnings.append($0) })
        XCTAssertEqual(warnings.all.map(\.kind), [.irregular])
    }

    func testSizesOverTheLimitAreRefusedBeforeAnythingIsAllocated() throws {
        var jpeg = try ImageFile.encodeJPEG(Fixture.picture(width: 40, height: 24))
        let frame = try XCTUnwrap((0..<jpeg.count).first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
        for offset in 5...8 { jpeg[frame + offset] = 0xFF - (offset % 2 == 1 ? 1 : 0) }
        var png = try ImageFile.encodePNG(Fixture.picture(width: 40, height: 24))
        png.replaceSubrange(16..<24, with: [0, 1, 0, 0, 0, 1, 0, 0])
        // The header chunk's checksum, for 65536 x 65536.
        png.replaceSubrange(29..<33, with: PNGChunk.crc(png[12..<29]))
        for bytes in [jpeg, png] {
            let before = Self.peakMemory()
            let error = mediaError { _ = try ImageFile.decode(bytes) }
            XCTAssertEqual(error?.kind, .tooLarge)
            XCTAssertTrue(error?.cause.contains("over the limit of 100000000") ?? false, error?.cause ?? "")
            XCTAssertLessThan(Self.peakMemory() - before, 32 << 20)
        }
        let small = DecodeLimits(maxPixels: 40 * 24 - 1)
        let fitting = DecodeLimits(maxPixels: 40 * 24)
        let good = try ImageFile.encodeJPEG(Fixture.picture(width: 40, height: 24))
        XCTAssertEqual(
            mediaError { _ = try ImageFile.decode(good, options: DecodeOptions(limits: small)) }?.kind, .tooLarge)
        XCTAssertNoThrow(try ImageFile.decode(good, options: DecodeOptions(limits: fitting)))
    }

    func testBytesOverTheLimitAreRefused() throws {
        let picture = Fixture.picture(width: 64, height: 64)
        let limits = DecodeLimits(maxBytes: 64 * 64 * 3)
        let baseline = try ImageFile.encodeJPEG(picture)
        XCTAssertNoThrow(try ImageFile.decode(baseline, options: DecodeOptions(limits: limits)))
        // A progressive picture keeps all its coefficients as well.
        let progressive = try ImageFile.encodeJPEG(picture, encoding: JPEGEncoding(isProgressive: true))
        let error = mediaError { _ = try ImageFile.decode(progressive, options: DecodeOptions(limits: limits)) }
        XCTAssertEqual(error?.kind, .tooLarge)
    }

    func testAProgressivePictureOfThousandsOfScansIsRefused() throws {
        let bytes = try ImageFile.encodeJPEG(
            Fixture.picture(width: 640, height: 480), encoding: JPEGEncoding(isProgressive: true))
        let lastScan = try XCTUnwrap((0..<bytes.count - 1).last { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDA })
        var bomb = Array(bytes.dropLast(2))
        // An empty scan: its header, and the marker that ends it early.
        let header = Array(bytes[lastScan..<lastScan + 10])
        for _ in 0..<5000 { bomb += header }
        bomb += [0xFF, 0xD9]
        let options = DecodeOptions(damagedImages: .accept)
        let error = mediaError { _ = try ImageFile.decode(bomb, options: options) }
        XCTAssertEqual(error?.kind, .tooLarge)
        XCTAssertEqual(error?.cause, "more than 200 scans")
    }

    func testNothingIsPrinted() throws {
        let output = try standardError {
            for (_, bytes) in try Fixture.everyKind() {
                for kept in stride(from: 1, to: bytes.count, by: max(1, bytes.count / 25)) {
                    _ = try? ImageFile.decode(Array(bytes.prefix(kept)))
                }
            }
        }
        XCTAssertEqual(output, "")
        XCTAssertEqual(try standardError { _ = write(2, "heard\n", 6) }, "heard\n")
    }

    /// Bytes.
    private static func peakMemory() -> Int {
        var usage = rusage()
        getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss * 1024
    }
}

/// Collects warnings from whatever thread decodes.
private final class Warnings: @unchecked Sendable {
    private let lock = NSLock()
    private var list: [MediaWarning] = []

    func append(_ warning: MediaWarning) { lock.withLock { list.append(warning) } }

    var all: [MediaWarning] { lock.withLock { list } }
}
