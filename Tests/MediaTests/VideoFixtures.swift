import CVideoFixtures
import Foundation
import Media
import XCTest

/// FFmpeg has no such encoder, though the one that `tools/setup` installs has all that the tests ask for.
struct MissingEncoder: Error, CustomStringConvertible {
    var codec: String
    var description: String {
        "this FFmpeg has no encoder \(codec), without which its videos aren't tested: install Debian's libavcodec, as "
            + "tools/setup does"
    }
}

/// A video that a test makes, with FFmpeg's encoders.
struct VideoFixture {
    var name: String
    var container: String
    var codec: String
    var settings = ""
    var width = 96
    var height = 64
    var frames = 60
    var keyDistance = 12
    var bFrames = 0
    var firstTime = 0
    var isUneven = false
    var rotation = 0
    /// libavutil's numbers.
    var format = -1
    var matrix = 0
    var range = 0
    var flat: (y: Int, cb: Int, cr: Int)?
    /// Every sample is one of all 256 by chance, instead of a drawn scene.
    var isNoise = false
    var isSoundOnly = false
    /// libavcodec's name of a codec for sound beside the pictures.
    var sound: String?
    /// libavcodec's name of a codec for a second stream of sound, in German.
    var secondSound: String?
    /// When the sound begins, in milliseconds from the time 0 of the pictures.
    var soundStart = 0
    var aspect = PixelAspect(width: 0, height: 0)
    /// The number of a packet that is left out, from 1; 0 for none.
    var lostPacket = 0

    /// The file.
    /// - Throws: `MissingEncoder`.
    func bytes() throws -> [UInt8] {
        guard fx_has_encoder(codec) else { throw MissingEncoder(codec: codec) }
        var bytes: UnsafeMutablePointer<UInt8>?
        var count = 0
        if let sound, !fx_has_encoder(sound) { throw MissingEncoder(codec: sound) }
        if let secondSound, !fx_has_encoder(secondSound) { throw MissingEncoder(codec: secondSound) }
        let voice = sound.map { strdup($0) } ?? nil, secondVoice = secondSound.map { strdup($0) } ?? nil
        defer {
            free(voice)
            free(secondVoice)
        }
        let error = container.withCString { container in
            codec.withCString { codec in
                settings.withCString { settings in
                    var video = fx_video()
                    video.container = container
                    video.codec = codec
                    video.settings = settings
                    video.width = Int32(width)
                    video.height = Int32(height)
                    video.frames = Int32(frames)
                    video.key_distance = Int32(keyDistance)
                    video.b_frames = Int32(bFrames)
                    video.first_time = Int32(firstTime)
                    video.uneven = isUneven
                    video.rotation = Int32(rotation)
                    video.format = Int32(format)
                    video.matrix = Int32(matrix)
                    video.range = Int32(range)
                    video.is_noise = isNoise
                    video.sound_only = isSoundOnly
                    video.sound = UnsafePointer(voice)
                    video.second_sound = UnsafePointer(secondVoice)
                    video.sound_start = Int32(soundStart)
                    video.aspect_width = Int32(aspect.width)
                    video.aspect_height = Int32(aspect.height)
                    video.lost_packet = Int32(lostPacket)
                    if let flat {
                        video.is_flat = true
                        video.flat = (Int32(flat.y), Int32(flat.cb), Int32(flat.cr))
                    }
                    return fx_encode(&video, &bytes, &count)
                }
            }
        }
        defer { free(bytes) }
        XCTAssertEqual(error, 0, "encoding \(name)")
        return Array(UnsafeBufferPointer(start: bytes, count: count))
    }

