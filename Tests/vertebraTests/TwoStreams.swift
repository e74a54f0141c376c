import CVideoFixtures
import Foundation
import Media
import XCTest

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

/// Runs a command that draws videos on a file of two, by `draw` with these numbers of frames: `--stream` chooses the one
/// that is drawn to a folder of the stream's number, and numbers of none are refused.
func assertAStreamIsChosen(
    _ command: [String], in folder: String, frames first: Int, _ second: Int,
    drawnBy draw: (_ path: String, _ frames: Int) throws -> Void, file: StaticString = #filePath, line: UInt = #line
) throws {
    try TwoStreams.write(to: folder + "/two.mp4", frames: first, second, drawnBy: draw)
    for (stream, frames) in [first, second].enumerated() {
        let found = try CommandRun.of(command + ["--stream", "\(stream)", "--output", "\(stream)"], in: folder)
        XCTAssertEqual(found.status, 0, found.errors, file: file, line: line)
        XCTAssertEqual(
            try VideoReader(path: "\(folder)/\(stream)/two.mp4").frameCount, frames, file: file, line: line)
    }
    for (stream, status) in [("2", Int32(1)), ("-1", 64), ("x", 64)] {
        let wrong = try CommandRun.of(command + ["--stream=\(stream)"], in: folder)
        XCTAssertEqual(wrong.status, status, wrong.errors, file: file, line: line)
        if status == 1 {
            let words = "is none of pictures that move; those are: 0, 1"
            XCTAssertTrue(wrong.errors.contains(words), wrong.errors, file: file, line: line)
        }
    }
}
