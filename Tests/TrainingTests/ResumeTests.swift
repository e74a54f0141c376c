import Foundation
import NN
import Support
import Tensors
import TestSupport
import Training
import XCTest

final class ResumeTests: XCTestCase {
    private func evaluatedOptions() -> TrainingOptions {
        var options = toyOptions()
        options.evaluation = .epochs(1)
        options.best = .init("weight")
        return options
    }

    private func task() -> ToyTask {
        let task = ToyTask()
        task.score = { task in
            ["weight": Tensor.rand([1]).item() * 0 + task.net.fc1.weight.tensor.sum().item()]
        }
        return task
    }

    /// Holds two checkpoints to each other, bit by bit.
    private func assertSame(_ a: String, _ b: String, line: UInt = #line) throws {
        let first = try Checkpoint.read(a)
        let second = try Checkpoint.read(b)
        XCTAssertEqual(first.info, second.info, line: line)
        for (x, y) in [(first.model, second.model), (first.optimizer, second.optimizer)] {
            XCTAssertEqual(x.map(\.name), y.map(\.name), line: line)
            for (p, q) in zip(x, y) {
                XCTAssertEqual(p.tensor.array(Double.self), q.tensor.array(Double.self), p.name, line: line)
            }
        }
        XCTAssertEqual(first.randomState?.array(UInt8.self), second.randomState?.array(UInt8.self), line: line)
    }

