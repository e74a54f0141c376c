import Annotations
import Foundation
import TestSupport
import XCTest

final class DataConvertCommandTests: XCTestCase {
    /// The built-in sample set through all formats: the boxes that come out are those that went in.
    func testTheSampleSetThroughAllFormats() throws {
        let samples = try TinyData.folder.get() + "/samples", folder = try temporaryDirectory()
        var source = samples + "/coco"
        for format in ["yolo", "voc", "csv", "coco"] {
            let run = try CommandRun.of(["data", "convert", source, format, "--to", format], in: folder)
            XCTAssertEqual(run.status, 0, run.errors)
            XCTAssertTrue(run.output.contains("train: 8 images, "), run.output)
            XCTAssertTrue(run.output.contains("val: 4 images, "), run.output)
            XCTAssertTrue(run.output.contains(" classes, "), run.output)
            source = folder + "/" + format
        }
        for part in ["train", "val"] {
            let before = try COCO.readInstances("\(samples)/coco/annotations/instances_\(part).json")
            let after = try COCO.readInstances("\(folder)/coco/annotations/instances_\(part).json")
            XCTAssertEqual(after.classNames, before.classNames)
            XCTAssertEqual(after.objectCount, before.objectCount)
            for i in 0..<before.imageCount {
                let image = try XCTUnwrap((0..<after.imageCount).first { after.fileName($0) == before.fileName(i) })
                XCTAssertEqual(after.target(image).boxes, before.target(i).boxes)
                XCTAssertEqual(after.target(image).labels, before.target(i).labels)
            }
        }
        let check = try CommandRun.of(
            ["data", "check", "--coco", "coco/annotations/instances_train.json", "--images", "coco/images/train"],
            in: folder)
        XCTAssertEqual(check.status, 0, check.output)
        let voc = try CommandRun.of(["data", "check", "--voc", "voc"], in: folder)
        XCTAssertEqual(voc.status, 0, voc.output)
    }

    func testJSON() throws {
        let samples = try TinyData.folder.get() + "/samples/coco", folder = try temporaryDirectory()
        let run = try CommandRun.of(
            ["data", "convert", samples, "made", "--to", "voc", "--images", "copy", "--json"], in: folder)
        XCTAssertEqual(run.status, 0, run.errors)
        let found = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
        XCTAssertEqual(found?["format"] as? String, "voc")
        XCTAssertEqual(found?["copied"] as? Int, 12)
        XCTAssertEqual((found?["parts"] as? [[String: Any]])?.compactMap { $0["images"] as? Int }, [8, 4])
        XCTAssertEqual((found?["notes"] as? [String])?.contains { $0.contains("areas of outlines") }, true, run.output)
    }

    func testAFolderThatIsThereIsLeftAloneUnlessToldOtherwise() throws {
        let samples = try TinyData.folder.get() + "/samples/voc", folder = try temporaryDirectory()
        let call = ["data", "convert", samples, "made", "--to", "yolo", "--images", "none"]
        XCTAssertEqual(try CommandRun.of(call, in: folder).status, 0)
        let again = try CommandRun.of(call, in: folder)
        XCTAssertEqual(again.status, 1)
        XCTAssertTrue(again.errors.contains("made: exists already; choose another folder"), again.errors)
        XCTAssertEqual(try CommandRun.of(call + ["--replace"], in: folder).status, 0)
    }

    func testAMistakeNamesFileLineAndFixAndLeavesNothing() throws {
        let samples = try TinyData.folder.get() + "/samples/coco", folder = try temporaryDirectory()
        XCTAssertEqual(
            try CommandRun.of(["data", "convert", samples, "yolo", "--to", "yolo"], in: folder).status, 0)
        let labels = folder + "/yolo/labels/val/"
        let name = try XCTUnwrap(try FileManager.default.contentsOfDirectory(atPath: labels).min())
        try Data("0 0.5 0.5 0.1\n".utf8).write(to: URL(fileURLWithPath: labels + name))
        let run = try CommandRun.of(["data", "convert", "yolo", "coco", "--to", "coco"], in: folder)
        XCTAssertEqual(run.status, 1)
        XCTAssertTrue(
            run.errors.contains("yolo/labels/val/\(name), line 1: it holds 4 numbers, and a box has five"), run.errors)
        XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder), ["yolo"])
    }

    func testSplitAndMerge() throws {
        let samples = try TinyData.folder.get() + "/samples/coco", folder = try temporaryDirectory()
        for name in ["one", "two"] {
            let run = try CommandRun.of(
                ["data", "split", samples, "--val", "0.25", "--test", "0.25", "--seed", "7", "--output", name],
                in: folder)
            XCTAssertEqual(run.status, 0, run.errors)
            for words in ["train: 6 images", "val: 3 images", "test: 3 images", "joined and divided anew"] {
                XCTAssertTrue(run.output.contains(words), run.output)
            }
        }
        let one = try filesBelow(folder + "/one"), two = try filesBelow(folder + "/two")
        XCTAssertEqual(one, two, "the same seed gives the same files")
        let merged = try CommandRun.of(
            ["data", "merge", "one", samples, "--to", "csv", "--output", "merged"], in: folder)
        XCTAssertEqual(merged.status, 0, merged.errors)
        XCTAssertTrue(merged.output.contains("train: 14 images"), merged.output)
        XCTAssertTrue(merged.output.contains("6 classes"), merged.output)
    }

    func testWrongCalls() throws {
        for (arguments, words) in [
            (["convert", "a", "b"], "--to"), (["convert", "a", "b", "--to", "tfrecord"], "tfrecord"),
            (["split", "a", "--output", "b", "--val", "1"], "together they must be below 1"),
            (["split", "a", "--output", "b", "--val", "nan"], "together they must be below 1"),
            (["merge", "a", "--output", "b"], "Name two sets or more"),
            (["stats", "a", "--anchors", "0"], "between 1 and 100"),
        ] {
            let run = try CommandRun.of(["data"] + arguments)
            XCTAssertEqual(run.status, 64, "\(arguments): \(run.errors)")
            XCTAssertTrue(run.errors.contains(words), run.errors)
        }
        let missing = try CommandRun.of(["data", "convert", "nowhere", "b", "--to", "coco"])
        XCTAssertEqual(missing.status, 1)
        XCTAssertTrue(missing.errors.contains("nowhere: there is no such file or folder"), missing.errors)
    }
}
