import Foundation
import NN
import SimulatedDevice
import Support
import Tensors
import TestSupport
import Training
import XCTest

final class TrainingLoopTests: XCTestCase {
    func testStepsEpochsAndRatesAreAsPlanned() throws {
        let recorder = EventRecorder()
        let outcome = try toyLoop(ToyTask(), try temporaryDirectory(), observers: [recorder]).run()
        XCTAssertEqual(outcome.reason, .completed)
        XCTAssertEqual(outcome.step, 12)
        XCTAssertEqual(outcome.epoch, 3)
        XCTAssertNil(outcome.resumeCommand)
        let steps = recorder.steps
        XCTAssertEqual(steps.map(\.step), Array(1...12))
        XCTAssertEqual(steps.map(\.stepInEpoch), [1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4])
        XCTAssertEqual(steps.map(\.images), [12, 12, 12, 6, 12, 12, 12, 6, 12, 12, 12, 6])
        let factors = [0.1, 0.325, 0.55, 0.775, 1, 1, 1, 1, 0.1, 0.1, 0.1, 0.1]
        for (report, factor) in zip(steps, factors) {
            XCTAssertEqual(report.learningRate, 0.2 * factor, accuracy: 1e-12)
        }
        XCTAssertEqual(steps[0].losses.map(\.name), ["class", "size"])
        guard case .started(let plan)? = recorder.events.first else { return XCTFail("no plan") }
        XCTAssertEqual(plan.totalSteps, 12)
        XCTAssertEqual(plan.stepsPerEpoch, 4)
    }

    func testTheLossFalls() throws {
        let recorder = EventRecorder()
        let task = ToyTask()
        var options = toyOptions(epochs: 30, accumulation: 1)
        options.schedule = .constant
        options.checkpoints = .never
        _ = try toyLoop(task, try temporaryDirectory(), options: options, adam: true, observers: [recorder]).run()
        let sizes = recorder.steps.map { $0.losses[1].value }
        XCTAssertLessThan(sizes.suffix(30).reduce(0, +), 0.5 * sizes.prefix(30).reduce(0, +))
    }

    /// Batch norm makes a step of several batches differ from one of a larger batch, so this one has none.
    func testAccumulatedGradientsAreTheMeanOverTheBatches() throws {
        final class Task: TrainingTask {
            let layer = Linear(2, 1, bias: false)
            var model: Module { layer }
            var batchesPerEpoch: Int { 3 }
            func batches(epoch: Int, startingAt first: Int) -> () throws -> Tensor? {
                var rest = [Tensor([Float(1), 0]), Tensor([Float(0), 3]), Tensor([Float(8), 8])].dropFirst(first)
                return { rest.popFirst() }
            }
            func losses(_ batch: Tensor) -> [(name: String, value: Tensor)] { [("sum", layer(batch).sum())] }
            func imageCount(_ batch: Tensor) -> Int { 1 }
            func describe(_ batch: Tensor) -> String { "x" }
        }
        let task = Task()
        task.layer.weight.initialize(.zeros)
        var options = TrainingOptions(epochs: 1)
        options.accumulation = 2
        let sgd = SGD(groups: ParameterGroup.split(task.layer, weightDecay: 0), learningRate: 1)
        _ = try TrainingLoop(task: task, optimizer: sgd, options: options, folder: try temporaryDirectory()).run()
        // The first step takes the mean of two batches, the second the one that is left.
        XCTAssertEqual(task.layer.weight.tensor.array(Float.self), [-0.5 - 8, -1.5 - 8])
    }

