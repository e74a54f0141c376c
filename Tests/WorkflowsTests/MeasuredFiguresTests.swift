import Foundation
import TestSupport
import Training
import Workflows
import XCTest

final class MeasuredFiguresTests: XCTestCase {
    private func run() throws -> (folder: String, outcome: TrainingOutcome) {
        let file = try recipe(
            classifier: "backbone: '\(narrowResNet18)'", on: classFolders(), training: "epochs: 1, batch: 2, steps: 1")
        let folder = try temporaryDirectory() + "/run"
        let job = try VisionTask.open(file, output: folder)
        return (folder, try job.train(resume: false, seconds: nil, resumeCommand: nil, showsProgress: false))
    }

    /// Changes what `evaluate` wrote.
    private func change(_ folder: String, _ body: (inout [String: Any]) -> Void) throws {
        let path = folder + "/metrics.json"
        let data = try XCTUnwrap(FileManager.default.contents(atPath: path))
        var scores = try XCTUnwrap(JSONSerialization.jsonObject(with: data) as? [String: Any])
        body(&scores)
        try JSONSerialization.data(withJSONObject: scores).write(to: URL(fileURLWithPath: path))
    }

    private func evaluate(_ folder: String) throws {
        _ = try ClassificationEvaluation(SavedModel(folder)).run(into: RunFolder(folder))
    }

    func testTrainingsFiguresUnlessEvaluateMeasured() throws {
        let (folder, outcome) = try run()
        let trained = try XCTUnwrap(WeightsDescription(folder).figures)
        XCTAssertNil(trained.images)
        XCTAssertEqual(trained.overall.map(\.name), ["top1", "top5"])
        XCTAssertTrue(trained.isOfValidation)

        try evaluate(folder)
        try change(folder) { scores in
            scores["top1"] = 0.5
            scores["top5"] = 1
            scores["classes"] = [
                ["name": "cat", "images": 6, "top1": 0.5], ["name": "dog", "images": 0, "top1": 0],
            ]
        }
        let measured = try XCTUnwrap(WeightsDescription(folder).figures)
        XCTAssertEqual(measured.images, 6)
        XCTAssertTrue(measured.isOfValidation)
        XCTAssertEqual(measured.overall.map(\.value), [0.5, 1])
        XCTAssertEqual(measured.classes.map(\.values), [[0.5], [nil]])
        XCTAssertNil(try WeightsDescription(outcome.lastCheckpoint).figures?.images, "they are of the best checkpoint")

        try change(folder) { $0["images"] = 7 }
        XCTAssertEqual(try WeightsDescription(folder).figures?.isOfValidation, false, "6 images are in that part")
        let card = ModelCard(try WeightsDescription(folder), name: "a", weights: "a.safetensors").text
        XCTAssertTrue(card.contains("Measured on other data than the recipe's, 7 pictures."), card)

        try Data("{".utf8).write(to: URL(fileURLWithPath: folder + "/metrics.json"))
        XCTAssertNil(try WeightsDescription(folder).figures?.images)
    }

    func testNumbersOfAnotherCheckpointDoNotCount() throws {
        let (folder, _) = try run()
        for (key, value) in [("step", 2 as Any), ("checkpoint", "/elsewhere/other.safetensors")] {
            try evaluate(folder)
            XCTAssertEqual(try WeightsDescription(folder).figures?.images, 6)
            try change(folder) { scores in
                var measured = scores["measured"] as? [String: Any] ?? [:]
                measured[key] = value
                scores["measured"] = measured
            }
            XCTAssertNil(try WeightsDescription(folder).figures?.images, key)
        }
    }
}
