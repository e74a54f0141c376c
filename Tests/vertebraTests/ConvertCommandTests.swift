import Foundation
import XCTest

final class ConvertCommandTests: XCTestCase {
    func testWeightsGoBothWays() throws {
        let folder = try TinyData.folder.get()
        let trained = try CommandRun.of(
            ["train", "tiny.yaml", "--output", "convert", "--set", "training.steps=1"], in: folder)
        XCTAssertEqual(trained.status, 0, trained.errors)
        func convert(_ arguments: String...) throws -> CommandRun {
            try CommandRun.of(["convert"] + arguments, in: folder)
        }
        // From the run's folder, from the checkpoint in it, and by way of PyTorch's form: the same weights.
        for (input, output) in [
            ("convert", "weights.safetensors"), ("convert/best.safetensors", "weights.pth.tar"),
            ("weights.pth.tar", "back.safetensors"), ("weights.safetensors", "again.pt"),
            ("again.pt", "third.safetensors"),
        ] {
            let run = try convert(input, output, "--bare")
            XCTAssertEqual(run.status, 0, run.errors)
            XCTAssertTrue(run.output.hasPrefix("\(output): "), run.output)
        }
        func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")) }
        XCTAssertEqual(try bytes("back.safetensors"), try bytes("weights.safetensors"))
        XCTAssertEqual(try bytes("third.safetensors"), try bytes("weights.safetensors"))

        let again = try convert("again.pt", "weights.safetensors")
        XCTAssertEqual(again.status, 1)
        XCTAssertTrue(again.errors.contains("weights.safetensors: the file exists already"), again.errors)
        XCTAssertEqual(try convert("again.pt", "weights.safetensors", "--replace").status, 0)

        // And a new training starts from them, told so.
        let started = try CommandRun.of(
            [
                "train", "tiny.yaml", "--output", "started", "--set", "training.steps=1", "--set",
                "model.weights=weights.pth.tar",
            ], in: folder)
        XCTAssertEqual(started.status, 0, started.errors)
        XCTAssertTrue(started.errors.contains("weights.pth.tar: "), started.errors)
        XCTAssertTrue(started.errors.contains("tensors of the detector start from it"), started.errors)
    }

    /// What a run says of itself goes with its weights, so that they are a model without their run.
    func testAModelKeepsItsWords() throws {
        let folder = try TinyData.folder.get()
        let trained = try CommandRun.of(
            ["train", "tiny.yaml", "--output", "worded", "--set", "training.steps=1"], in: folder)
        XCTAssertEqual(trained.status, 0, trained.errors)
        func run(_ arguments: String...) throws -> CommandRun { try CommandRun.of(arguments, in: folder) }
        XCTAssertEqual(try run("convert", "worded", "worded.safetensors").status, 0)
        let boxes = try run(
            "detect", "samples/coco/images", "--checkpoint", "worded.safetensors", "--threshold", "0.01")
        XCTAssertEqual(boxes.status, 0, boxes.errors)
        let own = try run("detect", "samples/coco/images", "--checkpoint", "worded", "--threshold", "0.01")
        XCTAssertEqual(boxes.output, own.output)
        let text = try String(
            decoding: Data(contentsOf: URL(fileURLWithPath: folder + "/worded.safetensors")).prefix(100_000),
            as: UTF8.self)
        XCTAssertFalse(text.contains(folder), "folders of this machine stay here")

        // Training can't go on from it, and a form without words says so.
        let resumed = try run(
            "train", "tiny.yaml", "--output", "resumed", "--resume-from", "worded.safetensors", "--accept-changes")
        XCTAssertEqual(resumed.status, 1)
        XCTAssertTrue(resumed.errors.contains("start a new one from it with model.weights"), resumed.errors)
        let plain = try run("convert", "worded", "worded.pth")
        XCTAssertTrue(plain.errors.contains("no place for the recipe and the classes"), plain.errors)
        XCTAssertFalse(try run("convert", "worded", "bare.pth", "--bare").errors.contains("no place"))
    }

    func testAFolderForAHub() throws {
        let folder = try TinyData.folder.get()
        let trained = try CommandRun.of(
            ["train", "tiny.yaml", "--output", "hubbed", "--set", "training.steps=1", "--set", "model.license=MIT"],
            in: folder)
        XCTAssertEqual(trained.status, 0, trained.errors)
        let measured = try CommandRun.of(["evaluate", "hubbed"], in: folder)
        XCTAssertEqual(measured.status, 0, measured.errors)
        let made = try CommandRun.of(["convert", "hubbed", "hub", "--hub"], in: folder)
        XCTAssertEqual(made.status, 0, made.errors)
        XCTAssertEqual(made.output, "hub: model.safetensors, config.json, preprocessor_config.json, README.md\n")
        let card = try String(contentsOfFile: folder + "/hub/README.md", encoding: .utf8)
        XCTAssertTrue(card.contains("license: mit"), card)
        XCTAssertTrue(card.contains("| class | objects | AP | AP50 | AP75 | AR100 |"), card)
        XCTAssertFalse(card.contains(folder), "folders of this machine stay here")
        XCTAssertEqual(try CommandRun.of(["convert", "hubbed", "hub", "--hub"], in: folder).status, 1)
        XCTAssertEqual(try CommandRun.of(["convert", "hubbed", "hub", "--hub", "--replace"], in: folder).status, 0)
        for wrong in [["hub.pth", "--hub"], ["hub2", "--hub", "--bare"], ["hub2"]] {
            XCTAssertEqual(try CommandRun.of(["convert", "hubbed"] + wrong, in: folder).status, 64)
        }
    }

    func testWhatCannotBeConverted() throws {
        let folder = try TinyData.folder.get()
        try "no weights".write(toFile: folder + "/text.pth", atomically: true, encoding: .utf8)
        for (input, words) in [("text.pth", "none of the forms that PyTorch writes"), ("none.pth", "no such file")] {
            let run = try CommandRun.of(["convert", input, "out.safetensors"], in: folder)
            XCTAssertEqual(run.status, 1)
            XCTAssertTrue(run.errors.hasPrefix("vertebra: \(input): "), run.errors)
            XCTAssertTrue(run.errors.contains(words), run.errors)
            XCTAssertFalse(FileManager.default.fileExists(atPath: folder + "/out.safetensors"))
        }
        XCTAssertEqual(try CommandRun.of(["convert", "a.pth", "b.tar"], in: folder).status, 64)
    }
}
