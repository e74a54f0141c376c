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

    private func write(_ folder: String, images: Int) throws {
        let text = """
            {"top1": 0.5, "top5": 1, "loss": 2, "images": \(images), "seconds": 1, "unreadable": [], "damaged": [],
             "classes": [{"name": "cat", "images": \(images), "top1": 0.5}, {"name": "dog", "images": 0, "top1": 0}]}
            """
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/metrics.json"))
    }

    func testTrainingsFiguresUnlessEvaluateMeasured() throws {
        let (folder, outcome) = try run()
        let trained = try XCTUnwrap(WeightsDescription(folder).figures)
        XCTAssertNil(trained.images)
        XCTAssertEqual(trained.overall.map(\.name), ["top1", "top5"])
        XCTAssertTrue(trained.isOfValidation)

        try write(folder, images: 6)
        let measured = try XCTUnwrap(WeightsDescription(folder).figures)
        XCTAssertEqual(measured.images, 6)
        XCTAssertTrue(measured.isOfValidation)
        XCTAssertEqual(measured.overall.map(\.value), [0.5, 1])
        XCTAssertEqual(measured.classes.map(\.values), [[0.5], [nil]])
        XCTAssertNil(try WeightsDescription(outcome.lastCheckpoint).figures?.images, "they are of the best checkpoint")

        try write(folder, images: 7)
        XCTAssertEqual(try WeightsDescription(folder).figures?.isOfValidation, false, "6 images are in that part")
        let card = ModelCard(try WeightsDescription(folder), name: "a", weights: "a.safetensors").text
        XCTAssertTrue(card.contains("Measured on other data than the recipe's, 7 pictures."), card)

        try Data("{".utf8).write(to: URL(fileURLWithPath: folder + "/metrics.json"))
        XCTAssertNil(try WeightsDescription(folder).figures?.images)
    }

    /// Numbers that are older than the checkpoint are of another one.
    func testOldNumbersDoNotCount() throws {
        let (folder, _) = try run()
        try write(folder, images: 6)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1e9)], ofItemAtPath: folder + "/metrics.json")
        XCTAssertNil(try WeightsDescription(folder).figures?.images)
    }
}
