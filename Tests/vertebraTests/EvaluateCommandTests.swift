import Foundation
import TestSupport
import XCTest

/// `evaluate`, by one short training.
final class EvaluateCommandTests: XCTestCase {
    private static let run: Result<String, any Error> = Result {
        let folder = try TinyData.folder.get()
        let trained = try CommandRun.of(
            ["train", "tiny.yaml", "--output", "evaluated", "--set", "training.steps=2"], in: folder)
        guard trained.status == 0 else { throw TinyDataError(description: trained.errors) }
        return folder
    }

    private func json(_ path: String) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path)))
    }

    func testTheNumbersOfARunAreKeptAndPrinted() throws {
        let folder = try Self.run.get(), output = try temporaryDirectory()
        let printed = try CommandRun.of(
            ["evaluate", "evaluated", "--output", output, "--results", output + "/again.json", "--json"], in: folder)
        XCTAssertEqual(printed.status, 0, printed.errors)
        let kept = try XCTUnwrap(json(output + "/metrics.json") as? [String: Any])
        let shown = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(printed.output.utf8)) as? [String: Any])
        XCTAssertEqual(kept["images"] as? Int, 4)
        XCTAssertEqual(NSDictionary(dictionary: kept), NSDictionary(dictionary: shown))
        let detections = try XCTUnwrap(json(output + "/detections.json") as? [[String: Any]])
        XCTAssertFalse(detections.isEmpty)
        XCTAssertTrue(detections.allSatisfy { $0["file_name"] is String && $0["category_name"] is String })
        for scoring in [
            ["voc", "--folder", folder + "/samples/voc", "--split", "val", "--results", output + "/detections.json"],
            [
                "coco", "--annotations", folder + "/samples/coco/annotations/instances_val.json", "--results",
                output + "/detections.json",
            ],
        ] {
            let scored = try CommandRun.of(["score"] + scoring + ["--json"])
            XCTAssertEqual(scored.status, 0, scored.errors)
            let numbers = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(scored.output.utf8)) as? [String: Any])
            if scoring[0] == "coco" {
                let own = try XCTUnwrap(kept["coco"] as? [String: Any])
                XCTAssertEqual(NSDictionary(dictionary: numbers), NSDictionary(dictionary: own))
            } else {
                XCTAssertNotNil(numbers["meanAP"] as? Double)
            }
        }
        XCTAssertEqual(
            try Data(contentsOf: URL(fileURLWithPath: output + "/again.json")),
            try Data(contentsOf: URL(fileURLWithPath: output + "/detections.json")))

        let table = try CommandRun.of(["evaluate", "evaluated/last.safetensors", "--output", output], in: folder)
        XCTAssertEqual(table.status, 0, table.errors)
        XCTAssertTrue(table.output.contains("Average Precision  (AP) @[ IoU=0.50:0.95"), table.output)
        XCTAssertTrue(table.output.contains("VOC mean average precision (11-point, IoU ≥ 0.5)"), table.output)
    }

    func testDataThatMovedAreNamed() throws {
        let folder = try Self.run.get(), output = try temporaryDirectory()
        let gone = try CommandRun.of(
            ["evaluate", "evaluated", "--data", output + "/none", "--output", output], in: folder)
        XCTAssertEqual(gone.status, 2)
        XCTAssertTrue(gone.errors.contains("there is no folder \(output)/none"), gone.errors)
        XCTAssertFalse(FileManager.default.fileExists(atPath: output + "/metrics.json"))
        let moved = try CommandRun.of(
            ["evaluate", "evaluated", "--data", folder + "/samples", "--output", output], in: folder)
        XCTAssertEqual(moved.status, 0, moved.errors)
    }

    /// A classifier of folders, after one step on crops of 32 pixels.
    private static let classifier: Result<String, any Error> = Result {
        let folder = try TinyData.folder.get(), files = FileManager.default
        let pictures = try files.contentsOfDirectory(atPath: folder + "/samples/coco/images").sorted()
        guard pictures.count >= 8 else { throw TinyDataError(description: "there are \(pictures.count) pictures") }
        for (i, picture) in pictures.prefix(8).enumerated() {
            let place = "\(folder)/classes/\(i < 4 ? "train" : "val")/\(i % 2 == 0 ? "even" : "odd")"
            try files.createDirectory(atPath: place, withIntermediateDirectories: true)
            try files.copyItem(atPath: "\(folder)/samples/coco/images/\(picture)", toPath: "\(place)/\(picture)")
        }
        try Data(
            """
            task: classification
            model: {backbone: cifar_resnet26_0.25}
            data: {root: classes, format: folder}
            input: {side: 32}
            training: {batch: 4, steps: 1, schedule: constant}
            """.utf8
        ).write(to: URL(fileURLWithPath: folder + "/classes.yaml"))
        let trained = try CommandRun.of(["train", "classes.yaml", "--output", "classified"], in: folder)
        guard trained.status == 0 else { throw TinyDataError(description: trained.errors) }
        return folder
    }

    /// A larger crop is the middle of an image whose shorter side is scaled to it, unless a setting scales otherwise.
    func testAClassifierLooksAtLargerCrops() throws {
        let folder = try Self.classifier.get(), output = try temporaryDirectory()
        func loss(_ arguments: String...) throws -> Double {
            let run = try CommandRun.of(
                ["evaluate", "classified", "--json", "--output", output] + arguments, in: folder)
            XCTAssertEqual(run.status, 0, run.errors)
            let scores = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
            XCTAssertEqual(scores?["images"] as? Int, 4)
            return try XCTUnwrap(scores?["loss"] as? Double)
        }
        let cropped = try loss("--crop", "48")
        XCTAssertEqual(cropped, try loss("--set", "input.side=48", "--set", "input.shorter_side=48"))
        XCTAssertNotEqual(cropped, try loss())
        let scaled = try loss("--crop", "48", "--set", "input.shorter_side=60")
        XCTAssertEqual(scaled, try loss("--set", "input.side=48", "--set", "input.shorter_side=60"))
        XCTAssertNotEqual(scaled, cropped)
    }

    func testOnlyClassifiersOfWholeImagesAreCropped() throws {
        let folder = try Self.run.get()
        let detector = try CommandRun.of(["evaluate", "evaluated", "--crop", "320"], in: folder)
        XCTAssertEqual(detector.status, 1)
        XCTAssertTrue(
            detector.errors.contains("this is a detector, which takes whole images; --crop is for classifiers"),
            detector.errors)
        _ = try Self.classifier.get()
        for (format, words) in [
            ("cifar100", "CIFAR's images of 32×32 pixels, which can't be cropped larger"),
            ("kinetics", "takes clips; --set input.shorter_side=… changes the size of their crops"),
        ] {
            let run = try CommandRun.of(
                ["evaluate", "classified", "--crop", "320", "--set", "data.format=\(format)"], in: folder)
            XCTAssertEqual(run.status, 1, run.errors)
            XCTAssertTrue(run.errors.contains(words), run.errors)
        }
    }

    func testWrongCallsAreRefusedBeforeTheWork() throws {
        let folder = try Self.run.get()
        for (arguments, words) in [
            (["--pictures=-1"], "--pictures is -1; it must not be below 0."),
            (["--threshold", "1.5"], "--threshold is 1.5; it must be in 0…1."),
            (["--crop", "0"], "--crop is 0; it must be 1 to 4096 pixels."),
            (["--crop", "4097"], "--crop is 4097; it must be 1 to 4096 pixels."),
        ] {
            let run = try CommandRun.of(["evaluate", "evaluated"] + arguments, in: folder)
            XCTAssertEqual(run.status, 64, "\(arguments)")
            XCTAssertTrue(run.errors.contains(words), run.errors)
        }
    }

    /// `--precision` is what the recipe would say. Whether numbers move depends on whether this CPU multiplies the type.
    func testPrecision() throws {
        let folder = try Self.run.get(), output = try temporaryDirectory()
        func evaluated(_ precision: String?) throws -> CommandRun {
            try CommandRun.of(
                ["evaluate", "evaluated", "--output", output, "--json"]
                    + (precision.map { ["--precision", $0] } ?? []),
                in: folder)
        }
        func detections(_ precision: String?) throws -> Data {
            XCTAssertEqual(try evaluated(precision).status, 0)
            return try Data(contentsOf: URL(fileURLWithPath: output + "/detections.json"))
        }
        XCTAssertTrue(try detections("float32") == detections(nil))
        for precision in ["bfloat16", "float16"] {
            let run = try evaluated(precision)
            XCTAssertEqual(run.status, 0, run.errors)
            XCTAssertTrue(run.output.contains("\"coco\""), run.output)
        }
        let picture = try XCTUnwrap(
            FileManager.default.contentsOfDirectory(atPath: folder + "/samples/coco/images").sorted().first)
        let detected = try CommandRun.of(
            ["detect", "samples/coco/images/" + picture, "--checkpoint", "evaluated", "--precision", "float16"],
            in: folder)
        XCTAssertEqual(detected.status, 0, detected.errors)
        let wrong = try evaluated("float8")
        XCTAssertEqual(wrong.status, 64)
        XCTAssertTrue(wrong.errors.contains("'float8'") && wrong.errors.contains("bfloat16"), wrong.errors)
    }
}
