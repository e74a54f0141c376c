import Detectors
import Support
import Tensors
import TestSupport
import XCTest

final class ImageBatchTests: XCTestCase {
    private func configuration(_ change: (inout FasterRCNNConfiguration) -> Void) -> FasterRCNNConfiguration {
        var configuration = FasterRCNNConfiguration()
        change(&configuration)
        return configuration
    }

    func testTheShorterSideDecidesUnlessTheLongerWouldPassItsLimit() {
        let batcher = ImageBatcher(FasterRCNNConfiguration())
        func scaled(_ height: Int, _ width: Int) -> ImageSize {
            batcher.scaledSize(of: ImageSize(width: width, height: height), minSize: 800)
        }
        XCTAssertEqual(scaled(480, 640), ImageSize(width: 1066, height: 800))
        XCTAssertEqual(scaled(640, 480), ImageSize(width: 800, height: 1066))
        XCTAssertEqual(scaled(400, 1600), ImageSize(width: 1333, height: 333))
        XCTAssertEqual(scaled(800, 800), ImageSize(width: 800, height: 800))
    }

    func testNormalisesAndPadsWithZeros() {
        let batcher = ImageBatcher(
            configuration {
                $0.resizesImages = false
                $0.imageMean = [0.5, 0.25, 0]
                $0.imageStd = [0.5, 0.25, 2]
            })
        let batch = batcher.batch([Tensor.ones([3, 2, 3]), Tensor.zeros([3, 33, 1])], training: false, device: .cpu)
        XCTAssertEqual(batch.tensor.shape, [2, 3, 64, 32])
        XCTAssertTrue(batch.tensor.isChannelsLast)
        XCTAssertEqual(batch.sizes, [ImageSize(width: 3, height: 2), ImageSize(width: 1, height: 33)])
        XCTAssertEqual(batch.paddedSize, ImageSize(width: 32, height: 64))
        expectEqual(batch.tensor[0, .all, 1, 2], [1, 3, 0.5], absolute: 1e-6)
        expectEqual(batch.tensor[1, .all, 32, 0], [-1, -1, 0], absolute: 1e-6)
        XCTAssertEqual(batch.tensor[0].sum().item(), 6 * 4.5, accuracy: 1e-4)
        XCTAssertEqual(batch.tensor[1].sum().item(), 33 * -2, accuracy: 1e-4)
    }

    /// Bytes as the loader gives them, as planes, and as fractions are one image.
    func testBytesEqualFractions() {
        let bytes = Tensor(goldenFill(name: "batch.bytes", count: 20 * 30 * 3, lo: 0, hi: 256), shape: [20, 30, 3])
            .to(.uint8)
        let planes = bytes.permute([2, 0, 1])
        for resizes in [false, true] {
            let batcher = ImageBatcher(
                configuration {
                    $0.resizesImages = resizes
                    $0.minSizes = [32]
                })
            let batches = [bytes, planes.contiguous(), planes.to(.float32) / 255.0].map {
                batcher.batch([$0], training: false, device: .cpu)
            }
            XCTAssertEqual(
                batches[0].sizes, [resizes ? ImageSize(width: 48, height: 32) : ImageSize(width: 30, height: 20)])
            XCTAssertEqual(batches[0].originalSizes, [ImageSize(width: 30, height: 20)])
            for batch in batches.dropFirst() {
                expectEqual(batches[0].tensor, batch.tensor.array(), absolute: 2e-6)
            }
        }
    }

    /// Doubling a ramp along x: inner pixels lie a quarter step off the old ones.
    func testScalingInterpolates() {
        let batcher = ImageBatcher(
            configuration {
                $0.minSizes = [8]
                $0.imageMean = [0, 0, 0]
                $0.imageStd = [1, 1, 1]
            })
        let ramp = Tensor([0, 1, 2, 3] as [Float], shape: [1, 1, 4]).expand([3, 4, 4])
        let batch = batcher.batch([ramp], training: false, device: .cpu)
        expectEqual(batch.tensor[0, 0, 3, 0..<8], [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3], absolute: 1e-6)
    }

    func testTrainingDrawsAmongTheSizesAndInferenceTakesTheLast() {
        let batcher = ImageBatcher(configuration { $0.minSizes = [32, 64, 96] })
        let image = Tensor.zeros([3, 16, 16])
        Random.seed(3)
        let drawn = Set((0..<40).map { _ in batcher.batch([image], training: true, device: .cpu).sizes[0].height })
        XCTAssertEqual(drawn, [32, 64, 96])
        XCTAssertEqual(batcher.batch([image], training: false, device: .cpu).sizes[0].height, 96)
    }
}
