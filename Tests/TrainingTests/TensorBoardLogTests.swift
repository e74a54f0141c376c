import Foundation
import TestSupport
import Training
import XCTest

final class TensorBoardLogTests: XCTestCase {
    private func options(epochs: Int = 2) -> TrainingOptions {
        var options = toyOptions(epochs: epochs)
        options.evaluation = .epochs(1)
        options.best = .init("weight")
        return options
    }

    private func task() -> ToyTask {
        let task = ToyTask()
        task.score = { ["weight": $0.net.fc1.weight.tensor.sum().item()] }
        return task
    }

    func testARunWritesWhatItsRecordsSay() throws {
        let folder = try temporaryDirectory()
        let log = TensorBoardLog(folder: folder, texts: [("recipe", "toy")])
        _ = try toyLoop(task(), folder, options: options(), observers: [log]).run()
        let files = try EventReader.files(in: folder)
        XCTAssertEqual(files.count, 1)
        let events = try EventReader.events(files[0])
        XCTAssertEqual(events[0].version, "brain.Event:2")
        XCTAssertTrue(events[1].startsSession)
        XCTAssertEqual(events[1].step, 0)
        XCTAssertEqual(events[2].values.map(\.texts), [["    toy"]])
        let records = try MetricsLog.records(folder + "/metrics.jsonl")
        XCTAssertEqual(events.dropFirst(3).map(\.step), records.map(\.step))
        for (event, record) in zip(events.dropFirst(3), records) {
            let values = Dictionary(uniqueKeysWithValues: event.values.map { ($0.tag, $0.scalar) })
            if record.kind == .step {
                XCTAssertEqual(values["loss"], record.loss.map { Float($0) })
                XCTAssertEqual(values["loss/class"], record.losses?["class"].map { Float($0) })
                XCTAssertEqual(values["loss/size"], record.losses?["size"].map { Float($0) })
                XCTAssertEqual(values["training/learning_rate"], record.learningRate.map { Float($0) })
                XCTAssertEqual(values["training/images_per_second"], record.imagesPerSecond.map { Float($0) })
            } else {
                XCTAssertEqual(values["evaluation/weight"], record.metrics?["weight"].map { Float($0) })
            }
        }
    }

    /// The new file says which steps of the old one are void.
    func testAResumedRunHasAFileMore() throws {
        let folder = try temporaryDirectory()
        func run(epochs: Int, resume: Bool) throws {
            let log = TensorBoardLog(folder: folder, now: { resume ? 20 : 10 })
            _ = try toyLoop(task(), folder, options: options(epochs: epochs), observers: [log]).run(resume: resume)
        }
        try run(epochs: 1, resume: false)
        try run(epochs: 2, resume: true)
        let files = try EventReader.files(in: folder)
        XCTAssertEqual(files.count, 2)
        XCTAssertEqual(try EventReader.events(files[0]).map(\.step), [0, 0, 1, 2, 3, 4, 4])
        let second = try EventReader.events(files[1])
        XCTAssertTrue(second[1].startsSession)
        XCTAssertEqual(second.map(\.step), [0, 5, 5, 6, 7, 8, 8])
    }

    /// No log stops a training: each one is named once, and the rest goes on.
    func testFilesThatCannotBeWrittenStopNothing() throws {
        let folder = try temporaryDirectory()
        try FileManager.default.createDirectory(
            atPath: folder + "/metrics.csv", withIntermediateDirectories: false)
        let recorder = EventRecorder()
        let log = TensorBoardLog(folder: folder + "/nothing")
        let outcome = try toyLoop(task(), folder, options: options(), observers: [log, recorder]).run()
        XCTAssertEqual(outcome.reason, .completed)
        XCTAssertEqual(try MetricsLog.records(folder + "/metrics.jsonl").count, 10)
        XCTAssertEqual(recorder.notices.count, 2, "\(recorder.notices)")
        XCTAssertEqual(
            recorder.notices.first,
            "\(folder)/metrics.csv: can't be written (it is a folder); training goes on without it")
        let last = try XCTUnwrap(recorder.notices.last)
        XCTAssertTrue(last.hasPrefix("\(folder)/nothing/events.out.tfevents."), last)
        XCTAssertTrue(
            last.hasSuffix(": can't be written (No such file or directory); training goes on without it"), last)
    }

    /// What was in the way is gone at the next evaluation: the log goes on.
    func testALogThatFailedTriesAgain() throws {
        let folder = try temporaryDirectory() + "/run"
        let log = TensorBoardLog(folder: folder)
        func step(_ number: Int) -> TrainingEvent {
            .step(
                StepReport(
                    step: number, epoch: 0, stepInEpoch: number, stepsPerEpoch: 4, losses: [], learningRate: 1,
                    gradientNorm: 1, images: 1, seconds: 1, dataSeconds: 0))
        }
        let plan = TrainingPlan(firstStep: 0, stepsPerEpoch: 4, parameterCount: 1)
        XCTAssertThrowsError(try log.handle(.started(plan)))
        try log.handle(step(1))
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        try log.handle(step(2))
        XCTAssertEqual(try EventReader.files(in: folder), [])
        try log.handle(
            .evaluated(EvaluationReport(step: 2, epoch: 1, metrics: ["AP": 0.5], isBest: false, seconds: 1)))
        try log.handle(step(3))
        let file = try XCTUnwrap(EventReader.files(in: folder).first)
        XCTAssertEqual(try EventReader.events(file).map(\.step), [0, 2, 3])
    }
}
