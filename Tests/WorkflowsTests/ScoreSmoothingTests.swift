import Foundation
import Workflows
import XCTest

final class ScoreSmoothingTests: XCTestCase {
    private func smoothed(_ scores: [[Float]], deviation: Double, times: [Double]? = nil) -> [[Float]] {
        var smoothing = ScoreSmoothing(deviation: deviation)
        var result: [[Float]] = []
        for (index, score) in scores.enumerated() {
            result += smoothing.add(time: times?[index] ?? Double(index), scores: score)
        }
        return result + smoothing.finish()
    }

    /// A single peak becomes the Gaussian itself, divided by the sum of the weights that are within reach.
    func testAPeakBecomesAGaussian() {
        var scores = [[Float]](repeating: [0, 1], count: 15)
        scores[7] = [1, 0]
        let result = smoothed(scores, deviation: 1)
        XCTAssertEqual(result.count, 15)
        let total = 1 + 2 * (exp(-0.5) + exp(-2) + exp(-4.5))
        for (index, score) in result.enumerated() {
            let distance = Double(index - 7)
            let expected = abs(distance) <= 3 ? exp(-distance * distance / 2) / total : 0
            XCTAssertEqual(Double(score[0]), expected, accuracy: 1e-6, "\(index)")
            XCTAssertEqual(score[0] + score[1], 1, accuracy: 1e-6)
        }
    }

    /// At the ends the mean is over what is there: a constant stays one. Distances count, not places.
    func testEndsAndUnevenTimes() {
        for score in smoothed([[Float]](repeating: [0.25, 0.75], count: 5), deviation: 2) {
            XCTAssertEqual(score[0], 0.25, accuracy: 1e-6)
        }
        let result = smoothed([[1], [0], [0]], deviation: 1, times: [0, 2, 10])
        XCTAssertEqual(Double(result[0][0]), 1 / (1 + exp(-2)), accuracy: 1e-6)
        XCTAssertEqual(Double(result[1][0]), exp(-2) / (1 + exp(-2)), accuracy: 1e-6)
        XCTAssertEqual(result[2][0], 0)
    }

    func testNoSmoothing() {
        let scores: [[Float]] = [[1, 0], [0.2, 0.8], [0, 1]]
        XCTAssertEqual(smoothed(scores, deviation: 0), scores)
        XCTAssertEqual(smoothed([], deviation: 1), [])
    }

    /// Scores come out as soon as no later one can change them.
    func testItWaitsNoLongerThanItMust() {
        var smoothing = ScoreSmoothing(deviation: 1)
        let counts = (0..<8).map { smoothing.add(time: Double($0), scores: [0]).count }
        XCTAssertEqual(counts, [0, 0, 0, 0, 1, 1, 1, 1])
        XCTAssertEqual(smoothing.finish().count, 4)
    }
}
