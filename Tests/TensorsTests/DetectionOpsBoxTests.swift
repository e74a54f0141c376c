import Tensors
import XCTest

final class DetectionOpsBoxTests: XCTestCase {
    private let boxes = Tensor([0, 0, 10, 10, 5, 0, 15, 10, 20, 20, 30, 40] as [Float], shape: [3, 4])

    /// Boxes of whole pixels, so that overlaps tie often.
    private func randomBoxes(_ count: Int, within side: Double, largest: Double, dtype: DType = .float32) -> Tensor {
        let corner = (Tensor.rand([count, 2], dtype: dtype) * side).floor()
        let size = (Tensor.rand([count, 2], dtype: dtype) * largest).floor() + 1
        return Tensor.cat([corner, corner + size], dim: 1)
    }

    func testOverlaps() {
        let overlaps = DetectionOps.boxIoU(boxes, boxes)
        XCTAssertEqual(overlaps.shape, [3, 3])
        XCTAssertEqual(overlaps.array(Float.self), [1, 50 / 150, 0, 50 / 150, 1, 0, 0, 0, 1])
        XCTAssertEqual(DetectionOps.boxIoU(boxes[0..<0], boxes).shape, [0, 3])
        XCTAssertEqual(DetectionOps.boxIoU(boxes, boxes[0..<0]).shape, [3, 0])
    }

    func testOverlapsEqualTheComposedOnes() {
        Random.seed(1)
        for dtype in [DType.float32, .float64] {
            for (n, m) in [(1, 1), (3, 64), (65, 130), (7, 1000)] {
                let a = randomBoxes(n, within: 100, largest: 60, dtype: dtype) + 0.37
                let b = randomBoxes(m, within: 100, largest: 60, dtype: dtype) + 0.37
                XCTAssertEqual(
                    DetectionOps.boxIoU(a, b).array(Double.self), ComposedDetectionOps.boxIoU(a, b).array(Double.self))
            }
        }
    }

    func testABoxIsEncodedByItsCentreAndSize() {
        let anchor = Tensor([10, 10, 30, 50] as [Float], shape: [1, 4])
        let target = Tensor([20, 20, 60, 40] as [Float], shape: [1, 4])
        let delta = DetectionOps.encodeBoxes(reference: target, anchors: anchor, weights: (1, 1, 1, 1))
        let expected = [1, 0, Float(2).logarithm, Float(0.5).logarithm]
        for (value, expected) in zip(delta.array(Float.self), expected) {
            XCTAssertEqual(value, expected, accuracy: 1e-6)
        }
        let weighted = DetectionOps.encodeBoxes(reference: target, anchors: anchor, weights: (10, 10, 5, 5))
        for (value, expected) in zip(weighted.array(Float.self), [10, 0, 5 * expected[2], 5 * expected[3]]) {
            XCTAssertEqual(value, expected, accuracy: 1e-5)
        }
    }

    func testDecodingInvertsEncoding() {
        Random.seed(2)
        // Wide enough that no logarithm reaches the limit of log(1000 / 16), where decoding cuts it off.
        let anchors = randomBoxes(300, within: 500, largest: 200) + Tensor([0, 0, 8, 8] as [Float])
        let targets = randomBoxes(300, within: 500, largest: 200)
        for weights in [(1.0, 1.0, 1.0, 1.0), (10.0, 10.0, 5.0, 5.0)] {
            let deltas = DetectionOps.encodeBoxes(reference: targets, anchors: anchors, weights: weights)
            let decoded = DetectionOps.decodeBoxes(deltas: deltas, anchors: anchors, weights: weights)
            XCTAssertLessThan((decoded - targets).abs().amax().item(), 1e-3)
        }
    }

    func testCodingEqualsTheComposedOnes() {
        Random.seed(3)
        for dtype in [DType.float32, .float64] {
            let anchors = randomBoxes(5000, within: 500, largest: 200, dtype: dtype)
            let targets = randomBoxes(5000, within: 500, largest: 200, dtype: dtype)
            let deltas = Tensor.randn([5000, 12], dtype: dtype) * 4
            XCTAssertEqual(
                DetectionOps.encodeBoxes(reference: targets, anchors: anchors, weights: (10, 10, 5, 5))
                    .array(Double.self),
                ComposedDetectionOps.encodeBoxes(reference: targets, anchors: anchors, weights: (10, 10, 5, 5))
                    .array(Double.self))
            XCTAssertEqual(
                DetectionOps.decodeBoxes(deltas: deltas, anchors: anchors, weights: (10, 10, 5, 5)).array(Double.self),
                ComposedDetectionOps.decodeBoxes(deltas: deltas, anchors: anchors, weights: (10, 10, 5, 5))
                    .array(Double.self))
        }
        XCTAssertEqual(
            DetectionOps.decodeBoxes(deltas: Tensor.zeros([0, 8]), anchors: Tensor.zeros([0, 4])).shape, [0, 8])
    }

