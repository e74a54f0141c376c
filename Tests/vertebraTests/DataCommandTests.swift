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

    /// What can be decoded is told from what can't, with the key that decides; `show` obeys it as well.
    func testDamagedPicturesAreToldFromUnreadableOnes() throws {
        let made = try TinyData.folder.get(), folder = try temporaryDirectory()
        try FileManager.default.copyItem(atPath: made + "/samples", toPath: folder + "/samples")
        try FileManager.default.copyItem(atPath: made + "/tiny.yaml", toPath: folder + "/tiny.yaml")
        let name = "shapes_000001.jpg"
        let path = "\(folder)/samples/coco/images/\(name)"
        let bytes = try XCTUnwrap(FileManager.default.contents(atPath: path))
        try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: path))
        let check = ["data", "check", "tiny.yaml"]
        let refused = try CommandRun.of(check, in: folder)
        XCTAssertEqual(refused.status, 1, refused.output)
        for words in [
            "warning: pictures that are damaged, but can be decoded (1)", name, "it is truncated: ",
            "data.damaged_images: accept",
        ] { XCTAssertTrue(refused.output.contains(words), refused.output) }
        for more in [["--damaged-images", "accept"], ["--set", "data.damaged_images=accept"]] {
            let accepted = try CommandRun.of(check + more, in: folder)
            XCTAssertEqual(accepted.status, 0, accepted.output)
            XCTAssertTrue(accepted.output.contains("none of them stops training"), accepted.output)
        }
        let voc = try CommandRun.of(
            [
                "data", "check", "--coco", "samples/coco/annotations/instances_train.json", "--images",
                "samples/coco/images", "--damaged-images", "accept",
            ], in: folder)
        XCTAssertEqual(voc.status, 0, voc.output)

        let show = ["data", "show", "tiny.yaml", "--count", "8", "--output", "shown"]
        let stopped = try CommandRun.of(show, in: folder)
        XCTAssertEqual(stopped.status, 1)
        XCTAssertTrue(stopped.errors.contains("\(name) is truncated: "), stopped.errors)
        XCTAssertTrue(stopped.errors.contains("--damaged-images accept."), stopped.errors)
        let shown = try CommandRun.of(show + ["--damaged-images", "accept"], in: folder)
        XCTAssertEqual(shown.status, 0, shown.errors)
        XCTAssertTrue(shown.errors.contains("1 damaged image was accepted:\n"), shown.errors)

        try bytes.prefix(200).write(to: URL(fileURLWithPath: path))
        let unreadable = try CommandRun.of(check + ["--damaged-images", "accept"], in: folder)
        XCTAssertEqual(unreadable.status, 1, unreadable.output)
        XCTAssertTrue(unreadable.output.contains("error: pictures that can't be decoded (1)"), unreadable.output)
    }
}
