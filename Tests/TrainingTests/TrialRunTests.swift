import Foundation
import NN
import TestSupport
import Training
import XCTest

final class TrialRunTests: XCTestCase {
    private func trial(_ task: ToyTask) -> TrialRun<ToyTask> {
        var options = toyOptions(epochs: 1)
        options.best = .init("none")
        options.earlyStopping = .init(.init("none"), patience: 1)
        options.averaging = WeightAveraging(decay: 0.9)
        return TrialRun(task: task, optimizer: toyOptimizer(task), options: options)
    }

    /// There are more steps than an epoch has.
    func testStepsAreThoseOfATraining() throws {
        let recorder = EventRecorder()
        var options = toyOptions(epochs: 2)
        options.schedule = .constant
        _ = try toyLoop(ToyTask(), temporaryDirectory(), options: options, observers: [recorder]).run()
        var reports: [StepReport] = []
        XCTAssertTrue(
            try trial(ToyTask()).steps(6) {
                reports.append($0); return true
            })
        XCTAssertEqual(reports.map(\.totalLoss), recorder.steps.prefix(6).map(\.totalLoss))
    }

    func testATrialEndsWhereItIsTold() throws {
        var count = 0
        XCTAssertFalse(
            try trial(ToyTask()).steps(6) { _ in
                count += 1
                return count < 3
            })
        XCTAssertEqual(count, 3)
    }

    func testARangeTestGrowsTheRateAndEndsByDivergence() throws {
        let task = ToyTask()
        let range = try trial(task).learningRateRange(.init(lowest: 1e-4, highest: 1e6, steps: 50))
        for (point, next) in zip(range.points, range.points.dropFirst()) {
            XCTAssertEqual(next.learningRate / point.learningRate, pow(1e10, 1 / 49.0), accuracy: 1e-9)
        }
        XCTAssertEqual(range.points.first?.learningRate ?? 0, 1e-4, accuracy: 1e-12)
        XCTAssertTrue(range.hasDiverged)
    }

    /// A loss that becomes NaN is a divergence too.
    func testALossThatIsNotFinite() throws {
        let task = ToyTask()
        task.poison = (epoch: 3, index: 0, term: "class")
        let range = try trial(task).learningRateRange(.init(lowest: 1e-6, highest: 1e-3, steps: 50))
        XCTAssertTrue(range.hasDiverged)
        XCTAssertEqual(range.points.count, 12)
    }
}
