import Foundation
import Media
import TestSupport
import XCTest

final class ExplainCommandTests: XCTestCase {
    /// A run of one epoch on four pictures of two classes in folders.
    private func run(_ folder: String) throws {
        for (part, name) in [("train", "cat"), ("train", "dog"), ("val", "cat"), ("val", "dog")] {
            let place = "\(folder)/\(part)/\(name)"
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            for i in 0..<2 {
                let image = ByteImage(width: 80, height: 60, filledWith: UInt8(name == "cat" ? 60 : 160 + i))
                try ImageFile.writeJPEG(image, to: "\(place)/\(i).jpg")
            }
        }
        let recipe = """
            task: classification
            model: {backbone: resnet18}
            data: {format: folder}
            input: {side: 64}
            training: {epochs: 1, batch: 2, learning_rate: 0.001}
            """
        try recipe.write(toFile: folder + "/tiny.yaml", atomically: true, encoding: .utf8)
        let trained = try CommandRun.of(["train", "tiny.yaml", "--output", "run"], in: folder)
        XCTAssertEqual(trained.status, 0, trained.errors)
    }

    func testARunIsExplained() throws {
        let folder = try temporaryDirectory()
        try run(folder)
        let json = try CommandRun.of(
            ["explain", "val/cat/0.jpg", "--checkpoint", "run", "--stage", "layer3"], in: folder)
        XCTAssertEqual(json.status, 0, json.errors)
        let list = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
        let model = try XCTUnwrap((list.first?["models"] as? [[String: Any]])?.first)
        XCTAssertEqual(model["stage"] as? String, "layer3")
        XCTAssertTrue(["cat", "dog"].contains(model["class"] as? String))
        XCTAssertEqual(model["map"] as? [String: Int], ["width": 4, "height": 4])

        let drawn = try CommandRun.of(
            [
                "explain", "val/cat", "val/dog", "--checkpoint", "run", "--checkpoint", "run/last.safetensors",
                "--class",
                "dog", "--output", "out",
            ], in: folder)
        XCTAssertEqual(drawn.status, 0, drawn.errors)
        XCTAssertTrue(drawn.output.contains("out/0-2.jpg: resnet18 (run/best.safetensors) dog "), drawn.output)
        XCTAssertEqual(
            try FileManager.default.contentsOfDirectory(atPath: folder + "/out").sorted(),
            ["0-2.jpg", "0.jpg", "1-2.jpg", "1.jpg", "explanations.json", "overview.jpg"])

        let noise = ByteImage(
            width: 80, height: 60, channels: 3, pixels: (0..<14400).map { UInt8(truncatingIfNeeded: $0 &* 7919) })
        let bytes = try ImageFile.encodeJPEG(noise)
        try Data(bytes.prefix(bytes.count / 2)).write(to: URL(fileURLWithPath: folder + "/cut.jpg"))
        let explain = ["explain", "cut.jpg", "--checkpoint", "run", "--output", "cut"]
        let refused = try CommandRun.of(explain, in: folder)
        XCTAssertEqual(refused.status, 1)
        XCTAssertTrue(refused.errors.contains("cut.jpg is truncated: "), refused.errors)
        let accepted = try CommandRun.of(explain + ["--damaged-images", "accept"], in: folder)
        XCTAssertEqual(accepted.status, 0, accepted.errors)
        XCTAssertTrue(
            accepted.errors.contains("1 damaged image was accepted:\n  cut.jpg is truncated"), accepted.errors)

        let wrong = try CommandRun.of(["explain", "val/cat", "--checkpoint", "run", "--class", "dgo"], in: folder)
        XCTAssertEqual(wrong.status, 1)
        XCTAssertEqual(
            wrong.errors, "vertebra: --class dgo: resnet18 knows no such class; did you mean \"dog\"?\n")
    }

    func testWrongCalls() throws {
        for arguments in [
            ["x.jpg"], ["x.jpg", "--model", "resnet50"], ["--checkpoint", "run"],
            ["x.jpg", "--checkpoint", "run", "--model", "resnet50", "--model", "resnet18"],
        ] {
            let run = try CommandRun.of(["explain"] + arguments)
            XCTAssertEqual(run.status, 64, "\(arguments): \(run.errors)")
            XCTAssertTrue(run.errors.hasPrefix("Error: "), "\(arguments): \(run.errors)")
        }
        let missing = try CommandRun.of(["explain", "no.jpg", "--checkpoint", "run"])
        XCTAssertEqual(missing.errors, "vertebra: no.jpg: there is no such image\n")
    }

    func testADetectorIsRefused() throws {
        let folder = try TinyData.folder.get()
        let trained = try CommandRun.of(
            ["train", "tiny.yaml", "--output", "detector", "--set", "training.steps=1"], in: folder)
        XCTAssertEqual(trained.status, 0, trained.errors)
        let run = try CommandRun.of(["explain", "samples/coco/images", "--checkpoint", "detector"], in: folder)
        XCTAssertEqual(run.status, 1)
        XCTAssertTrue(run.errors.contains("this is a detector, and Grad-CAM needs a classifier"), run.errors)
    }
}
