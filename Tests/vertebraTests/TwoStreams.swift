import CVideoFixtures
import Foundation

/// A file that holds two videos.
enum TwoStreams {
    /// Writes an MP4 whose streams 0 and 1 have these numbers of frames, as `draw` writes them to the path that it is given.
    static func write(
        to path: String, frames first: Int, _ second: Int, drawnBy draw: (_ path: String, _ frames: Int) throws -> Void
    ) throws {
        let parts = try [first, second].map { count in
            try draw(path, count)
            return try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
        }
        var bytes: UnsafeMutablePointer<UInt8>?, count = 0
        let error = fx_join("mp4", parts[0], parts[0].count, parts[1], parts[1].count, 0, &bytes, &count)
        defer { free(bytes) }
        guard error == 0, let bytes else { throw TinyDataError(description: "FFmpeg's error \(error)") }
        try Data(bytes: bytes, count: count).write(to: URL(fileURLWithPath: path))
    }
}
