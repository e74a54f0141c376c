import Foundation
import Media
import Support
import TestSupport
import XCTest

final class VideoReaderTests: XCTestCase {
    /// The rule that everything rests on: frame i is frame i of a sequential decode, bit for bit.
    func testFramesInAnyOrderAreThoseOfASequentialDecode() throws {
        var codecs: [String: Int] = [:]
        for fixture in VideoFixture.everyKind {
            try Self.compare(fixture.bytes(), name: fixture.name, rounds: 30)
            codecs[fixture.codec, default: 0] += 1
        }
        XCTAssertEqual(
            codecs,
            [
                "libx264": 14, "libx265": 5, "libvpx-vp9": 2, "libaom-av1": 3, "libsvtav1": 1, "libvpx": 1, "mpeg4": 4,
                "mjpeg": 1, "mpeg2video": 1,
            ])
    }

    /// The headers of their packets say where key frames are, so that opening decodes nothing.
    func testOpeningDecodesNothingOfTheUsualCodecs() throws {
        let codecs: Set = ["libx264", "libx265", "libvpx-vp9", "libvpx", "libaom-av1", "libsvtav1"]
        var opened = 0
        for fixture in VideoFixture.everyKind where codecs.contains(fixture.codec) {
            // AVI has no timestamps, and fields of interlaced pictures may lie in packets of their own.
            let isInDoubt = fixture.container == "avi" || fixture.name.contains("interlaced")
            XCTAssertEqual(try VideoReader(bytes: fixture.bytes()).isCounted, isInDoubt, fixture.name)
            opened += 1
        }
        XCTAssertEqual(opened, 26)
        let tiny = try sharedFolder() + "/cases/video/tiny_av1.mp4"
        XCTAssertFalse(try VideoReader(path: tiny).isCounted)
    }

    func testSharedClipsInAnyOrderAreThoseOfASequentialDecode() throws {
        let folder = try sharedFolder() + "/data/video"
        let clips = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        XCTAssertFalse(clips.isEmpty)
        for clip in clips {
            let bytes = try Array(Data(contentsOf: URL(fileURLWithPath: folder + "/" + clip)))
            try Self.compare(bytes, name: clip, rounds: 6)
        }
    }

    /// Requests of many shapes against the plain decode, with one thread and with three.
    private static func compare(_ bytes: [UInt8], name: String, rounds: Int) throws {
        let plain = SequentialDecode(bytes)
        XCTAssertGreaterThan(plain.count, 0, name)
        for threads in [1, 3] {
            let reader = try VideoReader(bytes: bytes, name: name, options: VideoOptions(threads: threads))
            XCTAssertEqual(reader.frameCount, plain.count, name)
            XCTAssertEqual([reader.width, reader.height], [plain.width, plain.height], name)
            guard reader.frameCount == plain.count else { continue }
            var random = FixedRandom(7)
            for round in 0..<rounds {
                let indices = request(round, of: plain.count, using: &random)
                let frames = try reader.frames(at: indices)
                XCTAssertEqual(frames.missing, [])
                let size = plain.width * plain.height * 3
                frames.pixels.withUnsafeBytes { pixels in
                    for (place, index) in indices.enumerated() {
                        let mine = UnsafeRawBufferPointer(rebasing: pixels[place * size..<(place + 1) * size])
                        XCTAssertTrue(
                            plain.isFrame(index, mine),
                            "\(name), \(threads) threads, round \(round): frame \(index)")
                    }
                }
            }
        }
    }

    private static func request(_ round: Int, of count: Int, using random: inout FixedRandom) -> [Int] {
        let start = Int.random(in: 0..<count, using: &random)
        switch round % 5 {
        case 0: return Array(stride(from: start, to: count, by: 4).prefix(8))
        case 1: return (0..<6).map { _ in Int.random(in: 0..<count, using: &random) }
        case 2: return Array(stride(from: start, through: 0, by: -3).prefix(6))
        case 3: return [start]
        // Frames over and over, as a clip that loops asks for.
        default: return (0..<10).map { (start + $0 % 4) % count }
        }
    }

    func testWalkingThroughGivesEveryFrameOnce() throws {
        let fixtures = VideoFixture.everyKind.prefix(7)
        XCTAssertEqual(Set(fixtures.map(\.codec)), ["libx264", "libx265", "libvpx-vp9", "mpeg4"])
        var walked = 0
        for fixture in fixtures {
            let bytes = try fixture.bytes()
            let plain = SequentialDecode(bytes)
            let reader = try VideoReader(bytes: bytes, name: fixture.name, options: VideoOptions(threads: 2))
            var next = 0
            try reader.forEachFrame { index, image in
                XCTAssertEqual(index, next)
                let same = image?.withUnsafeBytes { plain.isFrame(index, $0) }
                XCTAssertEqual(same, true, "\(fixture.name), frame \(index)")
                next += 1
            }
            XCTAssertEqual(next, plain.count)
            walked += 1
            // Single calls that walk on, from somewhere in the middle.
            for index in stride(from: 20, to: plain.count, by: 2) {
                let same = try reader.image(at: index).withUnsafeBytes { plain.isFrame(index, $0) }
                XCTAssertTrue(same, "\(fixture.name), frame \(index)")
            }
        }
        XCTAssertEqual(walked, 7)
    }

