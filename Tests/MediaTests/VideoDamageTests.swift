import Foundation
import Media
import Support
import TestSupport
import XCTest

/// Videos that are cut, changed or no videos at all.
final class VideoDamageTests: XCTestCase {
    private static let sources = [
        VideoFixture(name: "mp4", container: "mp4", codec: "libx264", frames: 40, bFrames: 3),
        VideoFixture(
            name: "open groups", container: "matroska", codec: "libx264", settings: "x264-params=open-gop=1",
            frames: 40, bFrames: 3),
        VideoFixture(
            name: "hevc", container: "mp4", codec: "libx265", settings: "x265-params=log-level=none", frames: 30,
            bFrames: 3),
        VideoFixture(
            name: "webm", container: "webm", codec: "libvpx-vp9", settings: "deadline=realtime,cpu-used=8", frames: 30),
        VideoFixture(name: "vp8", container: "webm", codec: "libvpx", settings: "deadline=realtime", frames: 30),
        VideoFixture(name: "avi", container: "avi", codec: "mpeg4", frames: 40, bFrames: 2),
        VideoFixture(name: "mpeg4", container: "mp4", codec: "mpeg4", frames: 40, bFrames: 2),
    ]

    private static func files() throws -> [(name: String, bytes: [UInt8])] {
        try sources.map { ($0.name, try $0.bytes()) }
    }

    /// Deterministic. Run under the address sanitiser or valgrind it is the proof that any bytes are survived.
    func testHundredsOfMutatedFilesGiveFramesOrATypedError() throws {
        var random = FixedRandom(31)
        var whole = 0, partial = 0, failed = 0
        let output = try standardError {
            for (name, original) in try Self.files() {
                for round in 0..<70 {
                    let bytes = Self.mutated(original, round: round, using: &random)
                    let options = VideoOptions(
                        threads: 1 + round % 2, damage: round % 3 == 0 ? .fail : .keepDecodable, maxPixels: 1_000_000)
                    do {
                        let reader = try VideoReader(bytes: bytes, name: name, options: options)
                        let frames = try reader.frames(
                            at: Array(stride(from: 0, to: reader.frameCount, by: 3)),
                            size: ImageSize(width: 32, height: 24))
                        if frames.missing.isEmpty { whole += 1 } else { partial += 1 }
                    } catch let error as MediaError {
                        XCTAssertTrue(error.description.hasPrefix(name), error.description)
                        failed += 1
                    }
                }
            }
        }
        XCTAssertEqual(output, "")
        XCTAssertEqual(whole + partial + failed, 7 * 70, "seven kinds of files")
        // Each outcome must be common, or the mutations test nothing.
        XCTAssertGreaterThan(whole, 40)
        XCTAssertGreaterThan(partial, 40)
        XCTAssertGreaterThan(failed, 40)
    }