    func testEvaluationsChooseTheBestAndChangeNothing() throws {
        func train(_ folder: String, evaluated: Bool) throws -> (EventRecorder, ToyTask, TrainingOutcome) {
            let task = ToyTask()
            var scores = [0.3, 0.9, 0.5].makeIterator()
            task.score = { task in
                XCTAssertFalse(task.net.dropout.isTraining)
                XCTAssertFalse(isGradEnabled)
                _ = Tensor.rand([5])
                return ["AP": scores.next() ?? 0, "other": 1]
            }
            let recorder = EventRecorder()
            var options = toyOptions()
            options.evaluation = evaluated ? .epochs(1) : .never
            options.best = .init("AP")
            let outcome = try toyLoop(task, folder, options: options, observers: [recorder]).run()
            XCTAssertTrue(task.net.dropout.isTraining)
            return (recorder, task, outcome)
        }
        let folder = try temporaryDirectory()
        let (recorder, task, outcome) = try train(folder, evaluated: true)
        XCTAssertEqual(recorder.evaluations.map(\.isBest), [true, true, false])
        XCTAssertEqual(recorder.evaluations.map(\.step), [4, 8, 12])
        XCTAssertEqual(outcome.best, BestScore(metric: "AP", value: 0.9, step: 8))
        XCTAssertEqual(outcome.metrics["AP"], 0.5)
        let best = try Checkpoint.read(folder + "/best.safetensors")
        XCTAssertEqual(best.info.step, 8)
        XCTAssertEqual(try Checkpoint.read(folder + "/last.safetensors").info.best?.step, 8)

        let (_, plain, _) = try train(try temporaryDirectory(), evaluated: false)
        for (a, b) in zip(task.model.stateDict(), plain.model.stateDict()) {
            XCTAssertEqual(a.tensor.array(Float.self), b.tensor.array(Float.self), a.name)
        }
    }

    func testAMetricThatIsntEvaluatedIsAnErrorThatNamesTheOthers() throws {
        let task = ToyTask()
        task.score = { _ in ["AP": 1, "AP50": 1] }
        var options = toyOptions()
        options.evaluation = .steps(1)
        options.best = .init("mAP")
        XCTAssertThrowsError(try toyLoop(task, try temporaryDirectory(), options: options).run()) {
            XCTAssertEqual(
                "\($0)", "the best checkpoint is to be chosen by 'mAP', but the evaluation gives AP, AP50")
        }
    }

    func testAMetricThatDoesNotExistIsNeverTheBestAndIsSaid() throws {
        let folder = try temporaryDirectory()
        let task = ToyTask()
        var scores = [Double.nan, 0.2, .nan].makeIterator()
        task.score = { _ in ["AP": scores.next() ?? 0, "APl": .nan, "AR": 1] }
        var options = toyOptions()
        options.evaluation = .epochs(1)
        options.best = .init("AP")
        let recorder = EventRecorder()
        let outcome = try toyLoop(task, folder, options: options, observers: [recorder]).run()
        XCTAssertEqual(recorder.evaluations.map(\.isBest), [false, true, false])
        XCTAssertEqual(recorder.evaluations[0].metrics, ["AR": 1])
        XCTAssertEqual(outcome.best, BestScore(metric: "AP", value: 0.2, step: 8))
        XCTAssertEqual(recorder.notices.count, 2)
        XCTAssertTrue(recorder.notices[0].hasPrefix("AP does not exist at step 4"), recorder.notices[0])

        let none = ToyTask()
        none.score = { _ in ["AP": .nan] }
        let other = try temporaryDirectory()
        let without = try toyLoop(none, other, options: options).run()
        XCTAssertNil(without.best)
        XCTAssertNil(without.bestCheckpoint)
        XCTAssertFalse(FileManager.default.fileExists(atPath: other + "/best.safetensors"))
    }

    /// The batch asks for more memory than a machine can address.
    func testTooLittleMemoryIsAnErrorThatNamesTheBatch() throws {
        final class Task: TrainingTask {
            let layer = Linear(2, 1, bias: false)
            var model: Module { layer }
            var batchesPerEpoch: Int { 3 }
            func batches(epoch: Int, startingAt first: Int) -> () throws -> Int? {
                var rest = [1, 1, 1 << 45].dropFirst(first)
                return { rest.popFirst() }
            }
            func losses(_ batch: Int) -> [(name: String, value: Tensor)] {
                [("sum", layer(Tensor.zeros([batch, 2])).sum())]
            }
            func imageCount(_ batch: Int) -> Int { batch }
            func describe(_ batch: Int) -> String { "x" }
            func work(_ batch: Int) -> OutOfMemory.Work? {
                .init("a batch of \(batch) rows", advice: "lower training.batch")
            }
        }
        let task = Task(), recorder = EventRecorder(), folder = try temporaryDirectory()
        let sgd = SGD(groups: ParameterGroup.split(task.layer, weightDecay: 0), learningRate: 1)
        var options = TrainingOptions(epochs: 1)
        options.checkpointSteps = 1
        let loop = TrainingLoop(task: task, optimizer: sgd, options: options, folder: folder, observers: [recorder])
        XCTAssertThrowsError(try loop.run()) { error in
            XCTAssertTrue(
                "\(error)".hasPrefix(
                    "out of memory at a batch of 35184372088832 rows: lower training.batch. What failed was "),
                "\(error)")
        }
        XCTAssertEqual(recorder.notices, ["the last checkpoint, \(folder)/last.safetensors, is of step 2"])
        XCTAssertEqual(try Checkpoint.read(folder + "/last.safetensors").info.step, 2)
    }

