import Foundation
import Tensors
import TestSupport
import Training
import XCTest

/// Trainings whose evaluations give given numbers, one after each epoch of four steps.
final class TrainingLoopScoresTests: XCTestCase {
    /// - Parameter evaluation: The number of the first evaluation, from 0.
    private func task(_ scores: [Double], from evaluation: Int = 0) -> ToyTask {
        let task = ToyTask()
        var next = evaluation
        task.score = { _ in
            defer { next += 1 }
            return ["score": scores[next], "loss": -scores[next]]
        }
        return task
    }

    private func options(patience: Int, minimumChange: Double = 0, lower: Bool = false) -> TrainingOptions {
        var options = toyOptions(epochs: 8)
        options.evaluation = .epochs(1)
        options.best = .init("score")
        options.earlyStopping = .init(
            .init(lower ? "loss" : "score", higherIsBetter: !lower), patience: patience, minimumChange: minimumChange)
        return options
    }

    func testTrainingEndsWhereItGetsNoBetter() throws {
        for lower in [false, true] {
            let folder = try temporaryDirectory()
            var text = ""
            let printer = ProgressPrinter(style: .lines(every: 1000)) { text += $0 }
            let outcome = try toyLoop(
                task([1, 3, 2, 3, 2.5, 9, 9, 9]), folder, options: options(patience: 3, lower: lower),
                observers: [printer]
            ).run()
            XCTAssertEqual(outcome.reason, .stoppedEarly)
            XCTAssertEqual(outcome.step, 20)
            XCTAssertNil(outcome.resumeCommand)
            XCTAssertEqual(outcome.best?.step, 8)
            let last = try Checkpoint.readInfo(folder + "/last.safetensors")
            XCTAssertEqual(last.waiting?.evaluations, 3)
            XCTAssertEqual(last.waiting?.best?.step, 8)
            let name = lower ? "loss was better than -3" : "score was better than 3"
            XCTAssertTrue(
                text.contains("stopped early at step 20: in none of the last 3 evaluations \(name).00"),
                text)
        }
    }

    func testWhatCounts() throws {
        func steps(_ scores: [Double], patience: Int, change: Double = 0) throws -> Int {
            try toyLoop(
                task(scores), temporaryDirectory(), options: options(patience: patience, minimumChange: change)
            ).run().step
        }
        XCTAssertEqual(try steps([1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7], patience: 2), 32)
        // Each is better than the last by too little, and the fourth better than the first by enough.
        XCTAssertEqual(try steps([1, 1.1, 1.2, 1.3, 1.3, 1.3, 1.3, 1.3], patience: 3, change: 0.25), 28)
        XCTAssertEqual(try steps([1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7], patience: 2, change: 0.25), 12)
        // A metric that does not exist is no better one.
        XCTAssertEqual(try steps([.nan, .nan, 1, 2, 3, 4, 5, 6], patience: 2), 8)
    }

    func testAnUnknownMetric() throws {
        var options = options(patience: 1)
        options.earlyStopping = .init(.init("AP"), patience: 1)
        XCTAssertThrowsError(try toyLoop(task([1]), temporaryDirectory(), options: options).run()) {
            XCTAssertTrue("\($0)".contains("'AP'"), "\($0)")
        }
    }

    /// A stop in between changes nothing, and a run that has ended early ends at once unless it may wait longer.
    func testWaitingGoesOnAfterAStop() throws {
        let scores = [3, 2, 2, 2, 4, 1, 1, 1.0], folder = try temporaryDirectory()
        let first = task(scores)
        first.beforeBatch = { if $0 == 2 && $1 == 3 { raise(SIGINT) } }
        XCTAssertEqual(try toyLoop(first, folder, options: options(patience: 3)).run().reason, .stopped)
        let second = try toyLoop(task(scores, from: 2), folder, options: options(patience: 3)).run(resume: true)
        XCTAssertEqual(second.reason, .stoppedEarly)
        XCTAssertEqual(second.step, 16)
        let third = try toyLoop(task(scores, from: 4), folder, options: options(patience: 3)).run(resume: true)
        XCTAssertEqual(third.reason, .stoppedEarly)
        XCTAssertEqual(third.step, 16)
        let fourth = try toyLoop(task(scores, from: 4), folder, options: options(patience: 4)).run(resume: true)
        XCTAssertEqual(fourth.step, 32)
        XCTAssertEqual(fourth.reason, .completed)
    }
}
