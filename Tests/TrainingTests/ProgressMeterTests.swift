import Training
import XCTest

final class ProgressMeterTests: XCTestCase {
    func testLossesAreSmoothed() {
        var meter = ProgressMeter()
        var report = StepReport(
            step: 1, epoch: 0, stepInEpoch: 1, stepsPerEpoch: 100, losses: [], learningRate: 0.02, gradientNorm: 1,
            images: 4,
            seconds: 0.5, dataSeconds: 0.05)
        for value in [1.0, 0, 1, 0] {
            report.losses = [.init(name: "loss", value: value)]
            meter.add(report)
        }
        let weights = [0.857375, 0.9025, 0.95, 1].map { $0 * 0.05 }
        XCTAssertEqual(meter.totalLoss, (weights[0] + weights[2]) / weights.reduce(0, +), accuracy: 1e-9)
    }

    func testRateWaitingAndTheTimeLeftAreOfTheLastSteps() {
        var meter = ProgressMeter(window: 2)
        XCTAssertNil(meter.secondsLeft(steps: 5))
        XCTAssertEqual(meter.imagesPerSecond, 0)
        for (seconds, images) in [(100.0, 1), (1, 8), (3, 4)] {
            meter.add(
                StepReport(
                    step: 1, epoch: 0, stepInEpoch: 1, stepsPerEpoch: 100, losses: [], learningRate: 0.02,
                    gradientNorm: 1,
                    images: images, seconds: seconds, dataSeconds: 0.5))
        }
        // The step of 100 seconds has left the window: 12 images in 4 seconds, one of them waiting.
        XCTAssertEqual(meter.imagesPerSecond, 3)
        XCTAssertEqual(meter.dataShare, 0.25)
        XCTAssertEqual(meter.secondsLeft(steps: 5), 10)
    }
}
