import Annotations
import Foundation
import TestSupport
import XCTest

/// `score voc` and `score errors` on files of the sample set.
final class ScoreCommandTests: XCTestCase {
    private func score(_ arguments: [String]) throws -> CommandRun {
        try CommandRun.of(arguments, command: "vertebra-score")
    }

    /// The annotated boxes of the sample set's validation images as detections.
    private func perfectResults(of truth: DetectionAnnotations) -> DetectionResults {
        var results = DetectionResults()
        for i in 0..<truth.imageCount {
            for j in truth.objects(i) {
                let object = truth.object(j)
                results.append(
                    imageID: truth.imageID(i), categoryID: truth.categoryIDs[object.label - 1], x: object.x,
                    y: object.y,
                    width: object.width, height: object.height, score: 0.5)
            }
        }
        return results
    }

    func testVOC() throws {
        let voc = try TinyData.folder.get() + "/samples/voc"
        let truth = try VOCFolder(path: voc).read(split: "val")
        let folder = try temporaryDirectory()
        try VOCFolder.writeResults(
            perfectResults(of: truth), folder: folder, prefix: "comp4_det_val_", groundTruth: truth)
        let arguments = ["voc", "--folder", voc, "--split", "val", "--results", folder, "--prefix", "comp4_det_val_"]
        let table = try score(arguments)
        XCTAssertEqual(table.status, 0, table.errors)
        XCTAssertTrue(
            table.output.contains(" Mean average precision (all-point, IoU ≥ 0.5) = 1.000\n"), table.output)
        let json = try score(arguments + ["--eleven-point", "--json"])
        let values = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        XCTAssertEqual(values["meanAP"] as? Double, 1)
        XCTAssertEqual(values["method"] as? String, "elevenPoint")

        for (change, message) in [
            (["--split", "vall"], "vall.txt: there is no such split. The folder has "),
            (["--split", "train"], "is not in \(voc)/ImageSets/Main/train.txt. Score against the split"),
            (["--prefix", ""], "holds detections of \"comp4_det_val_"),
            (["--results", folder + "/none"], "\(folder)/none: it can't be read"),
            (["--classes", "unicorn"], "is not one of unicorn"),
        ] {
            let run = try score(arguments + change)
            XCTAssertEqual(run.status, 1, "\(change)")
            XCTAssertTrue(run.errors.contains(message), "\(change): \(run.errors)")
        }
    }

    func testErrors() throws {
        let annotations = try TinyData.folder.get() + "/samples/coco/annotations/instances_val.json"
        let results = try temporaryDirectory() + "/results.json"
        try COCO.writeResults(perfectResults(of: COCO.readInstances(annotations)), to: results)
        let arguments = ["errors", "--annotations", annotations, "--results", results]
        let table = try score(arguments)
        XCTAssertEqual(table.status, 0, table.errors)
        XCTAssertTrue(table.output.hasPrefix(" AP at IoU ≥ 0.5 = 1.000; below IoU 0.1 is background"), table.output)
        let json = try score(arguments + ["--json"])
        let values = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        XCTAssertEqual((values["costs"] as? [[String: Any]])?.count, 6)
        XCTAssertEqual(values["falsePositives"] as? Int, 0)
    }
}
