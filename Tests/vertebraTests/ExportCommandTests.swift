import Foundation
import XCTest

final class ExportCommandTests: XCTestCase {
    private func export(_ arguments: String...) throws -> CommandRun {
        try CommandRun.of(["export"] + arguments, in: TinyData.folder.get())
    }

    func testADetectorTakesAnyImage() throws {
        let folder = try TinyData.folder.get()
        let trained = try CommandRun.of(
            ["train", "tiny.yaml", "--output", "exported", "--set", "training.steps=1"], in: folder)
        XCTAssertEqual(trained.status, 0, trained.errors)
        let run = try export("exported", "detector.onnx", "--sample", "detector.safetensors")
        XCTAssertEqual(run.status, 0, run.errors)
        XCTAssertTrue(run.output.contains("detector.onnx: ONNX opset 18"), run.output)
        XCTAssertTrue(run.output.contains("in:  pixels uint8 [1, H, W, 3]"), run.output)
        XCTAssertTrue(
            run.output.contains("out: boxes float32 [n, 4], scores float32 [n], labels int64 [n]"), run.output)
        for file in ["detector.onnx", "detector.safetensors"] {
            XCTAssertTrue(FileManager.default.fileExists(atPath: "\(folder)/\(file)"), file)
        }
        let soft = try export("exported", "soft.onnx", "--set", "inference.nms=linear")
        XCTAssertEqual(soft.status, 1)
        XCTAssertTrue(soft.errors.contains("export with --set inference.nms=hard"), soft.errors)
        XCTAssertFalse(FileManager.default.fileExists(atPath: "\(folder)/soft.onnx"))
    }

    func testFreshClassifiers() throws {
        let folder = try TinyData.folder.get()
        let run = try export(
            "resnet18", "fresh.onnx", "--fresh", "--size", "32x48", "--input", "float", "--precision", "float16",
            "--external-data")
        XCTAssertEqual(run.status, 0, run.errors)
        XCTAssertTrue(run.output.hasPrefix("fresh.onnx, "), run.output)
        XCTAssertTrue(run.output.contains("fresh.onnx.data: ONNX opset 18"), run.output)
        XCTAssertTrue(run.output.contains("in:  pixels float32 [N, 3, 32, 48]"), run.output)
        XCTAssertTrue(run.output.contains("out: logits float32 [N, 1000]"), run.output)
        XCTAssertTrue(FileManager.default.fileExists(atPath: "\(folder)/fresh.onnx.data"))
        let again = try export("resnet18", "fresh.onnx", "--fresh", "--size", "32x48")
        XCTAssertEqual(again.status, 1)
        XCTAssertTrue(again.errors.contains("the file exists already"), again.errors)
        XCTAssertEqual(try export("resnet18", "fresh.onnx", "--fresh", "--size", "32x48", "--replace").status, 0)
        let clips = try export("resnet3d26", "clips.onnx", "--fresh", "--size", "4x32x32")
        XCTAssertTrue(clips.output.contains("in:  pixels uint8 [N, 4, 32, 32, 3]"), clips.output + clips.errors)
    }

    func testWrongCallsSayWhatToDo() throws {
        for (arguments, words) in [
            (["resnet18", "model.pt", "--fresh"], "should end in .onnx"),
            (["resnet18", "m.onnx", "--fresh", "--sample", "s.npy"], "should end in .safetensors"),
            (["somewhere", "m.onnx", "--size", "32x32"], "--size goes with --fresh"),
            (["resnet18", "m.onnx", "--fresh", "--size", "32"], "should be two numbers"),
            (["resnet18", "m.onnx", "--fresh", "--input", "int8"], "--input"),
        ] {
            let run = try CommandRun.of(["export"] + arguments, in: TinyData.folder.get())
            XCTAssertEqual(run.status, 64, run.errors)
            XCTAssertTrue(run.errors.contains(words), run.errors)
        }
        let unknown = try export("resnet51", "m.onnx", "--fresh")
        XCTAssertEqual(unknown.status, 1)
        XCTAssertTrue(unknown.errors.contains("resnet50"), unknown.errors)
        XCTAssertEqual(try export("nowhere", "m.onnx").status, 1)
    }
}