    /// What FFmpeg's encoders make of groups of pictures, order and time, in every container that is read.
    static let everyKind: [VideoFixture] = {
        let x264 = VideoFixture(name: "H.264", container: "mp4", codec: "libx264", bFrames: 3)
        let x265 = VideoFixture(
            name: "HEVC", container: "mp4", codec: "libx265", settings: "x265-params=log-level=none", bFrames: 4)
        let vp9 = VideoFixture(
            name: "VP9", container: "webm", codec: "libvpx-vp9",
            settings: "deadline=good,cpu-used=5,auto-alt-ref=1,lag-in-frames=16")
        let av1 = VideoFixture(
            name: "AV1", container: "mp4", codec: "libaom-av1", settings: "cpu-used=8,lag-in-frames=12", frames: 40)
        let mpeg4 = VideoFixture(name: "MPEG-4", container: "avi", codec: "mpeg4", bFrames: 2)
        func changed(_ fixture: VideoFixture, _ name: String, _ change: (inout VideoFixture) -> Void) -> VideoFixture {
            var result = fixture
            result.name += ", " + name
            change(&result)
            return result
        }
        return [
            x264, x265, vp9, mpeg4,
            changed(x264, "no B-frames") { $0.bFrames = 0 },
            changed(x264, "one key frame") { $0.keyDistance = 1000 },
            changed(x264, "open groups") { $0.settings = "x264-params=open-gop=1:scenecut=0" },
            changed(x264, "open groups, Matroska, uneven") {
                $0.settings = "x264-params=open-gop=1:scenecut=0"
                $0.container = "matroska"
                $0.isUneven = true
            },
            changed(x264, "intra refresh") { $0.settings = "x264-params=intra-refresh=1" },
            changed(x264, "starts late") { $0.firstTime = 50 },
            changed(x264, "edit list") { $0.firstTime = -17 },
            changed(x264, "edit list, no B-frames") {
                $0.firstTime = -7
                $0.bFrames = 0
            },
            changed(x264, "AVI, no timestamps") { $0.container = "avi" },
            changed(x264, "interlaced") { $0.settings = "x264-params=interlaced=1" },
            changed(x264, "four slices") { $0.settings = "x264-params=slices=4" },
            changed(x264, "4:4:4") { $0.format = 5 },
            changed(x264, "one frame") { $0.frames = 1 },
            changed(x265, "open groups") { $0.settings += ":open-gop=1:scenecut=0" },
            changed(x265, "closed groups, Matroska") {
                $0.settings += ":open-gop=0"
                $0.container = "matroska"
            },
            changed(x265, "temporal layers") { $0.settings += ":temporal-layers=1" },
            changed(x265, "edit list") { $0.firstTime = -9 },
            changed(vp9, "MP4") { $0.container = "mp4" },
            av1,
            changed(av1, "Matroska, uneven") {
                $0.container = "matroska"
                $0.isUneven = true
            },
            changed(av1, "WebM, one key frame") {
                $0.container = "webm"
                $0.keyDistance = 1000
            },
            VideoFixture(
                name: "AV1, SVT", container: "mp4", codec: "libsvtav1", settings: "preset=10", frames: 50,
                keyDistance: 16),
            VideoFixture(
                name: "VP8", container: "webm", codec: "libvpx",
                settings: "deadline=good,cpu-used=4,auto-alt-ref=1,lag-in-frames=16"),
            changed(mpeg4, "no B-frames") { $0.bFrames = 0 },
            changed(mpeg4, "MP4") { $0.container = "mp4" },
            changed(mpeg4, "Matroska, uneven") {
                $0.container = "matroska"
                $0.isUneven = true
            },
            VideoFixture(name: "Motion JPEG", container: "avi", codec: "mjpeg", format: 12),
            VideoFixture(name: "MPEG-2", container: "matroska", codec: "mpeg2video", bFrames: 2),
        ]
    }()
}

/// What a plain loop over the packets gives.
final class SequentialDecode {
    let count: Int
    let width: Int
    let height: Int
    private let rgb: UnsafeMutablePointer<UInt8>?

    init(_ bytes: [UInt8], file: StaticString = #filePath, line: UInt = #line) {
        var frames = fx_frames()
        let error = fx_decode(bytes, bytes.count, &frames)
        XCTAssertEqual(error, 0, "decoding in order", file: file, line: line)
        count = Int(frames.count)
        width = Int(frames.width)
        height = Int(frames.height)
        rgb = frames.rgb
    }

    deinit { free(rgb) }

    /// Whether these are the samples of frame `index`.
    func isFrame(_ index: Int, _ samples: UnsafeRawBufferPointer) -> Bool {
        let bytes = width * height * 3
        guard index >= 0, index < count, samples.count == bytes, let rgb, let base = samples.baseAddress else {
            return false
        }
        return memcmp(base, rgb + index * bytes, bytes) == 0
    }
}
