import Foundation
import Media
import TestSupport
import XCTest

/// `recognize`, by one short training on the built-in set of actions.
final class RecognizeCommandTests: XCTestCase {
    private static let folder: Result<String, any Error> = Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("vertebra-clips-\(getpid())").path
        try TinyClips.write(to: folder)
        let trained = try CommandRun.of(["train", "clips.yaml", "--output", "run"], in: folder)
        guard trained.status == 0 else { throw TinyDataError(description: trained.errors) }
        return folder
    }

    override class func tearDown() {
        if case .success(let folder) = folder { try? FileManager.default.removeItem(atPath: folder) }
        super.tearDown()
    }

    private func clip(_ path: String, frames: Int) throws {
        let pictures = (0..<8).map { index in
            ByteImage(
                width: 160, height: 120, channels: 3,
                pixels: (0..<160 * 120 * 3).map { UInt8(truncatingIfNeeded: $0 / (index + 3)) })
        }
        try VideoWriter.write((0..<frames).map { pictures[$0 % 8] }, to: path, encoding: VideoEncoding(rate: 12.5))
    }

    func testCtrlCLeavesNothingHalf() throws {
        let run = try Self.folder.get() + "/run", folder = try temporaryDirectory()
        try clip(folder + "/clip.mp4", frames: 900)
        let ended = try assertCtrlCLeavesNothingHalf(
            ["recognize", "clip.mp4", "--checkpoint", run, "--output", "found"], in: folder)
        XCTAssertTrue(ended.errors.contains("Stopping; once more to quit at once"), ended.errors)
    }
}
