import Foundation
import TestSupport
import Training
import XCTest

final class LearningRateRangeTests: XCTestCase {
    private func range(_ loss: (Double) -> Double) -> LearningRateRange {
        let settings = LearningRateRange.Settings(lowest: 1e-5, highest: 10, steps: 61, smoothing: 0.5)
        var range = LearningRateRange(settings)
        for i in 0..<61 {
            let power = -5 + Double(i) / 10
            guard range.add(learningRate: pow(10, power), loss: loss(power)) else { break }
        }
        range.conclude()
        return range
    }

    func testTheSmoothedLossIsAMeanOfWhatCame() {
        var range = LearningRateRange(.init(steps: 10, smoothing: 0.5))
        XCTAssertTrue(range.add(learningRate: 1, loss: 4))
        XCTAssertTrue(range.add(learningRate: 2, loss: 1))
        XCTAssertTrue(range.add(learningRate: 3, loss: 8))
        // Weights 1, 2 and 4.
        XCTAssertEqual(range.points.map(\.smoothedLoss), [4, 2, (4 + 2 + 32) / 7.0])
    }

    /// Level, then falling from 1e-3 to 1e-1, steepest in between, and growing from 1e-1 on.
    func testRatesAreChosenWhereTheLossFalls() throws {
        let range = range { power in
            power < -1 ? 2 - 1 / (1 + exp(-4 * (power + 2))) : 1 + 30 * pow(power + 1, 2)
        }
        XCTAssertTrue(range.hasDiverged)
        XCTAssertLessThan(range.points.count, 61)
        // Smoothing by a half lags by about one step, a tenth of a power of ten.
        XCTAssertEqual(log10(try XCTUnwrap(range.steepest)), -1.9, accuracy: 0.15)
        XCTAssertEqual(log10(try XCTUnwrap(range.tenthOfLeast)), -1.9, accuracy: 0.2)
    }

    func testALossThatNeverFallsGivesNoRate() {
        let range = range { 1 + ($0 + 5) / 10 }
        XCTAssertNil(range.steepest)
        XCTAssertNil(range.tenthOfLeast)
        XCTAssertFalse(range.hasDiverged)
    }

    func testALossThatIsNotFiniteEndsTheTest() {
        let range = range { $0 < 0 ? -$0 : .infinity }
        XCTAssertTrue(range.hasDiverged)
        XCTAssertEqual(range.points.count, 50)
        XCTAssertNotNil(range.steepest)
    }
}
