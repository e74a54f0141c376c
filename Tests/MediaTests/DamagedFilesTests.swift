import Media
import Support
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
        XCTAssertEqual(decoded + failed, 990)
        // Both outcomes must be common, or the mutations test nothing.
        XCTAssertGreaterThan(decoded, 150)
        XCTAssertGreaterThan(failed, 150)
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

    /// Many cameras and servers lose the end marker and nothing else.
    func testAMissingEndMarkerAloneIsNoLoss() throws {
        let picture = Fixture.picture(width: 40, height: 24)
        let bytes = try ImageFile.encodeJPEG(picture)
        XCTAssertEqual(try ImageFile.decode(Array(bytes.dropLast(2))), try ImageFile.decode(bytes))
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
        png.replaceSubrange(29..<33, with: Self.crc(png[12..<29]))
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

    /// Checksum of PNG chunks.
    private static func crc(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        crc = ~crc
        return (0..<4).map { UInt8(crc >> (24 - 8 * $0) & 255) }
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
