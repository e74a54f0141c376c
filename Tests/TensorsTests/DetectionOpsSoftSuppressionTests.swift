import Foundation
import Tensors
import XCTest

final class DetectionOpsSoftSuppressionTests: XCTestCase {
    private func suppress(
        _ boxes: [[Float]], _ scores: [Float], _ decay: DetectionOps.ScoreDecay, classes: [Int]? = nil,
        threshold: Double = 0, limit: Int = .max
    ) -> (kept: [Int], scores: [Float]) {
        let found = DetectionOps.softNMS(
            boxes: Tensor(boxes.flatMap { $0 }, shape: [boxes.count, 4]), scores: Tensor(scores),
            classes: Tensor(classes ?? [Int](repeating: 1, count: scores.count)), decay: decay,
            scoreThreshold: threshold, limit: limit)
        return (found.indices.array(), found.scores.array())
    }

    /// The second box covers half of the first, the third is apart.
    private let three: [[Float]] = [[0, 0, 10, 10], [0, 0, 10, 5], [50, 50, 60, 60]]

    func testTheScoreFallsByTheOverlap() {
        let linear = suppress(three, [0.9, 0.8, 0.6], .linear(iouThreshold: 0.3))
        XCTAssertEqual(linear.kept, [0, 2, 1])
        XCTAssertEqual(linear.scores, [0.9, 0.6, 0.4])
        let gaussian = suppress(three, [0.9, 0.8, 0.6], .gaussian(sigma: 0.5))
        XCTAssertEqual(gaussian.kept, [0, 2, 1])
        XCTAssertEqual(gaussian.scores[2], 0.8 * exp(-0.5), accuracy: 1e-6)
    }

    func testLinearBeginsAtTheThreshold() {
        XCTAssertEqual(suppress(three, [0.9, 0.8, 0.6], .linear(iouThreshold: 0.5)).scores, [0.9, 0.6, 0.4])
        XCTAssertEqual(suppress(three, [0.9, 0.8, 0.6], .linear(iouThreshold: 0.51)).scores, [0.9, 0.8, 0.6])
    }

    func testWhatFallsBelowTheThresholdGoes() {
        XCTAssertEqual(suppress(three, [0.9, 0.8, 0.6], .linear(iouThreshold: 0.3), threshold: 0.4).kept, [0, 2, 1])
        XCTAssertEqual(suppress(three, [0.9, 0.8, 0.6], .linear(iouThreshold: 0.3), threshold: 0.41).kept, [0, 2])
        XCTAssertEqual(suppress(three, [0.9, 0.8, 0.6], .gaussian(sigma: 0.5), threshold: 0.95).kept, [])
        // Covered whole, nothing is left of the score.
        XCTAssertEqual(
            suppress([three[0], three[0]], [0.9, 0.8], .linear(iouThreshold: 0), threshold: 1e-9).kept, [0])
    }

    func testTheLimitTakesTheBest() {
        XCTAssertEqual(suppress(three, [0.9, 0.8, 0.6], .linear(iouThreshold: 0.3), limit: 2).kept, [0, 2])
        XCTAssertEqual(
            suppress(three, [0.9, 0.8, 0.6], .gaussian(sigma: 0.5), classes: [1, 2, 3], limit: 2).kept, [0, 1])
        XCTAssertEqual(suppress([], [], .gaussian(sigma: 0.5)).kept, [])
    }

    func testClassesAreApart() {
        let found = suppress(three, [0.9, 0.8, 0.6], .linear(iouThreshold: 0.3), classes: [1, 2, 1])
        XCTAssertEqual(found.kept, [0, 1, 2])
        XCTAssertEqual(found.scores, [0.9, 0.8, 0.6])
    }

    func testNumbersThatAreNone() {
        let odd: [[Float]] = [
            [0, 0, 10, 10], [.nan, 0, 10, 10], [5, 5, 5, 5], [0, 0, .infinity, 10], [0, 0, 10, 10],
        ]
        let found = suppress(odd, [0.9, 0.8, 0.7, 0.6, .nan], .linear(iouThreshold: 0))
        XCTAssertEqual(found.kept, [0, 1, 2, 3])
        XCTAssertEqual(found.scores, [0.9, 0.8, 0.7, 0.6])
    }

    func testEqualsTheWrittenLoop() {
        Random.seed(11)
        for (count, kinds) in [(1, 1), (40, 1), (60, 3), (200, 4)] {
            let corner = Tensor.rand([count, 2]) * 40
            let boxes = Tensor.cat([corner, corner + Tensor.rand([count, 2]) * 30 + 1], dim: 1)
            // Few scores, so that some are equal.
            let scores = (Tensor.rand([count]) * 20).floor() / 20 + 0.01
            let classes = Tensor.randint(0, kinds, [count])
            for decay in [DetectionOps.ScoreDecay.linear(iouThreshold: 0.3), .gaussian(sigma: 0.5)] {
                for threshold in [0.001, 0.2] {
                    let found = DetectionOps.softNMS(
                        boxes: boxes, scores: scores, classes: classes, decay: decay, scoreThreshold: threshold)
                    let plain = plainSoftNMS(
                        boxes.array(Float.self), scores.array(Float.self), classes.array(Int.self), decay, threshold)
                    XCTAssertEqual(found.indices.array(Int.self), plain.map(\.index), "\(count), \(decay)")
                    for (score, expected) in zip(found.scores.array(Float.self), plain.map(\.score)) {
                        XCTAssertEqual(Double(score), expected, accuracy: 1e-6)
                    }
                }
            }
        }
    }

    /// The paper's figure 2, class by class.
    private func plainSoftNMS(
        _ edges: [Float], _ scores: [Float], _ classes: [Int], _ decay: DetectionOps.ScoreDecay, _ threshold: Double
    ) -> [(index: Int, score: Double)] {
        func box(_ i: Int) -> [Double] { (0..<4).map { Double(edges[4 * i + $0]) } }
        func overlap(_ a: [Double], _ b: [Double]) -> Double {
            let shared = max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))
            return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)
        }
        var kept: [(index: Int, score: Double)] = []
        for label in Set(classes) {
            var left = scores.indices.filter { classes[$0] == label }.map { (index: $0, score: Double(scores[$0])) }
            while true {
                left.removeAll { $0.score < threshold }
                guard let best = left.max(by: { ($0.score, -$0.index) < ($1.score, -$1.index) }) else { break }
                kept.append(best)
                left.removeAll { $0.index == best.index }
                for k in left.indices {
                    let iou = overlap(box(best.index), box(left[k].index))
                    switch decay {
                    case .linear(let from): if iou >= from { left[k].score *= 1 - iou }
                    case .gaussian(let sigma): left[k].score *= exp(-iou * iou / sigma)
                    }
                }
            }
        }
        return kept.sorted { ($0.score, -$0.index) > ($1.score, -$1.index) }
    }
}
