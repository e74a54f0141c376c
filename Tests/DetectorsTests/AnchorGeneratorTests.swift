import Detectors
import Support
import Tensors
import XCTest

final class AnchorGeneratorTests: XCTestCase {
    /// √½ · 32 = 22.63 and 32 / √½ = 45.25, halved and rounded.
    func testCellAnchorsOfOneSize() {
        let generator = AnchorGenerator(sizes: [[32]], aspectRatios: [0.5, 1, 2])
        XCTAssertEqual(generator.countPerCell, 3)
        XCTAssertEqual(generator.cellAnchors, [[-23, -11, 23, 11, -16, -16, 16, 16, -11, -23, 11, 23]])
    }

    func testSizesVaryFasterThanRatios() {
        let generator = AnchorGenerator(sizes: [[128, 256, 512]], aspectRatios: [0.5, 1, 2])
        XCTAssertEqual(generator.countPerCell, 9)
        let corners = stride(from: 0, to: 36, by: 4).map { Array(generator.cellAnchors[0][($0 + 2)..<($0 + 4)]) }
        XCTAssertEqual(
            corners,
            [
                [91, 45], [181, 91], [362, 181], [64, 64], [128, 128], [256, 256], [45, 91], [91, 181], [181, 362],
            ])
    }

    /// 5 / 2 and 7 / 2 both lie half way: ties go to the even number.
    func testTiesRoundToEven() {
        let generator = AnchorGenerator(sizes: [[5, 7]], aspectRatios: [1])
        XCTAssertEqual(generator.cellAnchors, [[-2, -2, 2, 2, -4, -4, 4, 4]])
    }

    func testAnchorsFollowTheCellsRowByRow() {
        let generator = AnchorGenerator(sizes: [[16], [32]], aspectRatios: [1])
        let anchors = generator.anchors(
            grids: [ImageSize(width: 3, height: 2), ImageSize(width: 1, height: 1)],
            image: ImageSize(width: 48, height: 32), device: .cpu)
        XCTAssertEqual(anchors.counts, [6, 1])
        XCTAssertEqual(anchors.total, 7)
        expectEqual(
            anchors.boxes,
            [
                -8, -8, 8, 8, 8, -8, 24, 8, 24, -8, 40, 8,
                -8, 8, 8, 24, 8, 8, 24, 24, 24, 8, 40, 24,
                -16, -16, 16, 16,
            ])
    }

    /// A map of 7 cells over 64 pixels: the stride is 9, as integers divide.
    func testTheStrideIsAWholeNumber() {
        let generator = AnchorGenerator(sizes: [[2]], aspectRatios: [1])
        let anchors = generator.anchors(
            grids: [ImageSize(width: 7, height: 1)], image: ImageSize(width: 64, height: 8), device: .cpu)
        XCTAssertEqual(anchors.boxes.select(dim: 1, index: 0).array(Float.self), [-1, 8, 17, 26, 35, 44, 53])
    }

    func testTheSameSizeGetsTheSameTensor() {
        let generator = AnchorGenerator(sizes: [[16]], aspectRatios: [1])
        func boxes(_ width: Int) -> Tensor {
            generator.anchors(
                grids: [ImageSize(width: width, height: 2)], image: ImageSize(width: 16 * width, height: 32),
                device: .cpu
            ).boxes
        }
        let first = boxes(2)
        XCTAssertTrue(boxes(2).isSame(as: first))
        XCTAssertFalse(boxes(3).isSame(as: first))
    }
}
