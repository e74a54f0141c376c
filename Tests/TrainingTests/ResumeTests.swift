import Foundation
import NN
import SimulatedDevice
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

    private func task(_ device: Device = .cpu) -> ToyTask {
        let task = ToyTask(device: device)
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
        for (x, y) in [
            (first.model, second.model), (first.trained, second.trained), (first.optimizer, second.optimizer),
        ] {
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

    func testAModelAloneIsNoRun() throws {
        let folder = try temporaryDirectory()
        let outcome = try toyLoop(task(), folder, options: evaluatedOptions()).run()
        let checkpoint = try Checkpoint.read(outcome.lastCheckpoint)
        try Checkpoint(info: checkpoint.info, model: checkpoint.model).write(to: outcome.lastCheckpoint)
        XCTAssertThrowsError(try toyLoop(task(), folder, options: evaluatedOptions()).run(resume: true)) {
            XCTAssertTrue("\($0)".contains("without its optimiser's state"), "\($0)")
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
                // Raised on the thread that trains: another thread may take a signal of the process a step later.
                interrupted.beforeBatch = { if $0 == epoch && $1 == index { raise(SIGINT) } }
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

    func testAnAverageOfTheWeightsResumesBitForBit() throws {
        var options = evaluatedOptions()
        options.averaging = WeightAveraging(decay: 0.9, warmupSteps: 3)
        options.keptBest = 2
        let whole = try temporaryDirectory()
        _ = try toyLoop(task(), whole, options: options).run()
        XCTAssertFalse(try Checkpoint.read(whole + "/last.safetensors").trained.isEmpty)
        for (epoch, index) in [(0, 3), (1, 6), (2, 5)] {
            let folder = try temporaryDirectory()
            let interrupted = task()
            interrupted.beforeBatch = { if $0 == epoch && $1 == index { raise(SIGINT) } }
            XCTAssertEqual(try toyLoop(interrupted, folder, options: options).run().reason, .stopped)
            let resumed = ToyTask(seed: 99)
            resumed.score = task().score
            XCTAssertEqual(try toyLoop(resumed, folder, options: options).run(resume: true).reason, .completed)
            try assertSame(whole + "/last.safetensors", folder + "/last.safetensors")
            try assertSame(whole + "/best.safetensors", folder + "/best.safetensors")
            XCTAssertEqual(try losses(folder), try losses(whole))
        }
    }

    func testARunThatWasKilledGoesOnFromItsLastCheckpointAndRecordsNoStepTwice() throws {
        struct Crash: Error {}
        let whole = try temporaryDirectory()
        let folder = try temporaryDirectory()
        var options = toyOptions()
        options.checkpoints = .steps(3)
        _ = try toyLoop(task(), whole, options: options).run()
        let crash = EventRecorder()
        crash.onEvent = { if case .step(let report) = $0, report.step == 10 { throw Crash() } }
        XCTAssertThrowsError(try toyLoop(task(), folder, options: options, observers: [crash]).run())
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

    /// An error of the data, also within a step of two batches, loses no step; nor where a device's batch is taken ahead.
    func testAnErrorOfTheDataSavesAndTheRunGoesOnBitForBit() throws {
        try expectARunThroughErrorsOfData(on: .cpu)
        try SimulatedDevice.use(expectARunThroughErrorsOfData)
        // Before the first step there is nothing to save.
        let folder = try temporaryDirectory()
        let damaged = task()
        damaged.beforeBatch = { _, _ in throw Cut() }
        XCTAssertThrowsError(try toyLoop(damaged, folder).run())
        XCTAssertFalse(FileManager.default.fileExists(atPath: folder + "/last.safetensors"))
    }

    private struct Cut: Error {}

    private func expectARunThroughErrorsOfData(on device: Device) throws {
        let whole = try temporaryDirectory()
        _ = try toyLoop(task(device), whole, options: evaluatedOptions()).run()
        for (epoch, index, step) in [(0, 2, 1), (0, 3, 1), (1, 5, 6), (2, 6, 11)] {
            let folder = try temporaryDirectory()
            let damaged = task(device)
            damaged.beforeBatch = { if $0 == epoch && $1 == index { throw Cut() } }
            let recorder = EventRecorder()
            XCTAssertThrowsError(
                try toyLoop(damaged, folder, options: evaluatedOptions(), observers: [recorder]).run()
            ) { XCTAssertTrue($0 is Cut, "\($0)") }
            XCTAssertEqual(try Checkpoint.read(folder + "/last.safetensors").info.step, step)
            XCTAssertEqual(
                recorder.notices,
                [
                    "step \(step) is saved in \(folder)/last.safetensors; mend the data, then go on from it: toy --resume"
                ])
            _ = try toyLoop(task(device), folder, options: evaluatedOptions()).run(resume: true)
            try assertSame(whole + "/last.safetensors", folder + "/last.safetensors")
            XCTAssertEqual(try losses(folder), try losses(whole))
        }
    }

    func testCheckpointsBetweenEpochsAreWrittenByStepsAndByTime() throws {
        func saved(_ change: (inout TrainingOptions) -> Void, slow: Bool = false) throws -> [Int] {
            var options = toyOptions(epochs: 2)
            change(&options)
            let recorder = EventRecorder()
            let task = task()
            if slow { task.beforeBatch = { if $0 == 1 && $1 == 2 { usleep(400_000) } } }
            _ = try toyLoop(task, try temporaryDirectory(), options: options, observers: [recorder]).run()
            var step = 0
            return recorder.events.compactMap { event in
                if case .step(let report) = event { step = report.step }
                if case .checkpointSaved(_, .last) = event { return step }
                return nil
            }
        }
        XCTAssertEqual(try saved { _ in }, [4, 8])
        XCTAssertEqual(try saved { $0.checkpointSteps = 3 }, [3, 4, 6, 8])
        XCTAssertEqual(try saved { $0.checkpointSeconds = 0 }, [1, 2, 3, 4, 5, 6, 7, 8])
        XCTAssertEqual(try saved({ $0.checkpointSeconds = 0.3 }, slow: true), [4, 6, 8])
        XCTAssertEqual(
            try saved {
                $0.checkpoints = .never
                $0.checkpointSeconds = nil
            }, [8])
    }

    func testAFolderIsLockedByTheTrainingInIt() throws {
        let folder = try temporaryDirectory()
        let partial = folder + "/last.safetensors.77-12.partial"
        let recorder = EventRecorder()
        var refused = 0
        recorder.onEvent = { event in
            guard case .step(let report) = event, report.step == 5 else { return }
            try Data([1]).write(to: URL(fileURLWithPath: partial))
            for resume in [false, true] {
                XCTAssertThrowsError(try toyLoop(self.task(), folder).run(resume: resume)) {
                    XCTAssertTrue("\($0)".hasPrefix("\(folder): process \(getpid()) on "), "\($0)")
                    refused += 1
                }
            }
            XCTAssertTrue(FileManager.default.fileExists(atPath: partial), "it may be the running training's")
        }
        let outcome = try toyLoop(task(), folder, observers: [recorder]).run()
        XCTAssertEqual(outcome.reason, .completed)
        XCTAssertEqual(refused, 2)
        // Whoever comes afterwards finds the folder free.
        XCTAssertEqual(try toyLoop(task(), folder).run(resume: true).step, 12)
        XCTAssertFalse(FileManager.default.fileExists(atPath: partial))
    }

    func testARunGoesOnFromTheBestOrFromAFile() throws {
        func best() -> ToyTask {
            let task = ToyTask()
            var scores = [0.3, 0.9, 0.5].makeIterator()
            task.score = { _ in ["weight": scores.next() ?? 0.1] }
            return task
        }
        let folder = try temporaryDirectory()
        _ = try toyLoop(best(), folder, options: evaluatedOptions()).run()
        let copy = try temporaryDirectory() + "/step8.safetensors"
        try FileManager.default.copyItem(atPath: folder + "/best.safetensors", toPath: copy)
        for (source, into) in [(folder + "/best.safetensors", folder), (copy, try temporaryDirectory())] {
            let recorder = EventRecorder()
            let outcome = try toyLoop(task(), into, options: toyOptions(), observers: [recorder]).run(
                resume: true, from: source)
            XCTAssertEqual(recorder.steps.map(\.step), [9, 10, 11, 12])
            XCTAssertEqual(outcome.step, 12)
            guard
                case .started(let plan)? = recorder.events.first(where: {
                    if case .started = $0 { true } else { false }
                })
            else { return XCTFail("no plan") }
            XCTAssertEqual(plan.resumedFrom, source)
            // A folder without a best checkpoint tells of none.
            XCTAssertEqual(outcome.bestCheckpoint, into == folder ? folder + "/best.safetensors" : nil)
            XCTAssertEqual(outcome.best?.step, into == folder ? 8 : nil)
        }
    }

    func testChangesThatMakeAnotherTrainingAreAcceptedWhenSaid() throws {
        let folder = try temporaryDirectory()
        var first = toyOptions(epochs: 1)
        first.steps = 2
        _ = try toyLoop(task(), folder, options: first).run()
        var changed = toyOptions(epochs: 1, accumulation: 1)
        changed.seed = 5
        let recorder = EventRecorder()
        let outcome = try toyLoop(ToyTask(batchesPerEpoch: 14), folder, options: changed, observers: [recorder]).run(
            resume: true, acceptingChanges: true)
        // Four of seven batches were taken: eight of fourteen.
        XCTAssertEqual(outcome.step, 2 + 6)
        XCTAssertThrowsError(try toyLoop(task(), folder, adam: true).run(resume: true, acceptingChanges: true))
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
