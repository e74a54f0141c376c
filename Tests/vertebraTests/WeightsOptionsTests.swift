import Foundation
import Media
import TestSupport
import XCTest

/// Weights alone, in the commands that use a model.
final class WeightsOptionsTests: XCTestCase {
    /// The settings of `TinyData.recipe` that weights don't tell.
    private let settings = [
        "model.faster_rcnn.anchor_sizes=[[16], [32], [64], [96], [128]]", "model.faster_rcnn.rpn_pre_nms_top_n_test=50",
        "model.faster_rcnn.rpn_post_nms_top_n_test=50", "input.shorter_side=64", "input.longer_side=128",
        "input.scaled_by=loader",
    ].flatMap { ["--set", $0] }

    /// A run's weights without its recipe measure as the run does.
    func testADetectorsWeights() throws {
        let folder = try TinyData.folder.get()
        func run(_ arguments: [String]) throws -> CommandRun { try CommandRun.of(arguments, in: folder) }
        let trained = try run(
            [
                "train", "tiny.yaml", "--output", "bare", "--set", "model.backbone=resnet18", "--set",
                "training.steps=2",
            ])
        XCTAssertEqual(trained.status, 0, trained.errors)
        XCTAssertEqual(try run(["convert", "bare", "bare.pth", "--replace"]).status, 0)
        let json = folder + "/samples/coco/annotations/instances_val.json"
        let categories = (try loadJSON(json) as? [String: Any])?["categories"] as? [[String: Any]] ?? []
        let names = categories.sorted { ($0["id"] as? Int ?? 0) < ($1["id"] as? Int ?? 0) }.compactMap {
            $0["name"] as? String
        }
        try names.joined(separator: "\n").write(toFile: folder + "/names.txt", atomically: true, encoding: .utf8)

        let own = try run(["evaluate", "bare", "--json", "--score-threshold", "0"])
        XCTAssertEqual(own.status, 0, own.errors)
        let bare = try run(
            [
                "evaluate", "bare.pth", "--data", json, "--images", "samples/coco/images", "--classes", "names.txt",
                "--json",
                "--score-threshold", "0",
            ] + settings)
        XCTAssertEqual(bare.status, 0, bare.errors)
        XCTAssertTrue(
            bare.errors.hasPrefix(
                "bare.pth: taken as Faster R-CNN FPN on resnet18, norms with ε 1e-5, \(names.count) classes, named by names.txt\n"
            ),
            bare.errors)
        XCTAssertTrue(bare.errors.contains("written to runs/bare/metrics.json"), bare.errors)
        func coco(_ run: CommandRun) throws -> NSDictionary {
            let all = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
            return try XCTUnwrap(all?["coco"] as? NSDictionary)
        }
        XCTAssertEqual(try coco(bare), try coco(own))
        XCTAssertEqual(try run(["report", "runs/bare"]).status, 0)
        // The run itself, on data that are named.
        let named = try run(
            ["evaluate", "bare", "--data", json, "--images", "samples/coco/images", "--json", "--score-threshold", "0"])
        XCTAssertEqual(try coco(named), try coco(own), named.errors)

        let images = try run(
            [
                "detect", "samples/coco/images", "--checkpoint", "bare.pth", "--classes", "names.txt", "--threshold",
                "0.01",
            ]
                + settings)
        let runs = try run(["detect", "samples/coco/images", "--checkpoint", "bare", "--threshold", "0.01"])
        XCTAssertEqual(images.status, 0, images.errors)
        XCTAssertEqual(images.output, runs.output)
    }

