import Foundation
import Tensors
import TestSupport
import Training
import Workflows
import XCTest

final class HubFolderTests: XCTestCase {
    private func json(_ path: String) throws -> [String: Any] {
        try XCTUnwrap(
            JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path))) as? [String: Any])
    }

    func testTheFolderHoldsEverythingAndTheModelWorks() throws {
        let folder = try temporaryDirectory(), hub = folder + "/cells"
        let path = try untrainedDetector(metrics: ["AP": 0.25], in: folder)
        try HubFolder(hub).write(path, replacing: false)
        XCTAssertEqual(
            try FileManager.default.contentsOfDirectory(atPath: hub).sorted(),
            ["README.md", "config.json", "model.safetensors", "preprocessor_config.json"])
        let config = try json(hub + "/config.json")
        XCTAssertEqual(config["id2label"] as? [String: String], ["0": "__background__", "1": "cat", "2": "a|b"])
        XCTAssertEqual(config["label2id"] as? [String: Int], ["__background__": 0, "cat": 1, "a|b": 2])
        XCTAssertEqual(config["backbone"] as? String, "\(narrowResNet18)")
        XCTAssertEqual(config["num_labels"] as? Int, 3)
        let pixels = try json(hub + "/preprocessor_config.json")
        XCTAssertEqual(pixels["size"] as? [String: Int], ["height": 300, "width": 300])
        XCTAssertEqual(pixels["image_std"] as? [Double], [1, 1, 1])

        let file = try Safetensors.read(hub + "/model.safetensors")
        XCTAssertEqual(file.metadata["format"], "pt")
        let original = try Checkpoint.readModel(path).model
        XCTAssertEqual(file.tensors.map(\.name), original.map(\.name))
        for text in [file.metadata.values.joined(), config["recipe"] as? String ?? ""] {
            XCTAssertFalse(text.contains("/data/of/somebody"), "folders of this machine stay here")
        }
        XCTAssertEqual(try DetectorModel(SavedModel(hub + "/model.safetensors")).classNames, ["cat", "a|b"])
        let readme = try String(contentsOfFile: hub + "/README.md", encoding: .utf8)
        XCTAssertTrue(readme.contains("\n# cells\n"), readme)
        XCTAssertFalse(readme.contains("/data/of/somebody"), readme)
    }

    func testWhatMayBeReplaced() throws {
        let folder = try temporaryDirectory(), hub = folder + "/hub"
        let path = try untrainedDetector(metrics: [:], in: folder)
        try HubFolder(hub).write(path, replacing: false)
        XCTAssertThrowsError(try HubFolder(hub).write(path, replacing: false)) {
            XCTAssertTrue(
                "\($0)".contains("exists already; choose another folder, or replace it with --replace"), "\($0)")
        }
        XCTAssertNoThrow(try HubFolder(hub).write(path, replacing: true))
        try Data().write(to: URL(fileURLWithPath: hub + "/thesis.tex"))
        XCTAssertThrowsError(try HubFolder(hub).write(path, replacing: true)) {
            XCTAssertTrue("\($0)".contains("holds thesis.tex"), "\($0)")
        }
        XCTAssertThrowsError(try HubFolder(folder + "/other").write(folder + "/none.pth", replacing: false))
        XCTAssertEqual(
            try FileManager.default.contentsOfDirectory(atPath: folder).sorted(), ["best.safetensors", "hub"])
    }

    func testAClassifier() throws {
        let folder = try temporaryDirectory(), root = try classFolders()
        let file = try recipe(
            classifier: "backbone: '\(narrowResNet18)'", on: root, training: "epochs: 1, batch: 2, steps: 1")
        let run = try VisionTask.open(file, output: folder + "/run")
        _ = try run.train(resume: false, seconds: nil, resumeCommand: nil, showsProgress: false)
        try HubFolder(folder + "/hub").write(folder + "/run", replacing: false)
        let config = try json(folder + "/hub/config.json")
        XCTAssertEqual(config["id2label"] as? [String: String], ["0": "cat", "1": "dog"])
        let pixels = try json(folder + "/hub/preprocessor_config.json")
        XCTAssertEqual(pixels["crop_size"] as? [String: Int], ["height": 32, "width": 32])
        XCTAssertEqual(pixels["size"] as? [String: Int], ["shortest_edge": 37])
        let readme = try String(contentsOfFile: folder + "/hub/README.md", encoding: .utf8)
        XCTAssertTrue(readme.contains("pipeline_tag: image-classification"), readme)
        XCTAssertTrue(readme.contains("vertebra explain picture.jpg"), readme)
    }
}
