import Evaluation
import XCTest

final class MeasuredDifferenceTests: XCTestCase {
    /// `numpy.quantile(range(41), [.025, .975])` is [1, 39]; of [0, 1] it is [0.025, 0.975].
    func testTheIntervalByHand() {
        let whole = MeasuredDifference(0.5, samples: (0...40).map(Double.init).reversed())
        XCTAssertEqual([whole.low, whole.high], [1, 39])
        XCTAssertEqual(whole.resamples, 41)
        XCTAssertTrue(whole.isBeyondChance)
        let between = MeasuredDifference(0.5, samples: [1, 0])
        XCTAssertEqual(between.low, 0.025, accuracy: 1e-15)
        XCTAssertEqual(between.high, 0.975, accuracy: 1e-15)
        let one = MeasuredDifference(-2, samples: [-3])
        XCTAssertEqual([one.low, one.high], [-3, -3])
    }

    func testOnlyAnIntervalWithoutZeroIsBeyondChance() {
        XCTAssertTrue(MeasuredDifference(-1, samples: [-2, -1]).isBeyondChance)
        XCTAssertFalse(MeasuredDifference(1, samples: [-1, 2]).isBeyondChance)
        XCTAssertFalse(MeasuredDifference(0, samples: [0, 0, 0]).isBeyondChance)
    }
}