    private static func mutated(_ original: [UInt8], round: Int, using random: inout FixedRandom) -> [UInt8] {
        var bytes = original
        switch round % 5 {
        case 0:
            bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random))
        case 1:
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            }
        case 2:
            for _ in 0..<Int.random(in: 1...30, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
        case 3:
            let start = Int.random(in: 0..<bytes.count, using: &random)
            bytes.removeSubrange(start..<min(bytes.count, start + Int.random(in: 1...200, using: &random)))
        default:
            // The headers are where sizes and counts stand: at the start, or at the end of an MP4.
            for _ in 0..<4 {
                let place = Int.random(in: 4..<min(600, bytes.count), using: &random)
                bytes[round % 2 == 0 ? place : bytes.count - place] = [0, 1, 0x7F, 0x80, 0xFF][place % 5]
            }
        }
        return bytes
    }

    /// What several threads make of a damaged file is what one does, but for the odd frame whose damage FFmpeg tells too
    /// late when it has several.
    func testDamageIsTheSameWithSeveralThreads() throws {
        var random = FixedRandom(5)
        var lost = 0, kept = 0, differing = 0, rounds = 0
        var compared: Set<String> = []
        for (name, original) in try Self.files() where name != "webm" && name != "vp8" {
            let all = Array(0..<(try VideoReader(bytes: original).frameCount))
            for round in 0..<12 {
                var bytes = original
                // Inside of the pictures' data, most likely.
                for _ in 0..<2 {
                    bytes[Int.random(in: bytes.count / 3..<bytes.count / 2, using: &random)] ^= 0xFF
                }
                let one: VideoFrames, three: VideoFrames
                do {
                    let readers = try [1, 3].map {
                        try VideoReader(bytes: bytes, options: VideoOptions(threads: $0, damage: .keepDecodable))
                    }
                    // Where the frames are counted by decoding them, one that is lost too late may be missing from the count.
                    guard readers.allSatisfy({ $0.frameCount == all.count }) else {
                        differing += 1
                        rounds += 1
                        continue
                    }
                    one = try readers[0].frames(at: all)
                    three = try readers[1].frames(at: all)
                } catch is MediaError { continue }
                rounds += 1
                compared.insert(name)
                // Where HEVC's decoder makes up a picture that is lost, what it takes for its motion depends on timing.
                if one.missing == three.missing && (name != "hevc" || one.pixels == three.pixels) {
                    XCTAssertTrue(one.pixels == three.pixels, "\(name), round \(round)")
                } else {
                    differing += 1
                }
                lost += one.missing.count
                kept += all.count - one.missing.count
            }
        }
        XCTAssertEqual(compared, ["mp4", "open groups", "hevc", "avi", "mpeg4"])
        XCTAssertGreaterThan(lost, 100)
        XCTAssertGreaterThan(kept, 100)
        XCTAssertLessThan(differing * 10, rounds)
    }

    func testDamageNamesTheFrameAndOthersAreRead() throws {
        let original = try Self.sources[0].bytes()
        let plain = SequentialDecode(original)
        // Whatever stands in the middle of the pictures' data.
        var bytes = original
        let middle = try XCTUnwrap(Data(bytes).range(of: Data("mdat".utf8))?.upperBound) + 3000
        for place in middle..<middle + 40 { bytes[place] = 0xFF }
        let strict = try VideoReader(bytes: bytes, name: "a.mp4")
        XCTAssertEqual(strict.frameCount, 40)
        let error = mediaError { _ = try strict.frames(at: Array(0..<40)) }
        XCTAssertEqual(error?.kind, .corrupt)
        let frame = try XCTUnwrap(error?.frame)
        XCTAssertTrue(error?.description.hasPrefix("a.mp4 is corrupt at frame \(frame): ") ?? false)
        let kind = VideoOptions(damage: .keepDecodable)
        let frames = try VideoReader(bytes: bytes, options: kind).frames(at: Array(0..<40))
        XCTAssertTrue(frames.missing.contains(frame))
        XCTAssertLessThan(frames.missing.count, 30)
        for index in 0..<40 {
            let image = frames.image(index)
            if frames.missing.contains(index) {
                XCTAssertEqual(image, ByteImage(width: 96, height: 64))
                XCTAssertNotNil(mediaError { _ = try VideoReader(bytes: bytes).image(at: index) })
            } else {
                XCTAssertTrue(image.withUnsafeBytes { plain.isFrame(index, $0) }, "frame \(index)")
                XCTAssertEqual(try VideoReader(bytes: bytes).image(at: index), image)
            }
        }
    }

    func testATruncatedFileFailsOrGivesTheFramesThatAreThere() throws {
        let muxers = [
            VideoFixture(name: "mkv", container: "matroska", codec: "libx264", frames: 60, bFrames: 3),
            VideoFixture(name: "avi", container: "avi", codec: "mpeg4", frames: 60),
        ]
        for fixture in muxers {
            let original = try fixture.bytes()
            let plain = SequentialDecode(original)
            for part in [0.3, 0.6, 0.9] {
                let bytes = Array(original.prefix(Int(Double(original.count) * part)))
                let error = mediaError { _ = try VideoReader(bytes: bytes, name: "cut") }
                XCTAssertEqual(error?.kind, .truncated, "\(fixture.name) \(part)")
                XCTAssertGreaterThan(error?.frame ?? 0, 5)
                let reader = try VideoReader(bytes: bytes, options: VideoOptions(damage: .keepDecodable))
                XCTAssertTrue(reader.isTruncated)
                XCTAssertLessThan(reader.frameCount, 60)
                let frames = try reader.frames(at: Array(0..<reader.frameCount))
                // What was to come out of packets that are not there can shift the last few.
                for index in 0..<reader.frameCount - 4 where !frames.missing.contains(index) {
                    XCTAssertTrue(
                        frames.image(index).withUnsafeBytes { plain.isFrame(index, $0) }, "\(fixture.name) \(index)")
                }
            }
        }
        // An MP4 whose index stands at the end has lost it.
        let original = try Self.sources[0].bytes()
        let error = mediaError { _ = try VideoReader(bytes: Array(original.prefix(original.count / 2))) }
        XCTAssertEqual(error?.kind, .truncated)
    }

    func testWhatIsNoVideoSaysWhatItIs() throws {
        let sound = VideoFixture(name: "sound", container: "mov", codec: "pcm_s16le", frames: 20, isSoundOnly: true)
        XCTAssertEqual(mediaError { _ = try VideoReader(bytes: try sound.bytes()) }?.kind, .noPictures)
        XCTAssertEqual(mediaError { _ = try VideoReader(bytes: []) }?.kind, .empty)
        let picture = try ImageFile.encodePNG(ByteImage(width: 9, height: 9))
        let image = mediaError { _ = try VideoReader(bytes: picture, name: "a.png") }
        XCTAssertEqual(image?.kind, .notAVideo)
        let html = mediaError { _ = try VideoReader(bytes: Array("<html>404 not found</html>".utf8), name: "a.mp4") }
        XCTAssertEqual(html?.kind, .notAVideo)
        XCTAssertEqual(html?.cause, "it looks like an HTML page, perhaps a failed download's error message")
        let large = try Self.sources[0].bytes()
        let limits = VideoOptions(maxPixels: 96 * 64 - 1)
        XCTAssertEqual(mediaError { _ = try VideoReader(bytes: large, options: limits) }?.kind, .tooLarge)
        let few = VideoOptions(maxFrames: 39)
        XCTAssertEqual(mediaError { _ = try VideoReader(bytes: large, options: few) }?.kind, .tooLarge)
        try withTemporaryFolder { folder in
            let missing = mediaError { _ = try VideoReader(path: folder + "/missing.mp4") }
            XCTAssertEqual(missing?.kind, .unreadable)
            XCTAssertEqual(missing?.cause, "No such file or directory")
            XCTAssertEqual(mediaError { _ = try VideoReader(path: folder) }?.cause, "it is a folder")
            let pipe = folder + "/pipe"
            XCTAssertEqual(mkfifo(pipe, 0o600), 0)
            XCTAssertEqual(mediaError { _ = try VideoReader(path: pipe) }?.cause, "it is not a regular file")
        }
    }

    /// Opens, good and bad, leave nothing behind.
    func testMemoryStaysFlatOverThousandsOfOpens() throws {
        let files = try Self.files().map(\.bytes)
        XCTAssertEqual(files.count, 7)
        var random = FixedRandom(8)
        func open(_ round: Int) throws {
            let original = files[round % files.count]
            let bytes = round % 2 == 0 ? original : Self.mutated(original, round: round / 2, using: &random)
            let options = VideoOptions(threads: 1 + round / 50 % 2, damage: round % 3 == 0 ? .keepDecodable : .fail)
            guard let reader = try? VideoReader(bytes: bytes, options: options) else { return }
            _ = try? reader.frames(at: [reader.frameCount / 2, 1 % reader.frameCount])
        }
        for round in 0..<300 { try open(round) }
        let before = try residentMemory()
        for round in 0..<1500 { try open(round) }
        XCTAssertLessThan(try residentMemory() - before, 8 << 20)
    }
}
