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

    func testTheIndexOfFramesIsMadeOnce() throws {
        let folder = try Self.folder.get(), file = folder + "/clips/kinetics/frames-index.tsv"
        XCTAssertTrue(FileManager.default.fileExists(atPath: file), "training makes it")
        try FileManager.default.removeItem(atPath: file)
        let first = try CommandRun.of(["data", "index", "clips.yaml"], in: folder)
        XCTAssertEqual(first.status, 0, first.errors)
        XCTAssertTrue(first.output.contains("annotations/val.csv: 9 of the 9 videos listed; "), first.output)
        XCTAssertTrue(first.output.contains("\n18 videos opened; index: clips/kinetics/frames-index.tsv"), first.output)
        let made = try Data(contentsOf: URL(fileURLWithPath: file))
        let second = try CommandRun.of(["data", "index", "clips.yaml", "--json"], in: folder)
        let json = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(second.output.utf8)) as? [String: Any])
        XCTAssertEqual(json["opened"] as? Int, 0)
        XCTAssertEqual((json["parts"] as? [[String: Any]])?.compactMap { $0["readable"] as? Int }, [9, 9])
        XCTAssertEqual(try Data(contentsOf: URL(fileURLWithPath: file)), made)
        let moved = try CommandRun.of(
            ["data", "index", "clips.yaml", "--set", "data.index=/proc/none/index.tsv"], in: folder)
        XCTAssertEqual(moved.status, 0, moved.errors)
        XCTAssertTrue(
            moved.errors.hasPrefix("/proc/none/index.tsv, the index of frames, can't be written"), moved.errors)
        XCTAssertEqual(moved.errors.split(separator: "\n").count, 1)

        let images = try CommandRun.of(["data", "index", "clips.yaml", "--set", "data.format=folder"], in: folder)
        XCTAssertEqual(images.status, 1)
    }
}
