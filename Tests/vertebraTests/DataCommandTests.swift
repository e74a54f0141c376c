import Foundation
import XCTest

final class DataCommandTests: XCTestCase {
    func testASoundSetPassesTheCheck() throws {
        let folder = try TinyData.folder.get()
        let run = try CommandRun.of(["data", "check", "tiny.yaml"], in: folder)
        XCTAssertEqual(run.status, 0, run.output + run.errors)
        XCTAssertTrue(run.output.contains("instances_train.json"), run.output)
        XCTAssertTrue(run.output.contains("instances_val.json"), run.output)
        let voc = try CommandRun.of(["data", "check", "--voc", folder + "/samples/voc", "--json"])
        XCTAssertEqual(voc.status, 0, voc.output + voc.errors)
        let reports = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(voc.output.utf8)) as? [[String: Any]])
        XCTAssertEqual(reports.map { $0["imageCount"] as? Int }, [12])
        XCTAssertEqual(reports.map { ($0["findings"] as? [Any])?.count }, [0])
    }

    func testABrokenSetFailsTheCheck() throws {
        let folder = try TinyData.folder.get()
        let path = folder + "/samples/coco/annotations/instances_train.json"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        var annotations = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        var images = try XCTUnwrap(annotations["images"] as? [[String: Any]])
        images[0]["file_name"] = "lost.jpg"
        annotations["images"] = images
        let broken = folder + "/broken-instances.json"
        try JSONSerialization.data(withJSONObject: annotations).write(to: URL(fileURLWithPath: broken))
        let run = try CommandRun.of(["data", "check", "--coco", broken, "--images", folder + "/samples/coco/images"])
        XCTAssertEqual(run.status, 1, run.output)
        XCTAssertTrue(run.output.contains("lost.jpg"), run.output)
    }

    /// What training refuses the check must find.
    func testClassesAndEmptySetsFailTheCheck() throws {
        let folder = try TinyData.folder.get()
        let path = folder + "/samples/coco/annotations/instances_val.json"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let none = #"{"images": [], "annotations": [], "categories": [{"id": 1, "name": "disc"}]}"#
        for (changed, says) in [
            (text.replacingOccurrences(of: "\"star\"", with: "\"sun\""), "it lacks star, and it has sun"),
            (none, "\"images\" is empty"),
        ] {
            try Data(changed.utf8).write(to: URL(fileURLWithPath: folder + "/changed.json"))
            let arguments = ["tiny.yaml", "--set", "data.val.annotations=\(folder)/changed.json"]
            let check = try CommandRun.of(["data", "check"] + arguments, in: folder)
            XCTAssertEqual(check.status, 1, check.output)
            XCTAssertTrue(check.output.contains(says), check.output)
            let training = try CommandRun.of(["train"] + arguments + ["--output", "changed"], in: folder)
            XCTAssertEqual(training.status, 1, training.output)
        }
    }

    func testShowDrawsPictures() throws {
        let folder = try TinyData.folder.get()
        let run = try CommandRun.of(
            ["data", "show", "tiny.yaml", "--count", "2", "--training", "--output", "shown"], in: folder)
        XCTAssertEqual(run.status, 0, run.errors)
        for part in ["train", "val"] {
            let files = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/shown/\(part)")
            XCTAssertEqual(files.count, 3, "two pictures and an overview")
            XCTAssertTrue(files.contains("overview.jpg"))
        }
        let plain = try CommandRun.of(
            ["data", "show", "tiny.yaml", "--count", "2", "--output", "plain"], in: folder)
        XCTAssertEqual(plain.status, 0, plain.errors)
        func overview(_ shown: String) throws -> Data {
            try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(shown)/train/overview.jpg"))
        }
        XCTAssertNotEqual(try overview("shown"), try overview("plain"), "training scales to 64 pixels")
    }

    func testMinivalNamesTheFileThatIsMissing() throws {
        let folder = try TinyData.folder.get()
        let run = try CommandRun.of(["data", "minival", folder])
        XCTAssertEqual(run.status, 1)
        XCTAssertTrue(
            run.errors.contains("annotations/instances_train2014.json: there is no such file. Unpack COCO's"),
            run.errors)
    }
}
