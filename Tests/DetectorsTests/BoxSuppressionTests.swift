import Detectors
import Foundation
import Tensors
import XCTest

final class BoxSuppressionTests: XCTestCase {
    /// Two boxes of different classes that overlap by 0.8, one of the first class that overlaps the first by 0.5, one apart.
    private let candidates = Detections(
        boxes: Tensor([0, 0, 10, 10, 0, 0, 10, 8, 0, 0, 10, 5, 30, 30, 40, 40] as [Float], shape: [4, 4]),
        scores: Tensor([0.9, 0.8, 0.7, 0.6] as [Float]), labels: Tensor([1, 2, 1, 2]))

    private func scores(_ suppression: BoxSuppression) -> [Float] { suppression(candidates).scores.array() }

    func testByClassOrNot() {
        XCTAssertEqual(scores(BoxSuppression(iouThreshold: 0.4)), [0.9, 0.8, 0.6])
        XCTAssertEqual(scores(BoxSuppression(iouThreshold: 0.5)), [0.9, 0.8, 0.7, 0.6])
        XCTAssertEqual(scores(BoxSuppression(iouThreshold: 0.5, isClassAgnostic: true)), [0.9, 0.7, 0.6])
        XCTAssertEqual(scores(BoxSuppression(iouThreshold: 0.4, isClassAgnostic: true)), [0.9, 0.6])
    }

    func testTheLimit() {
        for method in BoxSuppression.Method.allCases {
            XCTAssertEqual(scores(BoxSuppression(method: method, limit: 2)).count, 2)
        }
    }

    func testSoftSuppressionLowersScores() {
        let linear = BoxSuppression(method: .linear, iouThreshold: 0.4)(candidates)
        XCTAssertEqual(linear.scores.array(Float.self), [0.9, 0.8, 0.6, 0.35])
        XCTAssertEqual(linear.labels.array(Int.self), [1, 2, 2, 1])
        XCTAssertEqual(linear.boxes.array(Float.self).suffix(4), [0, 0, 10, 5])
        let agnostic = scores(
            BoxSuppression(method: .linear, iouThreshold: 0.4, scoreThreshold: 0, isClassAgnostic: true))
        // The second falls to 0.16 under the first; the third, at 0.35, has its turn before it and overlaps it by 5/8.
        XCTAssertEqual(agnostic.count, 4)
        XCTAssertEqual(agnostic[2], 0.35, accuracy: 1e-6)
        XCTAssertEqual(agnostic[3], 0.8 * 0.2 * (1 - 5.0 / 8), accuracy: 1e-6)
        let gaussian = scores(BoxSuppression(method: .gaussian, sigma: 0.5))
        XCTAssertEqual(gaussian[3], Float(0.7 * exp(-0.5)), accuracy: 1e-6)
        XCTAssertEqual(scores(BoxSuppression(method: .linear, iouThreshold: 0.4, scoreThreshold: 0.36)).count, 3)
    }

    func testNothing() {
        let none = Detections(
            boxes: Tensor.zeros([0, 4]), scores: Tensor.zeros([0]), labels: Tensor([Int](), shape: [0]))
        for method in BoxSuppression.Method.allCases {
            for isClassAgnostic in [false, true] {
                XCTAssertEqual(BoxSuppression(method: method, isClassAgnostic: isClassAgnostic)(none).count, 0)
            }
        }
    }

    func testTheConfigurationsOwn() {
        var faster = FasterRCNNConfiguration()
        XCTAssertEqual(faster.suppression, BoxSuppression())
        faster.boxDetectionsPerImage = 7
        XCTAssertEqual(faster.suppression, BoxSuppression(limit: 7))
        XCTAssertEqual(
            SSDConfiguration.ssd300.suppression, BoxSuppression(iouThreshold: 0.45, scoreThreshold: 0.01, limit: 200))
    }
}
