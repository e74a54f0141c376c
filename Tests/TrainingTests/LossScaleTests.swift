import Foundation
import SimulatedDevice
import Tensors
import TestSupport
import Training
import XCTest

/// The factor on the loss of trainings in float16: its rule, and that it changes nothing but the steps that it leaves out.
final class LossScaleTests: XCTestCase {
    private func options(_ scale: LossScale?) -> TrainingOptions {
        var options = toyOptions()
        options.lossScale = scale
        return options
    }

    private func state(_ folder: String) throws -> [String: [Double]] {
        let checkpoint = try Checkpoint.read(folder + "/last.safetensors")
        return Dictionary(
            uniqueKeysWithValues: (checkpoint.model + checkpoint.optimizer).map {
                ($0.name, $0.tensor.array(Double.self))
            })
    }

    /// The factor is a power of two, so steps that overflow nothing are the very same ones.
    func testAFactorThatOverflowsNothingChangesNoBit() throws {
        for adam in [false, true] {
            let plain = try temporaryDirectory(), scaled = try temporaryDirectory()
            _ = try toyLoop(ToyTask(), plain, options: options(nil), adam: adam).run()
            let recorder = EventRecorder()
            _ = try toyLoop(
                ToyTask(), scaled, options: options(LossScale(1024, growthInterval: 5)), adam: adam,
                observers: [recorder]
            ).run()
            XCTAssertEqual(try state(scaled), try state(plain))
            // Twelve steps: doubled behind the fifth and the tenth.
            XCTAssertEqual(
                recorder.steps.compactMap { $0.lossScale?.value },
                [1024, 1024, 1024, 1024, 2048, 2048, 2048, 2048, 2048]
                    + [4096, 4096, 4096])
            XCTAssertEqual(recorder.steps.last?.lossScale?.skippedSteps, 0)
        }
    }

    func testAStepThatOverflowsIsLeftOut() throws {
        try expectAStepLeftOut(on: .cpu)
        try SimulatedDevice.use(expectAStepLeftOut)
    }

    private func expectAStepLeftOut(on device: Device) throws {
        for adam in [false, true] {
            let folder = try temporaryDirectory()
            let task = ToyTask(device: device)
            // The second batch of the second step.
            task.poison = (0, 3, "gradient")
            let recorder = EventRecorder()
            var weights: [[Float]] = []
            recorder.onEvent = {
                if case .step = $0 { weights.append(task.net.size.weight.tensor.array(Float.self)) }
            }
            let outcome = try toyLoop(
                task, folder, options: options(LossScale(8, growthInterval: 4)), adam: adam, observers: [recorder]
            ).run()
            XCTAssertEqual(outcome.step, 12)
            XCTAssertEqual(weights[1], weights[0], "the step moves nothing")
            XCTAssertNotEqual(weights[2], weights[1])
            XCTAssertFalse(recorder.steps[1].gradientNorm.isFinite)
            XCTAssertTrue(recorder.steps.enumerated().allSatisfy { $0 == 1 || $1.gradientNorm.isFinite })
            XCTAssertEqual(recorder.steps.map { $0.lossScale?.value }, [8, 4, 4, 4, 4, 8, 8, 8, 8, 16, 16, 16])
            XCTAssertEqual(recorder.steps.map { $0.lossScale?.skippedSteps }, [0] + Array(repeating: 1, count: 11))
            let records = try MetricsLog.records(folder + "/metrics.jsonl").filter { $0.kind == .step }
            XCTAssertEqual(records.map(\.lossScale), recorder.steps.map { $0.lossScale?.value })
            XCTAssertEqual(records.last?.skippedSteps, 1)
            XCTAssertEqual(records[1].gradientNorm.map(\.isFinite), false)
            // The optimiser has not counted it.
            XCTAssertEqual(try state(folder)["size.weight/step"], [11])
        }
    }

    /// At a factor of one, it isn't the factor's fault.
    func testAGradientThatOverflowsWithoutAFactorEndsTheTraining() throws {
        let task = ToyTask()
        task.poison = (0, 3, "gradient")
        XCTAssertThrowsError(try toyLoop(task, try temporaryDirectory(), options: options(LossScale(1))).run()) {
            guard case TrainingError.nonFiniteGradient(["size.weight"], _, 2, _, _) = $0 else {
                return XCTFail("\($0)")
            }
        }
        let lost = ToyTask()
        lost.poison = (0, 3, "class")
        XCTAssertThrowsError(try toyLoop(lost, try temporaryDirectory(), options: options(LossScale())).run()) {
            guard case TrainingError.nonFiniteLoss = $0 else { return XCTFail("\($0)") }
        }
    }

    /// The factor, its steps and what was left out go on where they were.
    func testGoingOnIsExact() throws {
        func loop(_ task: ToyTask, _ folder: String, _ recorder: EventRecorder) -> TrainingLoop<ToyTask> {
            task.poison = (0, 3, "gradient")
            return toyLoop(
                task, folder, options: options(LossScale(8, growthInterval: 4)), adam: true, observers: [recorder])
        }
        let whole = try temporaryDirectory(), halves = try temporaryDirectory()
        let all = EventRecorder(), first = EventRecorder(), second = EventRecorder()
        _ = try loop(ToyTask(), whole, all).run()
        let stopped = ToyTask()
        stopped.beforeBatch = { if $0 == 1 && $1 == 2 { raise(SIGINT) } }
        XCTAssertEqual(try loop(stopped, halves, first).run().reason, .stopped)
        XCTAssertEqual(try Checkpoint.readInfo(halves + "/last.safetensors").lossScale?.skippedSteps, 1)
        _ = try loop(ToyTask(seed: 5), halves, second).run(resume: true)
        XCTAssertEqual(try state(halves), try state(whole))
        XCTAssertEqual((first.steps + second.steps).map(\.lossScale), all.steps.map(\.lossScale))
        XCTAssertEqual(
            try Checkpoint.readInfo(halves + "/last.safetensors").lossScale,
            try Checkpoint.readInfo(whole + "/last.safetensors").lossScale)
    }

    /// A run without a factor may go on with one, and the other way round.
    func testAFactorMayComeAndGo() throws {
        let folder = try temporaryDirectory()
        var half = options(nil)
        half.epochs = 1
        _ = try toyLoop(ToyTask(), folder, options: half).run()
        half.epochs = 2
        half.lossScale = LossScale(64)
        _ = try toyLoop(ToyTask(), folder, options: half).run(resume: true)
        XCTAssertEqual(try Checkpoint.readInfo(folder + "/last.safetensors").lossScale?.stepsSinceChange, 4)
        half.epochs = 3
        half.lossScale = nil
        _ = try toyLoop(ToyTask(), folder, options: half).run(resume: true)
        XCTAssertNil(try Checkpoint.readInfo(folder + "/last.safetensors").lossScale)
    }
}