    func testFactsOfAVideo() throws {
        let fixture = VideoFixture(name: "a", container: "mp4", codec: "libx264", frames: 50, bFrames: 2)
        try withTemporaryFolder { folder in
            let path = folder + "/a.mp4"
            try Data(fixture.bytes()).write(to: URL(fileURLWithPath: path))
            let reader = try VideoReader(path: path)
            XCTAssertEqual(reader.name, path)
            XCTAssertEqual(reader.frameCount, 50)
            XCTAssertEqual([reader.width, reader.height], [96, 64])
            XCTAssertEqual(reader.frameRate, 25)
            XCTAssertEqual(try XCTUnwrap(reader.duration), 2, accuracy: 1e-9)
            XCTAssertEqual(reader.codec, "h264")
            XCTAssertEqual(reader.container, "mp4")
            XCTAssertEqual(reader.rotation, 0)
            XCTAssertFalse(reader.isCounted)
            XCTAssertFalse(reader.isTruncated)
            XCTAssertEqual(try XCTUnwrap(reader.time(ofFrame: 10)), 0.4, accuracy: 1e-9)
        }
    }

    func testTimesOfUnevenFrames() throws {
        let fixture = VideoFixture(
            name: "uneven", container: "matroska", codec: "libx264", frames: 20, bFrames: 3, firstTime: 10,
            isUneven: true)
        let reader = try VideoReader(bytes: try fixture.bytes())
        var time = 0.0
        for index in 0..<20 {
            XCTAssertEqual(try XCTUnwrap(reader.time(ofFrame: index)), time / 25, accuracy: 1e-9)
            time += Double(1 + (index * 7 + index / 3) % 3)
        }
    }

    func testAnEditListCutsFramesOff() throws {
        let fixture = VideoFixture(
            name: "cut", container: "mp4", codec: "libx264", frames: 60, bFrames: 3, firstTime: -17)
        XCTAssertEqual(try VideoReader(bytes: try fixture.bytes()).frameCount, 43)
    }

    func testScaledFramesKeepTheirPlace() throws {
        let fixture = VideoFixture(name: "a", container: "mp4", codec: "libx264", frames: 30, bFrames: 2)
        let reader = try VideoReader(bytes: try fixture.bytes())
        let frames = try reader.frames(at: [20, 3], size: ImageSize(width: 48, height: 32))
        XCTAssertEqual(frames.size, ImageSize(width: 48, height: 32))
        XCTAssertEqual(frames.pixels.count, 2 * 48 * 32 * 3)
        for (place, index) in [20, 3].enumerated() {
            let whole = try reader.image(at: index)
            var sum = 0
            for y in 0..<32 {
                for x in 0..<48 {
                    for c in 0..<3 {
                        let mean =
                            (Int(whole[2 * x, 2 * y, c]) + Int(whole[2 * x + 1, 2 * y, c])
                                + Int(whole[2 * x, 2 * y + 1, c])
                                + Int(whole[2 * x + 1, 2 * y + 1, c])) / 4
                        sum += abs(mean - Int(frames.image(place)[x, y, c]))
                    }
                }
            }
            XCTAssertLessThan(Double(sum) / (48 * 32 * 3), 6)
        }
    }

    func testAnEmptyRequest() throws {
        let reader = try VideoReader(
            bytes: try VideoFixture(name: "a", container: "mp4", codec: "mpeg4", frames: 5).bytes())
        let frames = try reader.frames(at: [])
        XCTAssertEqual(frames.pixels, [])
        XCTAssertEqual(frames.images, [])
    }

    func testRotation() throws {
        // In 4:2:0 and 4:4:4, which take different ways to RGB.
        for (degrees, orientation, format) in [(90, 6, 0), (180, 3, 0), (270, 8, 0), (90, 6, 5), (180, 3, 5)] {
            var fixture = VideoFixture(name: "turned", container: "mp4", codec: "libx264", frames: 6)
            fixture.rotation = degrees
            fixture.format = format
            let bytes = try fixture.bytes()
            let stored = try VideoReader(bytes: bytes, options: VideoOptions(appliesRotation: false))
            let upright = try VideoReader(bytes: bytes)
            XCTAssertEqual(upright.rotation, Double(degrees))
            XCTAssertEqual([stored.width, stored.height], [96, 64])
            XCTAssertEqual([upright.width, upright.height], degrees == 180 ? [96, 64] : [64, 96])
            for index in [0, 4] {
                let expected = try stored.image(at: index).oriented(orientation)
                XCTAssertEqual(try upright.image(at: index), expected, "\(degrees) degrees")
            }
        }
    }
}
