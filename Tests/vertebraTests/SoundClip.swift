import CVideoFixtures
import Foundation
import Media
import XCTest

/// A short video with sound, and what a drawn one has of it.
enum SoundClip {
    /// Writes 24 frames in uneven steps, 1.96 seconds, of 96×64 pixels that are 4 to 3.
    static func write(to path: String, container: String = "mp4", codec: String = "libx264", sound: String) throws {
        var bytes: UnsafeMutablePointer<UInt8>?, count = 0
        let error = container.withCString { container in
            codec.withCString { codec in
                sound.withCString { sound in
                    var video = fx_video()
                    (video.container, video.codec, video.sound) = (container, codec, sound)
                    (video.width, video.height, video.frames, video.key_distance) = (96, 64, 24, 12)
                    (video.aspect_width, video.aspect_height, video.uneven, video.format) = (4, 3, true, -1)
                    return fx_encode(&video, &bytes, &count)
                }
            }
        }
        defer { free(bytes) }
        guard error == 0, let bytes else { throw TinyDataError(description: "FFmpeg's error \(error)") }
        try Data(bytes: bytes, count: count).write(to: URL(fileURLWithPath: path))
    }

    /// When the frames are shown, in hundredths of milliseconds.
    static func times(_ reader: VideoReader) -> [Int] {
        (0..<reader.frameCount).map { Int(((reader.time(ofFrame: $0) ?? -1) * 1e5).rounded()) }
    }

    /// What a file says of its sound and of its pixels' shape.
    static func facts(_ path: String) throws -> fx_sound {
        let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
        var sound = fx_sound()
        XCTAssertEqual(fx_listen(bytes, bytes.count, 0, &sound), 0, path)
        return sound
    }
}
