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

    /// Names of another machine and a root category, as a check and a training of the same keys take them.
    func testNamesOfAnotherMachine() throws {
        let folder = try TinyData.folder.get()
        let text = try String(
            contentsOfFile: folder + "/samples/coco/annotations/instances_train.json", encoding: .utf8)
        var annotations = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let images = try XCTUnwrap(annotations["images"] as? [[String: Any]]).map { image in
            image.merging(["file_name": #"C:\data\"# + ("\(image["file_name"] ?? "")" as NSString).lastPathComponent]) {
                $1
            }
        }
        let categories = try XCTUnwrap(annotations["categories"] as? [[String: Any]]).map {
            $0.merging(["supercategory": "shapes"]) { $1 }
        }
        annotations["images"] = images
        annotations["categories"] = [["id": 0, "name": "shapes", "supercategory": "none"]] + categories
        let path = folder + "/windows.json"
        try JSONSerialization.data(withJSONObject: annotations).write(to: URL(fileURLWithPath: path))
        let coco = ["--coco", path, "--images", folder + "/samples/coco/images"]

        let lost = try CommandRun.of(["data", "check"] + coco)
        XCTAssertEqual(lost.status, 1, lost.output)
        XCTAssertTrue(lost.output.contains("8 of the 8 pictures that are not found would be with"), lost.output)
        let rules = ["--path-backslashes", "--path-prefix", "C:/data/="]
        XCTAssertTrue(lost.output.contains("(--path-backslashes --path-prefix 'C:/data/=')"), lost.output)
        let found = try CommandRun.of(["data", "check"] + coco + rules)
        XCTAssertEqual(found.status, 0, found.output + found.errors)
        XCTAssertTrue(found.output.contains("8 of 8 file names were changed as told, such as"), found.output)
        XCTAssertTrue(found.output.contains("category 0 (shapes) is left out"), found.output)

        let settings = [
            "tiny.yaml", "--set", "data.train.annotations=\(path)", "--set", "data.path_backslashes=true", "--set",
            "data.path_prefix={from: 'C:/data/'}",
        ]
        let recipe = try CommandRun.of(["data", "check"] + settings, in: folder)
        XCTAssertEqual(recipe.status, 0, recipe.output + recipe.errors)
        XCTAssertTrue(recipe.output.contains("8 of 8 file names were changed as told"), recipe.output)
        let trained = try CommandRun.of(
            ["train"] + settings + ["--set", "training.steps=1", "--output", "windows"], in: folder)
        XCTAssertEqual(trained.status, 0, trained.errors)
        for says in ["8 of 8 file names were changed as told", "category 0 (shapes) is left out: it has no object"] {
            XCTAssertEqual(trained.errors.components(separatedBy: says).count, 2, "once: \(trained.errors)")
        }

        for (arguments, says) in [
            (coco + ["--path-prefix", "C:"], "--path-prefix is C:; write FROM=TO"),
            (["tiny.yaml"] + rules, "in a recipe they are data.path_prefix"),
        ] {
            let wrong = try CommandRun.of(["data", "check"] + arguments, in: folder)
            XCTAssertEqual(wrong.status, 64, wrong.errors)
            XCTAssertTrue(wrong.errors.contains(says), wrong.errors)
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
