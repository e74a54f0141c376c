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
            let run = try convert(input, output)
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
