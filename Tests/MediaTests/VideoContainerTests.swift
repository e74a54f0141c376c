import CVideoFixtures
import Foundation
import Media
import TestSupport
import XCTest

/// Containers beside MP4, Matroska and AVI, and files of several streams.
final class VideoContainerTests: XCTestCase {
    private static let files: [(ending: String, container: String, fixture: VideoFixture)] = [
        ("3gp", "mp4", VideoFixture(name: "3GP", container: "3gp", codec: "mpeg4", frames: 30)),
        ("m4v", "mp4", VideoFixture(name: "M4V", container: "ipod", codec: "libx264", frames: 30, bFrames: 2)),
        ("ts", "mpegts", VideoFixture(name: "TS", container: "mpegts", codec: "libx264", frames: 30, bFrames: 2)),
        ("mpg", "mpeg", VideoFixture(name: "MPG", container: "mpeg", codec: "mpeg2video", frames: 30, bFrames: 2)),
        ("flv", "flv", VideoFixture(name: "FLV", container: "flv", codec: "libx264", frames: 30, bFrames: 2)),
        ("gif", "gif", VideoFixture(name: "GIF", container: "gif", codec: "gif", frames: 30, format: 8)),
    ]

    func testOneFileOfEachKindInAnyOrder() throws {
        for (ending, container, fixture) in Self.files {
            let bytes = try fixture.bytes()
            let plain = SequentialDecode(bytes)
            XCTAssertEqual(plain.count, 30, ending)
            let reader = try VideoReader(bytes: bytes, name: "a.\(ending)")
            XCTAssertEqual(reader.container, container)
            XCTAssertEqual(reader.frameCount, 30, ending)
            XCTAssertEqual([reader.width, reader.height], [96, 64], ending)
            XCTAssertEqual(try XCTUnwrap(reader.frameRate), 25, accuracy: 0.1, ending)
            for index in [17, 3, 29, 0, 12, 13, 14] where index < reader.frameCount {
                let same = try reader.image(at: index).withUnsafeBytes { plain.isFrame(index, $0) }
                XCTAssertTrue(same, "\(ending), frame \(index)")
            }
        }
    }

    /// Kinds that are not read are refused with the same words, whatever they are called.
    func testWhatIsNotReadIsNamed() throws {
        let head: [(bytes: [UInt8], kind: String)] = [
            ([0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11], "a Windows Media file"),
            (Array("OggS".utf8), "an Ogg file"), ([0, 0, 1, 0xB3], "bare MPEG pictures without a container"),
        ]
        for (bytes, kind) in head {
            let error = mediaError { _ = try VideoReader(bytes: bytes + Array(repeating: 7, count: 400), name: "a") }
            XCTAssertEqual(error?.kind, .notAVideo)
            XCTAssertEqual(
                error?.description,
                "a is not an MP4, Matroska, WebM, AVI, MPEG, FLV or GIF video: it looks like \(kind). Convert it to MP4, "
                    + "or take it out of the data set.")
        }
    }

    func testAFileIsKnownAsAVideoByItsFirstBytes() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/a"
            for (ending, _, fixture) in Self.files {
                try Data(fixture.bytes()).write(to: URL(fileURLWithPath: path))
                XCTAssertTrue(VideoReader.looksLikeVideo(path), ending)
            }
            for bytes in [Array("OggS and more".utf8), [0x30, 0x26, 0xB2, 0x75, 0, 0, 0, 0, 0, 0, 0, 0]] {
                try Data(bytes).write(to: URL(fileURLWithPath: path))
                XCTAssertTrue(VideoReader.looksLikeVideo(path))
            }
            for bytes in [try ImageFile.encodePNG(ByteImage(width: 9, height: 9)), [], Array("text".utf8)] {
                try Data(bytes).write(to: URL(fileURLWithPath: path))
                XCTAssertFalse(VideoReader.looksLikeVideo(path))
            }
            XCTAssertFalse(VideoReader.looksLikeVideo(folder + "/none"))
            XCTAssertFalse(VideoReader.looksLikeVideo(folder))
        }
    }

    private static func joined(_ fixtures: [VideoFixture], main: Int32, container: String = "mp4") throws -> [UInt8] {
        let first = try fixtures[0].bytes(), second = try fixtures[1].bytes()
        var bytes: UnsafeMutablePointer<UInt8>?
        var count = 0
        let error = fx_join(container, first, first.count, second, second.count, main, &bytes, &count)
        defer { free(bytes) }
        XCTAssertEqual(error, 0, "joining")
        return Array(UnsafeBufferPointer(start: bytes, count: count))
    }

    /// FFmpeg's own choice (`av_find_best_stream`), which the plain decode takes.
    func testOfSeveralStreamsTheOneThatFFmpegPrefersIsTaken() throws {
        let small = VideoFixture(name: "small", container: "mp4", codec: "libx264", settings: "qp=45", frames: 20)
        var large = small
        (large.width, large.height, large.settings) = (128, 96, "qp=10")
        var taken: [Int] = []
        for fixtures in [[small, large], [large, small]] {
            for main in [-1, 0, 1] {
                for container in ["mp4", "matroska"] {
                    let bytes = try Self.joined(fixtures, main: Int32(main), container: container)
                    let plain = SequentialDecode(bytes)
                    let reader = try VideoReader(bytes: bytes)
                    XCTAssertEqual([reader.width, reader.height], [plain.width, plain.height], "\(container) \(main)")
                    let same = try reader.image(at: 11).withUnsafeBytes { plain.isFrame(11, $0) }
                    XCTAssertTrue(same, "\(container) \(main)")
                    taken.append(reader.stream)
                }
            }
        }
        XCTAssertEqual(Set(taken), [0, 1])
    }

    func testAStreamIsChosenByItsNumber() throws {
        let small = VideoFixture(name: "small", container: "mp4", codec: "libx264", frames: 20)
        var large = small
        (large.width, large.height) = (128, 96)
        let bytes = try Self.joined([small, large], main: 0)
        for (stream, width) in [(0, 96), (1, 128)] {
            let reader = try VideoReader(bytes: bytes, options: VideoOptions(stream: stream))
            XCTAssertEqual([reader.stream, reader.width], [stream, width])
            let images = try reader.frames(at: [19, 2, 7])
            XCTAssertEqual(images.width, width)
        }
        let sound = VideoFixture(name: "sound", container: "mov", codec: "pcm_s16le", frames: 20, isSoundOnly: true)
        let mixed = try Self.joined([sound, small], main: 0, container: "mov")
        XCTAssertEqual(try VideoReader(bytes: mixed).stream, 1)
        for stream in [-1, 0, 2, 9, .max] {
            let error = mediaError {
                _ = try VideoReader(bytes: mixed, name: "a", options: VideoOptions(stream: stream))
            }
            XCTAssertEqual(error?.kind, .noPictures)
            XCTAssertTrue(error?.cause.hasSuffix("is none of pictures that move; those are: 1") ?? false, "\(stream)")
        }
    }
}