    private func losses(_ folder: String) throws -> [String] {
        try MetricsLog.records(folder + "/metrics.jsonl").map {
            let losses = ($0.losses ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            return "\($0.kind) \($0.step) \(losses) \($0.metrics ?? [:]) \($0.isBest ?? false)"
        }
    }

    func testStoppingByASignalAndResumingEqualsRunningThroughBitForBit() throws {
        for adam in [false, true] {
            let whole = try temporaryDirectory()
            _ = try toyLoop(task(), whole, options: evaluatedOptions(), adam: adam).run()
            XCTAssertEqual(try losses(whole).count, 15)

            for (epoch, index) in [(0, 0), (0, 3), (0, 6), (1, 2), (2, 5)] {
                let folder = try temporaryDirectory()
                let interrupted = task()
                interrupted.beforeBatch = { if $0 == epoch && $1 == index { kill(getpid(), SIGINT) } }
                let stopped = try toyLoop(interrupted, folder, options: evaluatedOptions(), adam: adam).run()
                XCTAssertEqual(stopped.reason, .stopped)
                XCTAssertEqual(stopped.step, epoch * 4 + index / 2 + 1)
                XCTAssertEqual(stopped.resumeCommand, "toy --resume")

                let resumed = ToyTask(seed: 99)
                resumed.score = task().score
                let recorder = EventRecorder()
                let outcome = try toyLoop(
                    resumed, folder, options: evaluatedOptions(), adam: adam, observers: [recorder]
                ).run(resume: true)
                XCTAssertEqual(outcome.reason, .completed)
                XCTAssertEqual(recorder.steps.first?.step, stopped.step + 1)
                try assertSame(whole + "/last.safetensors", folder + "/last.safetensors")
                try assertSame(whole + "/best.safetensors", folder + "/best.safetensors")
                XCTAssertEqual(try losses(folder), try losses(whole))
            }
        }
    }

    func testARunThatWasKilledGoesOnFromItsLastCheckpointAndRecordsNoStepTwice() throws {
        struct Crash: Error {}
        let whole = try temporaryDirectory()
        let folder = try temporaryDirectory()
        var options = toyOptions()
        options.checkpoints = .steps(3)
        _ = try toyLoop(task(), whole, options: options).run()
        let crashing = task()
        crashing.beforeBatch = { if $0 == 2 && $1 == 4 { throw Crash() } }
        XCTAssertThrowsError(try toyLoop(crashing, folder, options: options).run())
        let log = folder + "/metrics.jsonl"
        XCTAssertEqual(try MetricsLog.records(log).last?.step, 10)
        // A line that was cut short, and a checkpoint that was never renamed.
        let handle = try XCTUnwrap(FileHandle(forWritingAtPath: log))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("{\"kind\":\"step\",\"st".utf8))
        try handle.close()
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: folder + "/last.safetensors.77-12.partial"))
        XCTAssertEqual(try Checkpoint.read(folder + "/last.safetensors").info.step, 9)

        _ = try toyLoop(task(), folder, options: options).run(resume: true)
        try assertSame(whole + "/last.safetensors", folder + "/last.safetensors")
        XCTAssertEqual(try losses(folder), try losses(whole))
        XCTAssertEqual(
            try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".partial") }, [])
    }

    func testAStopDuringTheEvaluationIsMadeUpForAfterResuming() throws {
        let whole = try temporaryDirectory()
        _ = try toyLoop(task(), whole, options: evaluatedOptions()).run()
        let folder = try temporaryDirectory()
        let interrupted = task()
        interrupted.score = { _ in
            StopSignal.request()
            throw Stopped()
        }
        let stopped = try toyLoop(interrupted, folder, options: evaluatedOptions()).run()
        XCTAssertEqual(stopped.reason, .stopped)
        XCTAssertTrue(try Checkpoint.read(folder + "/last.safetensors").info.evaluationIsPending)
        _ = try toyLoop(task(), folder, options: evaluatedOptions()).run(resume: true)
        try assertSame(whole + "/last.safetensors", folder + "/last.safetensors")
        XCTAssertEqual(try losses(folder), try losses(whole))
    }

    func testMoreEpochsCanBeAddedToACompleteRun() throws {
        let folder = try temporaryDirectory()
        let whole = try temporaryDirectory()
        _ = try toyLoop(task(), whole, options: toyOptions(epochs: 3)).run()
        _ = try toyLoop(task(), folder, options: toyOptions(epochs: 2)).run()
        let unchanged = try toyLoop(task(), folder, options: toyOptions(epochs: 2)).run(resume: true)
        XCTAssertEqual(unchanged.step, 8)
        _ = try toyLoop(task(), folder, options: toyOptions(epochs: 3)).run(resume: true)
        try assertSame(whole + "/last.safetensors", folder + "/last.safetensors")
    }

    func testANewRunDoesNotOverwriteAnother() throws {
        let folder = try temporaryDirectory()
        _ = try toyLoop(task(), folder, options: toyOptions(epochs: 1)).run()
        XCTAssertThrowsError(try toyLoop(task(), folder).run()) {
            XCTAssertTrue("\($0)".contains("already holds a run"), "\($0)")
        }
    }

    func testRunsThatWouldNotContinueAreRefused() throws {
        let folder = try temporaryDirectory()
        _ = try toyLoop(task(), folder, options: toyOptions(epochs: 1)).run()
        func assertRefused(_ text: String, _ loop: TrainingLoop<ToyTask>, line: UInt = #line) {
            XCTAssertThrowsError(try loop.run(resume: true), line: line) {
                XCTAssertTrue("\($0)".contains(text), "\($0)", line: line)
            }
        }
        var otherSeed = toyOptions()
        otherSeed.seed = 12
        assertRefused("was trained with seed 11, and this run has 12", toyLoop(task(), folder, options: otherSeed))
        assertRefused("optimiser SGD, and this run has AdamW", toyLoop(task(), folder, adam: true))
        assertRefused("an accumulation of 2", toyLoop(task(), folder, options: toyOptions(accumulation: 3)))
        assertRefused("epochs of 7 batches", toyLoop(ToyTask(batchesPerEpoch: 8), folder))
        assertRefused(
            "It lacks d. It adds c.", toyLoop(task(), folder, identity: RunIdentity(classNames: ["a", "b", "d"])))
        assertRefused("there is no such checkpoint", toyLoop(task(), try temporaryDirectory()))
    }

    func testAChangedRecipeIsMentioned() throws {
        let folder = try temporaryDirectory()
        _ = try toyLoop(task(), folder, options: toyOptions(epochs: 1)).run()
        let recorder = EventRecorder()
        var options = toyOptions()
        options.schedule = .constant
        _ = try toyLoop(
            task(), folder, options: options, identity: RunIdentity(classNames: ["a", "b", "c"], recipe: "changed"),
            observers: [recorder]
        ).run(resume: true)
        XCTAssertEqual(recorder.notices.count, 2)
    }
}
