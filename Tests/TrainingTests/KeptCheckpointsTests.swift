import Foundation
import TestSupport
import Training
import XCTest

final class KeptCheckpointsTests: XCTestCase {
    private func kept(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix("best") }.sorted()
    }

    private func options(_ count: Int) -> TrainingOptions {
        var options = toyOptions(epochs: 6)
        options.evaluation = .epochs(1)
        options.best = .init("score")
        options.keptBest = count
        return options
    }

    private func task(_ scores: [Double]) -> ToyTask {
        let task = ToyTask()
        var rest = scores[...]
        task.score = { _ in ["score": rest.popFirst() ?? 0] }
        return task
    }

    func testTheBestAreKept() throws {
        let folder = try temporaryDirectory(), recorder = EventRecorder()
        _ = try toyLoop(
            task([0.1, 0.5, 0.3, 0.2, 0.5, 0.05]), folder, options: options(3), observers: [recorder]
        ).run()
        // Between equal evaluations, the earlier is the best.
        XCTAssertEqual(
            try kept(folder),
            [
                "best-step-12-score-0.3000.safetensors", "best-step-20-score-0.5000.safetensors",
                "best-step-8-score-0.5000.safetensors", "best.safetensors",
            ])
        let best = try Checkpoint.readInfo(folder + "/best.safetensors")
        XCTAssertEqual(best.step, 8)
        XCTAssertEqual(try Checkpoint.readInfo(folder + "/best-step-12-score-0.3000.safetensors").step, 12)
        func inode(_ name: String) throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: folder + "/" + name)[.systemFileNumber] as? Int
        }
        XCTAssertEqual(try inode("best.safetensors"), try inode("best-step-8-score-0.5000.safetensors"))
        XCTAssertEqual(
            recorder.events.filter { if case .checkpointSaved(_, .kept) = $0 { true } else { false } }.count, 5,
            "all but the last, which is worse than three")
        XCTAssertThrowsError(try toyLoop(task([1]), folder, options: options(3)).run()) {
            XCTAssertTrue("\($0)".contains("already holds a run"), "\($0)")
        }
    }

    func testOneIsKeptWithoutAnotherName() throws {
        let folder = try temporaryDirectory()
        _ = try toyLoop(task([0.1, 0.5, 0.3, 0.2, 0.5, 0.05]), folder, options: options(1)).run()
        XCTAssertEqual(try kept(folder), ["best.safetensors"])
    }

    private func write(_ path: String, step: Int, score: Double) throws {
        let info = CheckpointInfo(
            classNames: [], recipe: "", step: step, epoch: 0, batchInEpoch: 0, batchesPerEpoch: 1, accumulation: 1,
            seed: 0, optimizer: "SGD", learningRate: 1, schedule: .constant, metrics: ["score": score])
        try Checkpoint(info: info, model: []).write(to: path)
    }

    /// The one that would go anyway makes room; the best one stays, whatever happens.
    func testAFullDisk() throws {
        let folder = try temporaryDirectory()
        let checkpoints = KeptCheckpoints(folder: folder, criterion: .init("score"))
        for (step, score) in [(1, 0.5), (2, 0.7)] {
            _ = try checkpoints.keep(step: step, value: score, of: 2) { try write($0, step: step, score: score) }
        }
        func full(_ path: String) -> CheckpointError {
            .cannotWrite(path: path, reason: "the disk is full", intact: false)
        }
        var attempts = 0
        let third = try checkpoints.keep(step: 3, value: 0.6, of: 2) { path in
            attempts += 1
            guard attempts == 2 else { throw full(path) }
            try write(path, step: 3, score: 0.6)
        }
        XCTAssertEqual(third, checkpoints.path(step: 3, value: 0.6))
        XCTAssertEqual(checkpoints.entries().map(\.step), [2, 3])
        XCTAssertThrowsError(try checkpoints.keep(step: 4, value: 0.9, of: 2) { throw full($0) })
        XCTAssertEqual(checkpoints.entries().map(\.step), [2])
        // With room for another, nothing goes.
        XCTAssertThrowsError(try checkpoints.keep(step: 5, value: 0.9, of: 2) { throw full($0) })
        XCTAssertEqual(checkpoints.entries().map(\.step), [2])
    }

    func testAnEvaluationThatIsDoneAgain() throws {
        let folder = try temporaryDirectory()
        let checkpoints = KeptCheckpoints(folder: folder, criterion: .init("score", higherIsBetter: false))
        for (step, score) in [(1, 0.5), (2, 0.7), (2, 0.6), (3, 0.65)] {
            _ = try checkpoints.keep(step: step, value: score, of: 2) { try write($0, step: step, score: score) }
        }
        XCTAssertEqual(checkpoints.entries().map(\.step), [1, 2])
        XCTAssertEqual(try kept(folder).count, 2)
        // What can't be read is the first to go.
        try Data("x".utf8).write(to: URL(fileURLWithPath: folder + "/best-step-9-score-0.1000.safetensors"))
        _ = try checkpoints.keep(step: 4, value: 0.55, of: 3) { try write($0, step: 4, score: 0.55) }
        XCTAssertEqual(checkpoints.entries().map(\.step), [1, 4, 2])
    }

    func testLeftoversOfAKilledRunGo() throws {
        let folder = try temporaryDirectory()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let leftover = folder + "/best-step-4-score-0.1000.safetensors.12-34.partial"
        try Data("x".utf8).write(to: URL(fileURLWithPath: leftover))
        _ = try toyLoop(task([0.1, 0.5, 0.3, 0.2, 0.5, 0.05]), folder, options: options(2)).run()
        XCTAssertFalse(FileManager.default.fileExists(atPath: leftover))
    }
}
