import Foundation
import Tensors
import TestSupport
import Training
import Workflows
import XCTest

final class SavedModelTests: XCTestCase {
    /// CIFAR files of noise.
    private func cifar() throws -> String {
        let folder = try temporaryDirectory()
        for (name, count) in [("data_batch_1.bin", 8), ("test_batch.bin", 4)] {
            let bytes = (0..<count * 3073).map { UInt8(truncatingIfNeeded: $0 % 3073 == 0 ? $0 / 3073 % 2 : $0 * 7) }
            try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        }
        try "even\nodd\n".write(toFile: folder + "/batches.meta.txt", atomically: true, encoding: .utf8)
        return folder
    }

    private func file(_ root: String, _ settings: String...) throws -> RecipeFile {
        let text = """
            task: classification
            model: {backbone: cifar_res_rgsnet26_0.25}
            data: {root: \(root), format: cifar}
            training: {epochs: 1, batch: 4, schedule: constant, seed: 7, threads: 1}
            """
        return try RecipeFile(text: text, path: "test.yaml", settings: settings)
    }

    private func trained(_ root: String) throws -> (run: String, outcome: TrainingOutcome) {
        let run = try temporaryDirectory() + "/run"
        let training = try VisionTask.open(file(root), output: run)
        return (run, try training.train(resume: false, seconds: nil, resumeCommand: nil, showsProgress: false))
    }

    func testARunsFolderAndItsCheckpointAreTheSameModel() throws {
        let root = try cifar(), (run, outcome) = try trained(root)
        XCTAssertEqual(try SavedModel(run).path, outcome.bestCheckpoint)
        let last = try SavedModel(outcome.lastCheckpoint, settings: ["evaluation.batch=3"])
        XCTAssertEqual(last.task, .classification)
        let model = try ClassifierModel(last)
        XCTAssertEqual(model.recipe.evaluation.batch, 3)
        XCTAssertEqual(model.classNames, ["even", "odd"])
        XCTAssertFalse(model.network.isTraining)
        let saved = try Checkpoint.readModel(outcome.lastCheckpoint).model
        let loaded = Dictionary(uniqueKeysWithValues: model.network.stateDict().map { ($0.name, $0.tensor) })
        XCTAssertEqual(loaded.count, saved.count)
        for (name, tensor) in saved {
            XCTAssertEqual(
                try XCTUnwrap(loaded[name]).to(.float32).array(Float.self), tensor.to(.float32).array(Float.self), name)
        }
    }

    func testWhatIsNoModelOfTheTaskIsRefused() throws {
        let (run, _) = try trained(cifar())
        XCTAssertThrowsError(try ImageDetection(SavedModel(run))) {
            XCTAssertTrue("\($0)".contains("it is a classifier, which finds no objects"), "\($0)")
        }
        XCTAssertThrowsError(try ClipRecognition(SavedModel(run))) {
            XCTAssertTrue("\($0)".hasSuffix("this classifier was trained on images, not on videos"), "\($0)")
        }
        let empty = try temporaryDirectory()
        XCTAssertThrowsError(try SavedModel(empty)) {
            XCTAssertTrue("\($0)".hasPrefix("\(empty): this folder holds no checkpoint"), "\($0)")
        }
    }

    /// Threads and the generator belong to the process: opening a training or a model leaves them as they are, and a
    /// training's first weights follow from its seed all the same.
    func testOpeningChangesNothingOfTheProcess() throws {
        let root = try cifar(), (run, _) = try trained(root)
        let threads = Threads.count
        defer { Threads.count = threads }
        Threads.count = 2
        Random.seed(3)
        let expected = Tensor.randn([4]).array(Float.self)

        func weights(seed: Int) throws -> [Float] {
            Random.seed(3)
            let training = try ClassificationTraining(
                file: file(root, "training.seed=\(seed)"), output: temporaryDirectory())
            XCTAssertEqual(Tensor.randn([4]).array(Float.self), expected)
            return training.model.network.stateDict()[0].tensor.array(Float.self)
        }
        let first = try weights(seed: 7)
        XCTAssertEqual(try weights(seed: 7), first)
        XCTAssertNotEqual(try weights(seed: 8), first)
        Random.seed(3)
        _ = try ClassifierModel(SavedModel(run))
        XCTAssertEqual(Tensor.randn([4]).array(Float.self), expected)
        XCTAssertEqual(Threads.count, 2)
    }
}
