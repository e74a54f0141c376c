import Detectors
import Tensors
import XCTest

final class BalancedSamplerTests: XCTestCase {
    private func sample(
        _ positives: Int, _ negatives: Int, count: Int = 64, fraction: Double = 0.25, seed: UInt64 = 1
    ) -> (positives: [Int], negatives: [Int]) {
        Random.seed(seed)
        let drawn = BalancedSampler(count: count, positiveFraction: fraction).sample(
            positives: Tensor.arange(0, Double(positives), dtype: .int64),
            negatives: Tensor.arange(1000, Double(1000 + negatives), dtype: .int64))
        return (drawn.positives.array(), drawn.negatives.array())
    }

    func testAQuarterIsPositive() {
        let drawn = sample(100, 1000)
        XCTAssertEqual(drawn.positives.count, 16)
        XCTAssertEqual(drawn.negatives.count, 48)
        XCTAssertEqual(Set(drawn.positives + drawn.negatives).count, 64)
        XCTAssertTrue(drawn.positives.allSatisfy { $0 < 100 } && drawn.negatives.allSatisfy { $0 >= 1000 })
    }

    func testNegativesFillUpForMissingPositives() {
        let drawn = sample(3, 1000)
        XCTAssertEqual(drawn.positives.sorted(), [0, 1, 2])
        XCTAssertEqual(drawn.negatives.count, 61)
    }

    func testTooFewOfBothGivesAll() {
        let drawn = sample(3, 5)
        XCTAssertEqual(drawn.positives.sorted(), [0, 1, 2])
        XCTAssertEqual(drawn.negatives.sorted(), Array(1000..<1005))
        XCTAssertEqual(sample(0, 0).positives, [])
    }

    func testASeedDecides() {
        XCTAssertEqual(sample(100, 1000, seed: 7).negatives, sample(100, 1000, seed: 7).negatives)
        XCTAssertNotEqual(sample(100, 1000, seed: 7).negatives, sample(100, 1000, seed: 8).negatives)
    }
}
