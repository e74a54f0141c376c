import Foundation
import Tensors
import TestSupport
import XCTest

final class DetectionOpsSuppressionTests: XCTestCase {
    private func keep(_ boxes: [[Float]], _ scores: [Float], _ threshold: Double = 0.5) -> [Int] {
        DetectionOps.nms(
            boxes: Tensor(boxes.flatMap { $0 }, shape: [boxes.count, 4]), scores: Tensor(scores),
            iouThreshold: threshold
        ).array()
    }

    private func assertEqualToComposed(
        _ boxes: Tensor, _ scores: Tensor, _ threshold: Double, line: UInt = #line
    ) {
        XCTAssertEqual(
            DetectionOps.nms(boxes: boxes, scores: scores, iouThreshold: threshold).array(Int.self),
            ComposedDetectionOps.nms(boxes: boxes, scores: scores, iouThreshold: threshold).array(Int.self),
            "\(boxes.shape), \(threshold)", line: line)
    }

    private func randomBoxes(_ count: Int, _ side: Double, dtype: DType = .float32) -> Tensor {
        let corner = Tensor.rand([count, 2], dtype: dtype) * side
        return Tensor.cat([corner, corner + Tensor.rand([count, 2], dtype: dtype) * (side / 2)], dim: 1)
    }

    func testTheBetterOfTwoStays() {
        let boxes: [[Float]] = [[0, 0, 10, 10], [0, 0, 10, 9], [20, 20, 30, 30]]
        XCTAssertEqual(keep(boxes, [0.5, 0.9, 0.7]), [1, 2])
        XCTAssertEqual(keep(boxes, [0.9, 0.5, 0.7]), [0, 2])
        XCTAssertEqual(keep(boxes, [0.9, 0.5, 0.7], 0.95), [0, 2, 1])
    }

    func testASuppressedBoxSuppressesNothing() {
        XCTAssertEqual(keep([[0, 0, 10, 10], [3, 0, 13, 10], [6, 0, 16, 10]], [3, 2, 1], 0.5), [0, 2])
    }

    func testOnlyMoreThanTheThresholdSuppresses() {
        XCTAssertEqual(keep([[0, 0, 10, 1], [0, 0, 5, 1]], [2, 1], 0.5), [0, 1])
        XCTAssertEqual(keep([[0, 0, 10, 1], [0, 0, 6, 1]], [2, 1], 0.5), [0])
        // 3 / 10 in float32 exceeds the float64 number 0.3, and 7 / 10 falls short of 0.7.
        XCTAssertEqual(keep([[0, 0, 10, 1], [0, 0, 3, 1]], [2, 1], 0.3), [0])
        XCTAssertEqual(keep([[0, 0, 10, 1], [0, 0, 7, 1]], [2, 1], 0.7), [0, 1])
    }

    func testEqualScoresKeepTheirOrder() {
        XCTAssertEqual(keep([[40, 0, 50, 10], [20, 0, 30, 10], [0, 0, 10, 10]], [1, 1, 1]), [0, 1, 2])
        XCTAssertEqual(keep([[0, 0, 10, 10], [0, 0, 10, 10]], [-0.0, 0]), [0])
    }

    func testDegenerateBoxesStay() {
        let boxes: [[Float]] = [
            [0, 0, 10, 10], [5, 5, 5, 5], [5, 5, 5, 5], [.nan, 0, 10, 10], [0, 0, .infinity, 10], [10, 10, 0, 0],
            [0, 0, 10, 10],
        ]
        XCTAssertEqual(keep(boxes, [7, 6, 5, 4, 3, 2, 1], 0), [0, 1, 2, 3, 4, 5])
        XCTAssertEqual(keep([[0, 0, 1, 1], [0, 0, 1, 1], [9, 9, 10, 10]], [1, .nan, .infinity]), [1, 2])
        XCTAssertEqual(keep([], []), [])
    }

    func testEqualsTheComposedOne() {
        Random.seed(5)
        for dtype in [DType.float32, .float64] {
            for count in [1, 2, 63, 64, 65, 257, 1023, 1025, 2500] {
                let boxes = randomBoxes(count, 100, dtype: dtype)
                let scores = (Tensor.rand([count], dtype: dtype) * 40).floor()
                for threshold in [0, 0.1, 0.5, 0.7, 1] { assertEqualToComposed(boxes, scores, threshold) }
                assertEqualToComposed(boxes.floor(), scores, 0.5)
            }
        }
    }