    func testASizeIsBounded() {
        let anchor = Tensor([0, 0, 16, 16] as [Float], shape: [1, 4])
        let decoded = DetectionOps.decodeBoxes(
            deltas: Tensor([0, 0, 50, 0] as [Float], shape: [1, 4]), anchors: anchor)
        XCTAssertEqual(decoded.array(Float.self)[2] - decoded.array(Float.self)[0], 1000, accuracy: 1e-2)
    }

    func testCodingIsDifferentiableWhereItMustBe() {
        let deltas = Tensor.zeros([1, 4]).requiringGrad()
        let anchor = Tensor([0, 0, 16, 8] as [Float], shape: [1, 4])
        DetectionOps.decodeBoxes(deltas: deltas, anchors: anchor).select(dim: 1, index: 2).sum().backward()
        XCTAssertEqual(deltas.grad?.array(Float.self), [16, 0, 8, 0])
    }

    func testClipping() {
        let outside = Tensor([-5, -6, 700, 800, 3, 4, 5, 6] as [Float], shape: [2, 4])
        XCTAssertEqual(
            DetectionOps.clipBoxes(outside, height: 480, width: 640).array(Float.self), [0, 0, 640, 480, 3, 4, 5, 6])
        XCTAssertEqual(
            ComposedDetectionOps.clipBoxes(outside, height: 480, width: 640).array(Float.self),
            [0, 0, 640, 480, 3, 4, 5, 6])
        XCTAssertEqual(DetectionOps.clipBoxes(outside.reshape([1, 8]), height: 9, width: 9).shape, [1, 8])
        XCTAssertTrue(
            DetectionOps.clipBoxes(Tensor([Float.nan, 0, 1, 1]), height: 9, width: 9).array(Float.self)[0].isNaN)
    }

    func testAnchorsAreMatchedByThreshold() {
        let truths = Tensor([0, 0, 10, 10, 100, 100, 110, 110] as [Float], shape: [2, 4])
        let anchors = Tensor(
            [0, 0, 10, 8, 0, 0, 10, 5, 0, 0, 10, 2, 100, 100, 104, 110, 300, 300, 310, 310] as [Float], shape: [5, 4])
        func matches(_ allowLowQuality: Bool) -> [Int] {
            DetectionOps.matchAnchors(
                gt: truths, anchors: anchors, high: 0.7, low: 0.3, allowLowQuality: allowLowQuality
            ).array()
        }
        XCTAssertEqual(matches(false), [0, -2, -1, -2, -1])
        XCTAssertEqual(matches(true), [0, -2, -1, 1, -1], "the second box's best anchor, whatever its overlap")
    }

    func testEveryAnchorThatTiesForABoxIsMatched() {
        let truth = Tensor([0, 0, 10, 10] as [Float], shape: [1, 4])
        let anchors = Tensor([0, 0, 4, 10, 6, 0, 10, 10, 0, 0, 3, 10] as [Float], shape: [3, 4])
        XCTAssertEqual(
            DetectionOps.matchAnchors(gt: truth, anchors: anchors, high: 0.7, low: 0.5, allowLowQuality: true).array(),
            [0, 0, -1])
    }

    func testMatchesEqualTheComposedOnes() {
        Random.seed(4)
        for dtype in [DType.float32, .float64] {
            for (g, a) in [(1, 1), (1, 64), (3, 65), (40, 3000), (7, 10_000)] {
                let truths = randomBoxes(g, within: 60, largest: 30, dtype: dtype)
                let anchors = randomBoxes(a, within: 60, largest: 30, dtype: dtype)
                for (high, low) in [(0.7, 0.3), (0.5, 0.5), (0.5, 0.4)] {
                    for allowLowQuality in [false, true] {
                        XCTAssertEqual(
                            DetectionOps.matchAnchors(
                                gt: truths, anchors: anchors, high: high, low: low, allowLowQuality: allowLowQuality
                            ).array(Int.self),
                            ComposedDetectionOps.matchAnchors(
                                gt: truths, anchors: anchors, high: high, low: low, allowLowQuality: allowLowQuality
                            ).array(Int.self), "\(g) boxes, \(a) anchors, \(high), \(low), \(allowLowQuality), \(dtype)"
                        )
                    }
                }
            }
        }
    }

    func testNothingToMatch() {
        for match in [DetectionOps.matchAnchors, ComposedDetectionOps.matchAnchors] {
            XCTAssertEqual(match(Tensor.zeros([0, 4]), boxes, 0.7, 0.3, true).array(Int.self), [-1, -1, -1])
            XCTAssertEqual(match(boxes, Tensor.zeros([0, 4]), 0.7, 0.3, true).array(Int.self), [])
        }
    }
}

extension Float {
    fileprivate var logarithm: Float { Float(Tensor([self]).log().item()) }
}
