import Foundation
import NN
import Tensors
import TestSupport
import Training
import XCTest

final class WeightAveragingTests: XCTestCase {
    func testTheDecayGrows() {
        let averaging = WeightAveraging(decay: 0.9, warmupSteps: 10)
        XCTAssertEqual(averaging.decay(step: 1), 0.9 * (1 - exp(-0.1)), accuracy: 1e-12)
        XCTAssertEqual(averaging.decay(step: 10), 0.9 * (1 - exp(-1)), accuracy: 1e-12)
        XCTAssertEqual(averaging.decay(step: 10_000), 0.9, accuracy: 1e-12)
        XCTAssertEqual(WeightAveraging(decay: 0.9, warmupSteps: 0).decay(step: 1), 0.9)
    }

    private func options(_ averaging: WeightAveraging?) -> TrainingOptions {
        var options = toyOptions()
        options.evaluation = .epochs(1)
        options.best = .init("weight")
        options.averaging = averaging
        return options
    }

    private func values(_ state: [(name: String, tensor: Tensor)], _ name: String) throws -> [Double] {
        try XCTUnwrap(state.first { $0.name == name }).tensor.array(Double.self)
    }

    /// The mean over the steps, computed beside the run; of norms' statistics too, and the counts of batches are the model's.
    func testTheCheckpointHoldsTheAverageAndTheWeights() throws {
        let averaging = WeightAveraging(decay: 0.8, warmupSteps: 4)
        let task = ToyTask(), folder = try temporaryDirectory()
        var measured: [Double] = []
        task.score = { task in
            measured.append(task.net.fc1.weight.tensor.sum().item())
            XCTAssertEqual(
                task.net.bn.numBatchesTracked.tensor.itemInt(), measured.count * 7, "averaging leaves counts alone")
            return ["weight": 1]
        }
        let names = ["fc1.weight", "classifier.bias", "bn.running_mean", "bn.running_var"]
        var means = try names.map { try values(task.net.stateDict(), $0) }
        var expected: [Double] = []
        let recorder = EventRecorder()
        recorder.onEvent = { event in
            switch event {
            case .step(let report):
                let keep = averaging.decay(step: report.step)
                for (i, name) in names.enumerated() {
                    let now = try self.values(task.net.stateDict(), name)
                    means[i] = zip(means[i], now).map { keep * $0 + (1 - keep) * $1 }
                }
            case .evaluationStarted: expected.append(means[0].reduce(0, +))
            default: break
            }
        }
        _ = try toyLoop(task, folder, options: options(averaging), observers: [recorder]).run()
        let checkpoint = try Checkpoint.read(folder + "/last.safetensors")
        for (name, mean) in zip(names, means) {
            for (x, y) in zip(try values(checkpoint.model, name), mean) { XCTAssertEqual(x, y, accuracy: 1e-5, name) }
            XCTAssertEqual(try values(checkpoint.trained, name), try values(task.net.stateDict(), name), name)
            XCTAssertNotEqual(try values(checkpoint.trained, name), try values(checkpoint.model, name), name)
        }
        XCTAssertEqual(measured.count, 3)
        for (x, y) in zip(measured, expected) { XCTAssertEqual(x, y, accuracy: 1e-5) }
        XCTAssertEqual(checkpoint.info.averaging, averaging)
        // What is used is the average.
        let used = try Checkpoint.readModel(folder + "/last.safetensors")
        XCTAssertTrue(used.trained.isEmpty)
        XCTAssertEqual(used.model.map(\.name), checkpoint.model.map(\.name))
        XCTAssertEqual(try values(used.model, "fc1.weight"), try values(checkpoint.model, "fc1.weight"))
    }

    func testAveragingDoesNotChangeTheSteps() throws {
        let (plain, averaged) = try (temporaryDirectory(), temporaryDirectory())
        for (folder, averaging) in [(plain, nil), (averaged, WeightAveraging(decay: 0.99))] {
            let task = ToyTask()
            task.score = { _ in ["weight": 1] }
            _ = try toyLoop(task, folder, options: options(averaging)).run()
        }
        let (a, b) = try (
            Checkpoint.read(plain + "/last.safetensors"), Checkpoint.read(averaged + "/last.safetensors")
        )
        XCTAssertEqual(a.model.map(\.name), b.trained.map(\.name))
        for (x, y) in zip(a.model, b.trained) {
            XCTAssertEqual(x.tensor.array(Double.self), y.tensor.array(Double.self), x.name)
        }
    }

    func testARunBeginsAndEndsToAverage() throws {
        let folder = try temporaryDirectory()
        func run(_ steps: Int, _ averaging: WeightAveraging?, resume: Bool) throws -> [String] {
            let task = ToyTask(), recorder = EventRecorder()
            task.score = { _ in ["weight": 1] }
            var chosen = self.options(averaging)
            chosen.steps = steps
            _ = try toyLoop(task, folder, options: chosen, observers: [recorder]).run(resume: resume)
            return recorder.notices
        }
        _ = try run(2, nil, resume: false)
        let averaging = WeightAveraging(decay: 0.5, warmupSteps: 0)
        XCTAssertEqual(
            try run(4, averaging, resume: true), ["the average of the weights begins with those of step 2"])
        XCTAssertFalse(try Checkpoint.read(folder + "/last.safetensors").trained.isEmpty)
        // Without an average, the run goes on with the weights that were moved.
        XCTAssertEqual(try run(6, nil, resume: true), [])
        let plain = try Checkpoint.read(folder + "/last.safetensors")
        XCTAssertTrue(plain.trained.isEmpty)
        let whole = try temporaryDirectory(), task = ToyTask()
        task.score = { _ in ["weight": 1] }
        var plainOptions = options(nil)
        plainOptions.steps = 6
        _ = try toyLoop(task, whole, options: plainOptions).run()
        XCTAssertEqual(
            try values(plain.model, "fc1.weight"),
            try values(Checkpoint.read(whole + "/last.safetensors").model, "fc1.weight"))
    }
}