    func testWrongCalls() throws {
        let folder = try TinyData.folder.get()
        func run(_ arguments: String...) throws -> CommandRun { try CommandRun.of(arguments, in: folder) }
        _ = try run(
            "train", "tiny.yaml", "--output", "wrong", "--set", "model.backbone=resnet18", "--set", "training.steps=1")
        _ = try run("convert", "wrong", "wrong.pth", "--replace")
        let aimless = try run("evaluate", "wrong.pth")
        XCTAssertEqual(aimless.status, 64)
        XCTAssertTrue(aimless.errors.contains("--data FILE.json --images DIR"), aimless.errors)
        let nameless = try run(
            "evaluate", "wrong.pth", "--data", "samples/coco/annotations/instances_val.json", "--images",
            "samples/coco/images")
        XCTAssertEqual(nameless.status, 1)
        XCTAssertTrue(nameless.errors.contains("classes without names"), nameless.errors)
        let images = try run("evaluate", "wrong", "--images", "samples")
        XCTAssertEqual(images.status, 64, images.errors)
        for (option, value) in [("--model", "resnet18"), ("--classes", "coco")] {
            let twice = try run("evaluate", "wrong", option, value)
            XCTAssertEqual(twice.status, 1)
            XCTAssertTrue(twice.errors.contains("\(option) \(value): is for weights alone"), twice.errors)
        }
        let classes = try run("detect", "samples/coco/images", "--checkpoint", "wrong.pth", "--classes", "coco")
        XCTAssertEqual(classes.status, 1)
        XCTAssertTrue(classes.errors.contains("--classes coco: has 80 or 90 names"), classes.errors)
        let explained = try run("explain", "samples/coco/images", "--checkpoint", "wrong.pth")
        XCTAssertTrue(
            explained.errors.contains("this is a detector, and Grad-CAM needs a classifier"), explained.errors)
        let recognized = try run("recognize", "clip.mp4", "--checkpoint", "wrong.pth")
        XCTAssertEqual(recognized.status, 1)
    }

    /// A classifier's weights, explained and measured on folders of pictures.
    func testAClassifiersWeights() throws {
        let folder = try temporaryDirectory()
        for (part, name) in ["train", "val"].flatMap({ part in ["cat", "dog"].map { (part, $0) } }) {
            let place = "\(folder)/\(part)/\(name)"
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            for i in 0..<2 {
                try ImageFile.writePNG(
                    ByteImage(width: 70, height: 60, filledWith: UInt8(name == "cat" ? 60 + i : 160 + i)),
                    to: "\(place)/\(i).png")
            }
        }
        try """
        task: classification
        model: {backbone: resnet18}
        data: {format: folder}
        training: {epochs: 1, batch: 2, learning_rate: 0.001}
        """.write(toFile: folder + "/tiny.yaml", atomically: true, encoding: .utf8)
        func run(_ arguments: String...) throws -> CommandRun { try CommandRun.of(arguments, in: folder) }
        let trained = try run("train", "tiny.yaml", "--output", "run", "--set", "input.side=64")
        XCTAssertEqual(trained.status, 0, trained.errors)
        XCTAssertEqual(try run("convert", "run", "bare.pth").status, 0)
        try FileManager.default.moveItem(atPath: folder + "/bare.pth", toPath: folder + "/bare.ckpt")

        func scores(_ run: CommandRun) throws -> [String: Any] {
            XCTAssertEqual(run.status, 0, run.errors)
            return try XCTUnwrap(JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        }
        let bare = try run("evaluate", "bare.ckpt", "--data", ".", "--json", "--set", "input.side=64")
        let measured = try scores(bare), own = try scores(run("evaluate", "run", "--json"))
        XCTAssertEqual(measured["top1"] as? Double, own["top1"] as? Double)
        XCTAssertEqual(measured["loss"] as? Double ?? 0, own["loss"] as? Double ?? 1, accuracy: 1e-6)
        XCTAssertTrue(bare.errors.contains("taken as resnet18, 2 classes, named by the folders, in order"), bare.errors)
        let flat = try run("evaluate", "bare.ckpt", "--data", "val", "--json", "--set", "input.side=64")
        XCTAssertEqual(try scores(flat)["loss"] as? Double ?? 0, own["loss"] as? Double ?? 1, accuracy: 1e-6)

        let explained = try run(
            "explain", "val/cat/0.png", "--checkpoint", "bare.ckpt", "--model", "resnet18", "--class", "1")
        XCTAssertEqual(explained.status, 0, explained.errors)
        XCTAssertTrue(explained.output.contains("\"class 1\""), explained.output)
        XCTAssertTrue(explained.errors.contains("bare.ckpt: taken as resnet18"), explained.errors)
    }
}
