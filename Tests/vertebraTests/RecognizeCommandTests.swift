import Foundation
import Media
import TestSupport
import XCTest

/// `recognize`, by one short training on the built-in set of actions.
final class RecognizeCommandTests: XCTestCase {
    private static let folder: Result<String, any Error> = Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("vertebra-clips-\(getpid())").path
        let made = try CommandRun.of(
            ["data", "make", "actions", folder + "/clips", "--train", "1", "--val", "1", "--replace"])
        guard made.status == 0 else { throw TinyDataError(description: made.errors) }
        let recipe = """
            task: classification
            model: {backbone: resnet3d26_0.25}
            data:
              root: clips/kinetics
              format: kinetics
              train: annotations/train.csv
              val: annotations/val.csv
              videos: train
              val_videos: val
            input: {side: 32, frames: 4, stride: 2, test_clips: 2, test_crops: 1}
            training: {epochs: 1, steps: 1, batch: 2, schedule: constant}
            """
        try Data(recipe.utf8).write(to: URL(fileURLWithPath: folder + "/clips.yaml"))
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