    /// On a device the loop never looks at a number before the step is taken; it takes the same steps.
    func testADeviceTakesTheCPUsSteps() throws {
        for adam in [false, true] {
            func last(_ device: Device) throws -> (checkpoint: Data, reports: [StepReport]) {
                let recorder = EventRecorder()
                let loop = toyLoop(
                    ToyTask(device: device), try temporaryDirectory(), adam: adam, observers: [recorder])
                let outcome = try loop.run()
                return (try Data(contentsOf: URL(fileURLWithPath: outcome.lastCheckpoint)), recorder.steps)
            }
            let there = try SimulatedDevice.use(last)
            let here = try SimulatedDevice.composed(last)
            XCTAssertTrue(there.checkpoint == here.checkpoint, "adam \(adam)")
            XCTAssertEqual(there.reports.count, 12)
            XCTAssertEqual(there.reports.map(\.gradientNorm), here.reports.map(\.gradientNorm))
            XCTAssertEqual(there.reports.map { $0.losses.map(\.value) }, here.reports.map { $0.losses.map(\.value) })
            XCTAssertTrue(there.reports.contains { $0.gradientNorm > 0.5 }, "nothing was clipped")
        }
    }

    /// While a device computes a step, the host takes the next step's first batch, if there is one.
    func testADevicesNextBatchIsTakenBeforeAStepEnds() throws {
        func order(_ device: Device) throws -> [String] {
            let task = ToyTask(batchesPerEpoch: 5, device: device)
            let recorder = EventRecorder()
            var order: [String] = []
            task.beforeBatch = { _, index in order.append("\(recorder.steps.count):\(index)") }
            var options = toyOptions()
            options.steps = 5
            _ = try toyLoop(task, try temporaryDirectory(), options: options, observers: [recorder]).run()
            return order
        }
        // Five batches are three steps, and the limit of five steps ends the second epoch early.
        XCTAssertEqual(try order(.cpu), ["0:0", "0:1", "1:2", "1:3", "2:4", "3:0", "3:1", "4:2", "4:3"])
        XCTAssertEqual(
            try SimulatedDevice.use(order), ["0:0", "0:1", "0:2", "1:3", "1:4", "3:0", "3:1", "3:2", "4:3"])
    }

    func testANonFiniteLossStopsWithTheTermTheImagesAndTheBatch() throws {
        try expectAStopForANonFiniteLoss(on: .cpu)
        try SimulatedDevice.use(expectAStopForANonFiniteLoss)
    }

    private func expectAStopForANonFiniteLoss(on device: Device) throws {
        for term in ["class", "size"] {
            let folder = try temporaryDirectory()
            let task = ToyTask(device: device)
            task.poison = (epoch: 1, index: 3, term: term)
            var options = toyOptions()
            options.checkpoints = .steps(1)
            XCTAssertThrowsError(try toyLoop(task, folder, options: options).run()) { error in
                guard case TrainingError.nonFiniteLoss(term, let value, 6, "images 1-3.jpg", let batch?) = error
                else { return XCTFail("\(error)") }
                XCTAssertFalse(value.isFinite)
                XCTAssertTrue("\(error)".contains("'\(term)'"), "\(error)")
                XCTAssertTrue("\(error)".contains(batch), "\(error)")
            }
            let saved = try Safetensors.read(folder + "/failed_batch.safetensors")
            XCTAssertEqual(saved.metadata["step"], "6")
            let inputs = saved.tensors.first { $0.name == "batch1/inputs" }?.tensor
            XCTAssertEqual(inputs?.array(Float.self), ToyTask.values(1004, 24))
            XCTAssertTrue(saved.tensors.contains { $0.name == "model/fc1.weight" })
            let last = try Checkpoint.read(folder + "/last.safetensors")
            XCTAssertEqual(last.info.step, 5)
            // The step that can't be taken has moved no parameter.
            let now = Dictionary(uniqueKeysWithValues: task.net.stateDict())
            for (name, tensor) in last.model where !name.hasPrefix("bn.") || name.hasSuffix("ight") {
                XCTAssertEqual(now[name]?.array(Float.self), tensor.array(Float.self), "\(device) \(name)")
            }
        }
    }

