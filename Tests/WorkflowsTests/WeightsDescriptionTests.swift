import Foundation
import Tensors
import TestSupport
import Training
import Workflows
import XCTest

final class WeightsDescriptionTests: XCTestCase {
    /// A checkpoint of a small detector that was not trained, and what it should be measured as.
    private func checkpoint(_ metrics: [String: Double] = ["AP": 0.25, "AP50": 0.5]) throws -> String {
        try untrainedDetector(metrics: metrics, in: temporaryDirectory())
    }

    func testACheckpointOfADetector() throws {
        let path = try checkpoint()
        let description = try WeightsDescription(path)
        XCTAssertEqual(description.task, .detection)
        XCTAssertEqual(description.network, "SSD300 on \(narrowResNet18)")
        XCTAssertEqual(description.classes, ["cat", "a|b"])
        XCTAssertEqual(description.input?.side, 300)
        XCTAssertEqual(description.training?.step, 12)
        XCTAssertEqual(description.training?.canGoOn, false)
        XCTAssertEqual(description.figures?.overall.map(\.name), ["AP", "AP50"])
        XCTAssertEqual(description.figures?.classes, [])
        let text = description.text
        for words in [
            "network   SSD300 on \(narrowResNet18)", "classes   2: cat, a|b", "figures   AP 0.25, AP50 0.5", "300×300",
            "recipe:\n  task: detection", "a trained model, ",
        ] { XCTAssertTrue(text.contains(words), "\(words) in \(text)") }
        let json = try JSONEncoder().encode(description)
        XCTAssertEqual(
            (try JSONSerialization.jsonObject(with: json) as? [String: Any])?["backbone"] as? String,
            "\(narrowResNet18)")
    }

    func testWeightsAlone() throws {
        let folder = try temporaryDirectory()
        let weights = try WeightsFile(checkpoint())
        try weights.write(to: folder + "/ssd.pth")
        let ssd = try WeightsDescription(folder + "/ssd.pth")
        XCTAssertNil(ssd.task)
        XCTAssertTrue(ssd.text.contains("an SSD of this toolkit without its recipe"), ssd.text)
        try Safetensors.write(
            [("a", Tensor([1, 2, 3] as [Float]))], metadata: ["format": "pt", "author": "somebody"],
            to: folder + "/b.safetensors")
        let foreign = try WeightsDescription(folder + "/b.safetensors")
        XCTAssertEqual(foreign.metadata["author"], "somebody")
        XCTAssertEqual(foreign.numbers.values.map { $0 }, [3])
        XCTAssertTrue(foreign.text.contains("network      not one of this toolkit"), foreign.text)
        XCTAssertTrue(foreign.text.contains("text author  somebody"), foreign.text)
    }

    func testDamageAndAbsence() throws {
        let path = try checkpoint()
        XCTAssertThrowsError(try WeightsDescription(path + "x")) {
            XCTAssertTrue("\($0)".contains("there is no such run or checkpoint"), "\($0)")
        }
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[bytes.count - 40] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        XCTAssertThrowsError(try WeightsDescription(path)) {
            XCTAssertTrue("\($0)".contains("the checkpoint is damaged: "), "\($0)")
        }
    }
}

/// Writes a checkpoint of a small SSD with fresh weights and returns its path.
func untrainedDetector(
    classes: [String] = ["cat", "a|b"], license: String = "cc-by-4.0", metrics: [String: Double], in folder: String
) throws -> String {
    let file = try RecipeFile(
        text: """
            task: detection
            model: {detector: ssd300, backbone: '\(narrowResNet18)', license: \(license)}
            data:
              root: /data/of/somebody/cells
              format: coco
              train: {annotations: a.json, images: i}
              val: {annotations: b.json, images: i}
            """, path: "test.yaml")
    let model = try DetectorModel(recipe: file.decode(DetectionRecipe.self), file: file, classNames: classes)
    let origin = """
        {"data":[{"files":[{"bytes":4,"crc32":"00000001","path":"a.json"}],"images":7,"names_crc32":"0000000a","objects":9,\
        "objects_crc32":"0000000b","part":"train"}],"date":"2026-01-02T03:04:05Z","input":{"deviation":[1,1,1],"mean":[0,0,0],\
        "side":300},"license":"CC-BY-4.0","vertebra":"0.1.0"}
        """
    let info = CheckpointInfo(
        classNames: classes, recipe: try file.text, step: 12, epoch: 3, batchInEpoch: 0, batchesPerEpoch: 4,
        accumulation: 1, seed: 5, optimizer: "SGD", learningRate: 0.01, schedule: .constant, metrics: metrics)
    let path = folder + "/best.safetensors"
    try Checkpoint(info: info, model: model.module.stateDict(), texts: ["vertebra_origin": origin]).write(to: path)
    return path
}
