import Foundation
import TestSupport
import XCTest

final class DataIndexCommandTests: XCTestCase {
    /// A folder with `clips.yaml`, a recipe of eighteen drawn clips, that no command has looked at.
    private func tinyClips() throws -> String {
        let folder = try temporaryDirectory()
        try TinyClips.write(to: folder)
        return folder
    }

    func testTheIndexOfFramesIsMadeOnce() throws {
        let folder = try tinyClips(), file = folder + "/clips/kinetics/frames-index.tsv"
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

    /// 24 frames in 1.96 seconds, of which the file says 25 a second.
    func testHoursAreThoseThatVideosLast() throws {
        let folder = try temporaryDirectory()
        for name in ["train/a", "train/b"] {
            try FileManager.default.createDirectory(atPath: folder + "/" + name, withIntermediateDirectories: true)
            try SoundClip.write(to: "\(folder)/\(name)/clip.mkv", container: "matroska", sound: "aac")
        }
        let recipe = """
            task: classification
            model: {backbone: resnet3d26_0.25}
            data: {root: ., format: kinetics, train: train, val: train}
            """
        try Data(recipe.utf8).write(to: URL(fileURLWithPath: folder + "/clips.yaml"))
        let run = try CommandRun.of(["data", "index", "clips.yaml", "--json"], in: folder)
        XCTAssertEqual(run.status, 0, run.errors)
        let json = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        let part = try XCTUnwrap((json["parts"] as? [[String: Any]])?.first)
        XCTAssertEqual(part["frames"] as? Int, 48)
        XCTAssertEqual(try XCTUnwrap(part["hours"] as? Double) * 3600, 2 * 1.96, accuracy: 0.1)
    }

    func testAnUnreadableVideoIsNamed() throws {
        let folder = try tinyClips()
        let video = try XCTUnwrap(filesBelow(folder + "/clips/kinetics/val").keys.sorted().first)
        try Data("no video".utf8).write(to: URL(fileURLWithPath: folder + "/clips/kinetics/val/" + video))
        let run = try CommandRun.of(["data", "index", "clips.yaml", "--places", "1"], in: folder)
        XCTAssertEqual(run.status, 0, run.errors)
        XCTAssertTrue(run.output.contains("8 of the 9 videos listed: 1 unreadable"), run.output)
        XCTAssertTrue(run.output.contains("  unreadable: clips/kinetics/val/\(video): "), run.output)
        let none = try CommandRun.of(["data", "index", "clips.yaml", "--places=-1"], in: folder)
        XCTAssertEqual(none.status, 64)
        XCTAssertTrue(none.errors.contains("--places is -1; it must not be below 0."), none.errors)
    }
}