    func testANonFiniteGradientNamesItsParametersAndImages() throws {
        try expectAStopForANonFiniteGradient(on: .cpu)
        try SimulatedDevice.use(expectAStopForANonFiniteGradient)
    }

    private func expectAStopForANonFiniteGradient(on device: Device) throws {
        let folder = try temporaryDirectory()
        let task = ToyTask(device: device)
        task.poison = (epoch: 0, index: 2, term: "gradient")
        XCTAssertThrowsError(try toyLoop(task, folder).run()) { error in
            guard
                case TrainingError.nonFiniteGradient(["size.weight"], _, 2, "images 0-2.jpg, images 0-3.jpg", _) = error
            else { return XCTFail("\(error)") }
        }
        XCTAssertTrue(FileManager.default.fileExists(atPath: folder + "/failed_batch.safetensors"))
        for (name, tensor) in task.model.stateDict() where name != "bn.num_batches_tracked" {
            XCTAssertTrue(tensor.array(Double.self).allSatisfy(\.isFinite), name)
        }
    }

    func testFrozenModelsAndEmptyDataAreErrors() throws {
        let frozen = ToyTask()
        frozen.model.setRequiresGrad(false)
        XCTAssertThrowsError(try toyLoop(frozen, try temporaryDirectory()).run()) {
            XCTAssertTrue("\($0)".contains("frozen"), "\($0)")
        }
        let empty = ToyTask()
        empty.available = 0
        XCTAssertThrowsError(try toyLoop(empty, try temporaryDirectory()).run()) {
            XCTAssertTrue("\($0)".contains("epoch 1 has no batches"), "\($0)")
        }
    }

    func testAnEpochMayHoldFewerBatchesThanSaid() throws {
        let task = ToyTask()
        task.available = 5
        let outcome = try toyLoop(task, try temporaryDirectory()).run()
        XCTAssertEqual(outcome.step, 9)
        XCTAssertEqual(outcome.epoch, 3)
    }

    func testLimitsOfStepsAndTime() throws {
        var options = toyOptions()
        options.epochs = nil
        options.steps = 6
        let folder = try temporaryDirectory()
        let outcome = try toyLoop(ToyTask(), folder, options: options).run()
        XCTAssertEqual(outcome.step, 6)
        XCTAssertEqual(try Checkpoint.read(outcome.lastCheckpoint).info.batchInEpoch, 4)

        options.seconds = 0
        let short = try toyLoop(ToyTask(), try temporaryDirectory(), options: options).run()
        XCTAssertEqual(short.reason, .outOfTime)
        XCTAssertEqual(short.step, 1)
        XCTAssertEqual(short.resumeCommand, "toy --resume")
    }

    func testHandlesStayConstantOverTheLoop() throws {
        let recorder = EventRecorder()
        var counts: [Int] = []
        recorder.onEvent = { if case .step = $0 { counts.append(Tensor.liveHandleCount) } }
        let options = toyOptions(epochs: 6)
        _ = try toyLoop(ToyTask(), try temporaryDirectory(), options: options, observers: [recorder]).run()
        let wholeSteps = counts.enumerated().filter { $0.offset % 4 != 3 && $0.offset > 4 }.map(\.element)
        XCTAssertEqual(Set(wholeSteps).count, 1, "live handles after each step: \(counts)")
    }

    func testWhatAnObserverThrowsStopsTheRun() throws {
        struct Failure: Error {}
        let recorder = EventRecorder()
        recorder.onEvent = { if case .step(let report) = $0, report.step == 2 { throw Failure() } }
        XCTAssertThrowsError(try toyLoop(ToyTask(), try temporaryDirectory(), observers: [recorder]).run()) {
            XCTAssertTrue($0 is Failure)
        }
        guard case .failed? = recorder.events.last else { return XCTFail("not told of the failure") }
    }
}