    func testExtremeArrangements() {
        let scores = Tensor.rand([3000])
        let x = Tensor.arange(0, 3000).reshape([3000, 1]) * 3
        let apart = Tensor.cat([x, Tensor.zeros([3000, 1]), x + 2, Tensor.ones([3000, 1])], dim: 1)
        XCTAssertEqual(
            DetectionOps.nms(boxes: apart, scores: scores, iouThreshold: 0).array(Int.self),
            scores.argsort(descending: true).array(Int.self))
        let same = Tensor([1, 2, 30, 40] as [Float], shape: [1, 4]).expand([3000, 4])
        XCTAssertEqual(
            DetectionOps.nms(boxes: same, scores: scores, iouThreshold: 0.5).array(Int.self),
            [scores.argmax(dim: 0).itemInt()])
    }

    func testTheThreadsDoNotMatter() {
        let threads = Threads.count
        defer { Threads.count = threads }
        Random.seed(6)
        let boxes = randomBoxes(140_000, 20_000)
        let scores = Tensor.rand([140_000])
        let classes = Tensor.randint(0, 30, [140_000])
        Threads.count = 1
        let alone = DetectionOps.nms(boxes: boxes, scores: scores, iouThreshold: 0.3).array(Int.self)
        let aloneByClass = DetectionOps.batchedNMS(boxes: boxes, scores: scores, classes: classes, iouThreshold: 0.3)
            .array(Int.self)
        Threads.count = 3
        XCTAssertEqual(DetectionOps.nms(boxes: boxes, scores: scores, iouThreshold: 0.3).array(Int.self), alone)
        XCTAssertEqual(
            DetectionOps.batchedNMS(boxes: boxes, scores: scores, classes: classes, iouThreshold: 0.3).array(Int.self),
            aloneByClass)
    }

    func testClassesAreApart() {
        let boxes = Tensor([0, 0, 10, 10, 0, 0, 10, 10, 0, 0, 10, 9] as [Float], shape: [3, 4])
        let scores = Tensor([1, 3, 2] as [Float])
        func keep(_ classes: [Int]) -> [Int] {
            DetectionOps.batchedNMS(boxes: boxes, scores: scores, classes: Tensor(classes), iouThreshold: 0.5).array()
        }
        XCTAssertEqual(keep([0, 1, 2]), [1, 2, 0])
        XCTAssertEqual(keep([0, 1, 1]), [1, 0])
        XCTAssertEqual(keep([4, 4, 4]), [1])
        XCTAssertEqual(
            DetectionOps.batchedNMS(
                boxes: Tensor.zeros([0, 4]), scores: Tensor.zeros([0]), classes: Tensor([Int]()), iouThreshold: 0.5
            ).array(Int.self), [])
    }

    func testClassesEqualTheComposedOne() {
        Random.seed(7)
        for (count, kinds) in [(10, 3), (900, 5), (1000, 90), (1001, 5), (3000, 40)] {
            let boxes = randomBoxes(count, 200)
            let scores = Tensor.rand([count])
            let classes = Tensor.randint(0, kinds, [count])
            XCTAssertEqual(
                DetectionOps.batchedNMS(boxes: boxes, scores: scores, classes: classes, iouThreshold: 0.4).array(
                    Int.self),
                ComposedDetectionOps.batchedNMS(boxes: boxes, scores: scores, classes: classes, iouThreshold: 0.4)
                    .array(Int.self))
        }
    }

    func testTorchvisionsChoice() throws {
        let golden = try GoldenRegions.load()
        XCTAssertEqual(
            DetectionOps.nms(boxes: golden.boxes, scores: golden.scores, iouThreshold: golden.iou).array(Int.self),
            golden.keep)
        XCTAssertEqual(
            DetectionOps.batchedNMS(
                boxes: golden.boxes, scores: golden.scores, classes: golden.classes, iouThreshold: golden.iou
            ).array(Int.self), golden.batchedKeep)
    }
}
