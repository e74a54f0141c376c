import Foundation
import TestSupport
import XCTest

final class DescribeCommandTests: XCTestCase {
    func testARunAndItsFiles() throws {
        let folder = try TinyData.folder.get()
        func run(_ arguments: String...) throws -> CommandRun { try CommandRun.of(arguments, in: folder) }
        let trained = try run(
            "train", "tiny.yaml", "--output", "described", "--set", "training.steps=1", "--set",
            "model.license=cc-by-4.0")
        XCTAssertEqual(trained.status, 0, trained.errors)
        let shown = try run("describe", "described")
        XCTAssertEqual(shown.status, 0, shown.errors)
        for words in [
            "described/best.safetensors: a checkpoint, ", "licence   CC-BY-4.0", "Faster R-CNN on ",
            "data      train: ",
            "instances_train.json (crc32 ", "recipe:\n  task: detection",
        ] { XCTAssertTrue(shown.output.contains(words), "\(words) in \(shown.output)") }

        let json = try run("describe", "described/last.safetensors", "--json")
        let object = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        XCTAssertEqual(object["task"] as? String, "detection")
        XCTAssertEqual((object["origin"] as? [String: Any])?["license"] as? String, "CC-BY-4.0")
        XCTAssertEqual((object["training"] as? [String: Any])?["step"] as? Int, 1)

        let card = try run("describe", "described", "--card")
        XCTAssertTrue(card.output.hasPrefix("---\nlicense: cc-by-4.0\nlibrary_name: vertebra\n"), card.output)
        XCTAssertTrue(card.output.contains("\n# described\n"), card.output)

        try Data("no weights".utf8).write(to: URL(fileURLWithPath: folder + "/no.safetensors"))
        let damaged = try run("describe", "no.safetensors")
        XCTAssertEqual(damaged.status, 1)
        XCTAssertTrue(damaged.errors.hasPrefix("vertebra: no.safetensors: "), damaged.errors)
    }

    func testNamesAndFilesAreToldApart() throws {
        let folder = try temporaryDirectory()
        try FileManager.default.createDirectory(atPath: folder + "/resnet18", withIntermediateDirectories: true)
        let named = try CommandRun.of(["describe", "resnet18"], in: folder)
        XCTAssertEqual(named.status, 0, named.errors)
        XCTAssertTrue(named.output.contains("layer4.1.conv2"), "a model's name comes before a folder of that name")
        let typo = try CommandRun.of(["describe", "resnet19"], in: folder)
        XCTAssertEqual(typo.status, 64)
        XCTAssertTrue(typo.errors.contains("did you mean"), typo.errors)
        let missing = try CommandRun.of(["describe", "gone.pth"], in: folder)
        XCTAssertEqual(missing.status, 1)
        XCTAssertTrue(missing.errors.contains("gone.pth: there is no such run or checkpoint"), missing.errors)
        for wrong in [
            ["gone.pth", "--classes", "3"], ["gone.pth", "--input", "3x64x64"], ["resnet18", "--card"],
            ["gone.pth", "--card", "--json"],
        ] { XCTAssertEqual(try CommandRun.of(["describe"] + wrong, in: folder).status, 64, "\(wrong)") }
    }
}
