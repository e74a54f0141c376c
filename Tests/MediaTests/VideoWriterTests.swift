import CVideoFixtures
import Foundation
import Media
import TestSupport
import XCTest

final class VideoWriterTests: XCTestCase {
    private static let formats: [VideoEncoding.Format] = [.mp4, .webm]

    private static func pictures(_ count: Int, width: Int, height: Int) -> [ByteImage] {
        let picture = Fixture.mutedPicture(width: width, height: height)
        return (0..<count).map { t in
            ByteImage(width: width, height: height, pixels: picture.pixels.map { $0 &+ UInt8(3 * t) })
        }
    }

    func testWhatIsWrittenIsReadBack() throws {
        try withTemporaryFolder { folder in
            for format in Self.formats {
                let path = folder + "/a.video"
                let images = Self.pictures(20, width: 64, height: 48)
                try VideoWriter.write(
                    images, to: path, encoding: VideoEncoding(format: format, rate: 12.5, quality: 95))
                let reader = try VideoReader(path: path)
                XCTAssertEqual(reader.codec, format == .mp4 ? "h264" : "vp9")
                XCTAssertEqual(reader.frameCount, 20)
                XCTAssertEqual([reader.width, reader.height], [64, 48])
                XCTAssertEqual(try XCTUnwrap(reader.frameRate), 12.5, accuracy: 0.01)
                XCTAssertEqual(try XCTUnwrap(reader.duration), 1.6, accuracy: 0.01)
                XCTAssertFalse(reader.isCounted)
                try reader.forEachFrame { index, image in
                    let image = try XCTUnwrap(image)
                    let sum = zip(image.pixels, images[index].pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
                    XCTAssertLessThan(Double(sum) / Double(image.byteCount), 4, "\(format), frame \(index)")
                }
                XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder), ["a.video"])
            }
        }
    }

    func testTheSamePicturesMakeTheSameFile() throws {
        try withTemporaryFolder { folder in
            for format in Self.formats {
                let images = Self.pictures(8, width: 48, height: 32)
                for name in ["a", "b"] {
                    try VideoWriter.write(images, to: folder + "/" + name, encoding: VideoEncoding(format: format))
                }
                XCTAssertTrue(
                    FileManager.default.contentsEqual(atPath: folder + "/a", andPath: folder + "/b"), "\(format)")
            }
        }
    }

    func testOddSidesAreRepeatedAndGreyBecomesRGB() throws {
        try withTemporaryFolder { folder in
            for format in Self.formats {
                let path = folder + "/odd"
                let grey = ByteImage(width: 33, height: 21, channels: 1, filledWith: 120)
                try VideoWriter.write([grey, grey], to: path, encoding: VideoEncoding(format: format))
                let image = try VideoReader(path: path).image(at: 1)
                XCTAssertEqual([image.width, image.height], [34, 22])
                XCTAssertLessThanOrEqual(
                    largestDifference(image, ByteImage(width: 34, height: 22, filledWith: 120)), 2)
            }
        }
    }

    func testAFileAppearsWholeOrNotAtAll() throws {
        try withTemporaryFolder { folder in
            let image = ByteImage(width: 32, height: 32)
            XCTAssertEqual(
                mediaError { try VideoWriter.write([image], to: folder + "/missing/a.mp4") }?.kind, .unwritable)
            do {
                let writer = try VideoWriter(path: folder + "/a.mp4", width: 32, height: 32)
                try writer.append(image)
            }
            XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder), [])
        }
    }

    /// Every frame drawn again, as `recognize` and `detect` do.
    private func redrawn(_ reader: VideoReader, to path: String, keepsSound: Bool = true) throws -> VideoWriter {
        var writer: VideoWriter?
        try reader.forEachFrame { _, image in
            let image = try XCTUnwrap(image)
            let begun =
                try writer
                ?? VideoWriter(
                    path: path, width: image.width, height: image.height,
                    encoding: VideoEncoding(format: XCTUnwrap(VideoEncoding.Format(ofFile: path))), drawnOn: reader,
                    keepsSound: keepsSound)
            writer = begun
            try begun.append(image)
        }
        let begun = try XCTUnwrap(writer)
        try begun.finish()
        return begun
    }

    private func sound(_ bytes: [UInt8], stream: Int32 = 0) -> fx_sound {
        var sound = fx_sound()
        XCTAssertEqual(fx_listen(bytes, bytes.count, stream, &sound), 0)
        return sound
    }

    private func bytes(_ path: String) throws -> [UInt8] { try [UInt8](Data(contentsOf: URL(fileURLWithPath: path))) }

    /// Even and uneven times, containers with and without them, B-frames, a late start and an edit list.
    func testADrawnVideoHasTheTimesOfItsOriginal() throws {
        let kinds = VideoFixture.everyKind.filter { $0.codec != "libx265" && !$0.codec.hasPrefix("libvpx") }
        XCTAssertGreaterThan(kinds.count, 15)
        try withTemporaryFolder { folder in
            for fixture in kinds {
                let reader = try VideoReader(bytes: fixture.bytes(), name: fixture.name)
                _ = try redrawn(reader, to: folder + "/a.mp4")
                let drawn = try VideoReader(path: folder + "/a.mp4")
                XCTAssertEqual(drawn.frameCount, reader.frameCount, fixture.name)
                for index in 0..<min(drawn.frameCount, reader.frameCount) {
                    XCTAssertEqual(
                        try XCTUnwrap(drawn.time(ofFrame: index)), try XCTUnwrap(reader.time(ofFrame: index)),
                        accuracy: 2e-5, "\(fixture.name), frame \(index)")
                }
                XCTAssertEqual(
                    try XCTUnwrap(drawn.duration), try XCTUnwrap(reader.duration), accuracy: 0.002, fixture.name)
            }
        }
    }

    func testADrawnVideoHasThePixelsAndTheSoundOfItsOriginal() throws {
        try withTemporaryFolder { folder in
            for (container, codec) in [
                ("mp4", "aac"), ("matroska", "aac"), ("avi", "ac3"), ("mp4", "ac3"), ("mp4", "libopus"),
                ("matroska", "libopus"), ("avi", "libmp3lame"),
            ] {
                var fixture = VideoFixture(
                    name: "\(codec) in \(container)", container: container, codec: "libx264", sound: codec,
                    aspect: PixelAspect(width: 16, height: 11))
                if container == "avi" { fixture.codec = "mpeg4" }
                let original = try fixture.bytes(), reader = try VideoReader(bytes: original, name: fixture.name)
                let writer = try redrawn(reader, to: folder + "/a.mp4")
                XCTAssertNil(writer.soundLeftOut, fixture.name)
                let (before, after) = (sound(original), sound(try bytes(folder + "/a.mp4")))
                XCTAssertGreaterThan(before.packets, 50)
                XCTAssertEqual(after.packets, before.packets, fixture.name)
                XCTAssertEqual(after.hash, before.hash, fixture.name)
                XCTAssertEqual(after.end - after.begin, before.end - before.begin, accuracy: 0.002, fixture.name)
                XCTAssertEqual(
                    after.begin - after.pictures, before.begin - before.pictures, accuracy: 0.002, fixture.name)
                XCTAssertEqual([after.aspect_width, after.aspect_height], [16, 11], fixture.name)
                _ = try redrawn(reader, to: folder + "/b.mp4", keepsSound: false)
                XCTAssertEqual(sound(try bytes(folder + "/b.mp4")).packets, 0)
            }
        }
    }

    /// All streams of sound are copied that the copy takes, with their languages; the others are named.
    func testSeveralStreamsOfSound() throws {
        try withTemporaryFolder { folder in
            let fixture = VideoFixture(
                name: "two", container: "matroska", codec: "libx264", sound: "pcm_s16le", secondSound: "aac")
            let original = try fixture.bytes(), reader = try VideoReader(bytes: original, name: fixture.name)
            let first = sound(original), second = sound(original, stream: 1)
            XCTAssertEqual([first.streams, second.streams], [2, 2])
            XCTAssertNotEqual(first.hash, second.hash)

            let writer = try redrawn(reader, to: folder + "/a.mp4")
            XCTAssertEqual(
                writer.soundLeftOut, "stream 1, pcm_s16le: the container of the copy does not take it")
            let kept = sound(try bytes(folder + "/a.mp4"))
            XCTAssertEqual([kept.streams, kept.packets], [1, second.packets])
            XCTAssertEqual(kept.hash, second.hash)
            XCTAssertEqual(language(of: kept), "deu")

            XCTAssertNil(try redrawn(reader, to: folder + "/a.mkv").soundLeftOut)
            let all = try bytes(folder + "/a.mkv")
            XCTAssertEqual(sound(all).hash, first.hash)
            XCTAssertEqual(sound(all, stream: 1).hash, second.hash)
            XCTAssertEqual(language(of: sound(all, stream: 1)), "deu")
            XCTAssertEqual(sound(all).begin - sound(all).pictures, first.begin - first.pictures, accuracy: 0.002)
        }
    }

    private func language(of sound: fx_sound) -> String {
        withUnsafeBytes(of: sound.language) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// Sound that begins before or after the pictures does so in the copy; none of it is cut off.
    func testSoundThatBeginsAtAnotherTime() throws {
        try withTemporaryFolder { folder in
            for (container, first, start) in [
                ("mp4", 0, 700), ("mp4", 25, 0), ("matroska", 25, 300), ("mpegts", 10, 0),
            ] {
                let fixture = VideoFixture(
                    name: "\(container), pictures at \(first), sound at \(start)", container: container,
                    codec: "libx264", firstTime: first, sound: "ac3", soundStart: start)
                let original = try fixture.bytes(), reader = try VideoReader(bytes: original, name: fixture.name)
                XCTAssertNil(try redrawn(reader, to: folder + "/a.mp4").soundLeftOut)
                let (before, after) = (sound(original), sound(try bytes(folder + "/a.mp4")))
                XCTAssertEqual(
                    before.begin - before.pictures, Double(start) / 1000 - Double(first) / 25, accuracy: 0.02,
                    fixture.name)
                XCTAssertEqual(
                    after.begin - after.pictures, before.begin - before.pictures, accuracy: 0.002, fixture.name)
                XCTAssertEqual(after.end - after.pictures, before.end - before.pictures, accuracy: 0.002, fixture.name)
                XCTAssertEqual([after.packets], [before.packets], fixture.name)
                XCTAssertEqual(after.hash, before.hash, fixture.name)
                XCTAssertEqual(times(try VideoReader(path: folder + "/a.mp4")), times(reader))
            }
        }
    }

    /// When the frames of a video are shown, in milliseconds.
    private func times(_ reader: VideoReader) -> [Int] {
        (0..<reader.frameCount).map { Int(((reader.time(ofFrame: $0) ?? -1) * 1000).rounded()) }
    }

    /// A turned video's pixels are turned with it, and sound that MP4 does not take is said to be left out.
    func testWhatIsTurnedAndWhatIsLeftOut() throws {
        try withTemporaryFolder { folder in
            let turned = VideoFixture(
                name: "turned", container: "mp4", codec: "libx264", rotation: 90,
                aspect: PixelAspect(width: 4, height: 3))
            let reader = try VideoReader(bytes: turned.bytes())
            XCTAssertEqual(reader.pixelAspect, PixelAspect(width: 3, height: 4))
            XCTAssertNil(try redrawn(reader, to: folder + "/a.mp4").soundLeftOut)
            let after = sound(try bytes(folder + "/a.mp4"))
            XCTAssertEqual([after.aspect_width, after.aspect_height], [3, 4])

            let raw = VideoFixture(name: "raw", container: "avi", codec: "mpeg4", sound: "pcm_s16le")
            let writer = try redrawn(VideoReader(bytes: raw.bytes()), to: folder + "/a.mp4")
            XCTAssertEqual(writer.soundLeftOut, "pcm_s16le: the container of the copy does not take it")
            XCTAssertEqual(sound(try bytes(folder + "/a.mp4")).packets, 0)
            XCTAssertEqual(try VideoReader(path: folder + "/a.mp4").frameCount, 60)
        }
    }

    /// Cameras' files whose stated rate is not how long they last.
    func testTheCasesLastAsLongAsTheyDo() throws {
        let folder = try sharedFolder() + "/cases/video"
        try withTemporaryFolder { output in
            for (name, seconds) in [
                ("sample_with_multiple_key_frames.mkv", 1.0), ("vfr.webm", 2.28), ("h264_b.avi", 2.4),
            ] {
                let reader = try VideoReader(path: folder + "/" + name)
                XCTAssertEqual(try XCTUnwrap(reader.duration), seconds, accuracy: 0.01, name)
                XCTAssertEqual(
                    try XCTUnwrap(reader.frameRate), Double(reader.frameCount) / seconds, accuracy: 0.5, name)
                _ = try redrawn(reader, to: output + "/a.mp4")
                XCTAssertEqual(
                    try XCTUnwrap(VideoReader(path: output + "/a.mp4").duration), seconds, accuracy: 0.01, name)
            }
        }
    }
}
