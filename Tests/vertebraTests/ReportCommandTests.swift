import Foundation
import TestSupport
import XCTest

/// `evaluate`, `report` and `detect` with their options, on one short training.
final class ReportCommandTests: XCTestCase {
    private static let run: Result<String, any Error> = Result {
        let folder = try TinyData.folder.get()
        let trained = try CommandRun.of(
            ["train", "tiny.yaml", "--output", "reported", "--set", "training.steps=2"], in: folder)
        guard trained.status == 0 else { throw TinyDataError(description: trained.errors) }
        return folder
    }

    private func json(_ path: String) throws -> [[String: Any]] {
        try XCTUnwrap(loadJSON(path) as? [[String: Any]])
    }

    func testReport() throws {
        let folder = try Self.run.get()
        let early = try CommandRun.of(["report", "reported"], in: folder)
        XCTAssertEqual(early.status, 1)
        XCTAssertTrue(early.errors.contains("measure first: vertebra evaluate reported"), early.errors)
        let evaluated = try CommandRun.of(
            ["evaluate", "reported", "--output", "measured", "--score-threshold", "0", "--top-k", "3"], in: folder)
        XCTAssertEqual(evaluated.status, 0, evaluated.errors)
        let counts = Dictionary(
            try json(folder + "/measured/detections.json").map { ($0["image_id"] as? Int ?? 0, 1) },
            uniquingKeysWith: +)
        XCTAssertEqual(Array(counts.values), [3, 3, 3, 3])

        let run = try CommandRun.of(
            ["report", "measured", "--output", "page.html", "--pictures", "1", "--threshold", "0"], in: folder)
        XCTAssertEqual(run.status, 0, run.errors)
        XCTAssertEqual(run.output, "page.html\n")
        let page = try String(contentsOfFile: folder + "/page.html", encoding: .utf8)
        XCTAssertTrue(page.contains("<title>measured</title>"))
        XCTAssertTrue(page.contains("data:image/jpeg;base64,"))
        for wrong in [["--pictures", "-1"], ["--threshold", "2"]] {
            XCTAssertEqual(try CommandRun.of(["report", "measured"] + wrong, in: folder).status, 64)
        }
    }

    func testDetectionsInCOCOsForm() throws {
        let folder = try Self.run.get()
        let images = folder + "/samples/coco/images"
        let annotations = folder + "/samples/coco/annotations/instances_val.json"
        let numbered = folder + "/numbered.json"
        let run = try CommandRun.of([
            "detect", images, "--checkpoint", folder + "/reported", "--threshold", "0", "--results", numbered, "--nms",
            "gaussian", "--flip", "--top-k", "2",
        ])
        XCTAssertEqual(run.status, 0, run.errors)
        let records = try json(numbered)
        XCTAssertEqual(Set(records.compactMap { $0["image_id"] as? Int }), Set(1...12))
        XCTAssertEqual(records.count, 24)
        XCTAssertTrue((records[0]["file_name"] as? String)?.hasPrefix(images) ?? false, "\(records[0])")
        XCTAssertTrue(records.allSatisfy { $0["category_name"] is String }, "\(records[0])")

        // The ids of the annotations, so that the results can be scored; their images alone are detected on.
        let names = try XCTUnwrap(
            (loadJSON(annotations) as? [String: Any])?["images"] as? [[String: Any]]
        ).compactMap { $0["file_name"] as? String }
        let known = folder + "/known.json"
        let arguments = ["--checkpoint", folder + "/reported", "--threshold", "0", "--results", known]
        let other = try CommandRun.of(
            ["detect"] + names.map { "\(images)/\($0)" } + arguments + ["--annotations", annotations])
        XCTAssertEqual(other.status, 0, other.errors)
        let scored = try CommandRun.of(["score", "coco", "--annotations", annotations, "--results", known])
        XCTAssertEqual(scored.status, 0, scored.errors)
        let strange = try CommandRun.of(["detect", images] + arguments + ["--annotations", annotations])
        XCTAssertEqual(strange.status, 1)
        XCTAssertTrue(strange.errors.contains("none of its images is called"), strange.errors)
        let copy = try temporaryDirectory() + "/" + names[0]
        try FileManager.default.copyItem(atPath: "\(images)/\(names[0])", toPath: copy)
        let twice = try CommandRun.of(
            ["detect", "\(images)/\(names[0])", copy] + arguments + ["--annotations", annotations])
        XCTAssertEqual(twice.status, 1)
        XCTAssertTrue(twice.errors.contains("are the same image in it"), twice.errors)
    }

    func testWrongOptions() throws {
        for options in [
            ["--top-k", "0"], ["--nms", "softly"], ["--nms-threshold", "2"], ["--nms-sigma", "0"],
            ["--score-threshold", "-1"], ["--annotations", "a.json"],
        ] {
            let run = try CommandRun.of(["detect", "x.jpg", "--checkpoint", "c"] + options)
            XCTAssertEqual(run.status, 64, "\(options): \(run.errors)")
        }
    }
}
