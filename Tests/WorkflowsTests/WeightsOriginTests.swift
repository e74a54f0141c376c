import Foundation
import Tensors
import TestSupport
import Training
import Workflows
import XCTest

final class WeightsOriginTests: XCTestCase {
    private static let key = "vertebra_origin"

    private func trained(_ settings: String...) throws -> (root: String, outcome: TrainingOutcome) {
        let root = try classFolders()
        let file = try recipe(
            classifier: "backbone: '\(narrowResNet18)', license: mit", on: root, settings: settings,
            training: "epochs: 1, batch: 2, seed: 3")
        let run = try VisionTask.open(file, output: temporaryDirectory() + "/run")
        return (root, try run.train(resume: false, seconds: nil, resumeCommand: nil, showsProgress: false))
    }

    func testEveryCheckpointSaysWhereItComesFrom() throws {
        let (root, outcome) = try trained()
        let environment = try XCTUnwrap(
            RunEnvironment(path: (outcome.lastCheckpoint as NSString).deletingLastPathComponent + "/environment.json"))
        for path in [outcome.lastCheckpoint, try XCTUnwrap(outcome.bestCheckpoint)] {
            let origin = try XCTUnwrap(WeightsDescription(path).origin)
            XCTAssertEqual(origin.license, "MIT")
            XCTAssertEqual(origin.vertebra, "0.1.0")
            XCTAssertEqual(origin.date.count, "2026-01-01T00:00:00Z".count)
            XCTAssertEqual(origin.input.side, 32)
            XCTAssertEqual(origin.input.mean, [0.485, 0.456, 0.406])
            XCTAssertEqual(origin.data.map(\.part), ["train", "val"])
            XCTAssertEqual(origin.data.map(\.images), [6, 6])
            XCTAssertEqual(origin.data.map(\.namesCRC32), environment.starts[0].data.map(\.namesCRC32))
            XCTAssertFalse(try XCTUnwrap(Checkpoint.readModel(path).texts[Self.key]).contains(root))
        }
    }

    /// With the time held, the same training writes the same bytes.
    func testBytesRepeat() throws {
        setenv("SOURCE_DATE_EPOCH", "1700000000", 1)
        defer { unsetenv("SOURCE_DATE_EPOCH") }
        let root = try classFolders()
        let files = try (0..<2).map { _ in
            let file = try recipe(
                classifier: "backbone: '\(narrowResNet18)'", on: root,
                training: "epochs: 1, batch: 2, seed: 3, threads: 1")
            let run = try VisionTask.open(file, output: temporaryDirectory() + "/run")
            let outcome = try run.train(resume: false, seconds: nil, resumeCommand: nil, showsProgress: false)
            XCTAssertEqual(try WeightsDescription(outcome.lastCheckpoint).origin?.date, "2023-11-14T22:13:20Z")
            return try Data(contentsOf: URL(fileURLWithPath: outcome.lastCheckpoint))
        }
        XCTAssertTrue(files[0] == files[1], "\(files.map(\.count))")
    }

    func testACheckpointOfAnEarlierProgramHasNone() throws {
        let (_, outcome) = try trained()
        var checkpoint = try Checkpoint.read(outcome.lastCheckpoint)
        checkpoint.texts = [:]
        let path = try temporaryDirectory() + "/old.safetensors"
        try checkpoint.write(to: path)
        let description = try WeightsDescription(path)
        XCTAssertNil(description.origin)
        XCTAssertEqual(description.classes, ["cat", "dog"])
        XCTAssertEqual(description.input?.side, 32, "the recipe says it")
        XCTAssertTrue(description.text.contains("licence   none"), description.text)
        XCTAssertEqual(try ClassifierModel(SavedModel(path)).classNames, ["cat", "dog"])

        checkpoint.texts = [Self.key: "{\"vertebra\": 1"]
        try checkpoint.write(to: path)
        XCTAssertThrowsError(try WeightsDescription(path)) {
            XCTAssertTrue("\($0)".contains("what it says of its origin can't be read"), "\($0)")
        }
        XCTAssertNoThrow(try SavedModel(path), "its model can be used all the same")
    }
}
