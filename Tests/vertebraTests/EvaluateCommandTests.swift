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
        XCTAssertEqual(gone.status, 1)
        XCTAssertTrue(gone.errors.contains("there is no folder \(output)/none"), gone.errors)
        XCTAssertFalse(FileManager.default.fileExists(atPath: output + "/metrics.json"))
        let moved = try CommandRun.of(
            ["evaluate", "evaluated", "--data", folder + "/samples", "--output", output], in: folder)
        XCTAssertEqual(moved.status, 0, moved.errors)
    }

    func testWrongCallsAreRefusedBeforeTheWork() throws {
        let folder = try Self.run.get()
        for (arguments, words) in [
            (["--pictures=-1"], "--pictures is -1; it must not be below 0."),
            (["--threshold", "1.5"], "--threshold is 1.5; it must be in 0…1."),
        ] {
            let run = try CommandRun.of(["evaluate", "evaluated"] + arguments, in: folder)
            XCTAssertEqual(run.status, 64, "\(arguments)")
            XCTAssertTrue(run.errors.contains(words), run.errors)
        }
    }
}
