import Detectors
import NN
import Tensors
import XCTest

final class FeaturePyramidTests: XCTestCase {
    /// One channel: the lateral convolutions times 1 and 10, the last ones pass their middle through.
    func testFinerMapsAddTheCoarserOnesContent() {
        let pyramid = FeaturePyramid(inputs: [1, 1], channels: 1)
        for (i, factor) in [1.0, 10].enumerated() {
            pyramid.innerBlocks[i].weight.assign(Tensor.full([1, 1, 1, 1], factor))
            pyramid.layerBlocks[i].weight.assign(
                Tensor([0, 0, 0, 0, 1, 0, 0, 0, 0] as [Float], shape: [1, 1, 3, 3]))
        }
        let fine = Tensor.arange(0, 12, dtype: .float32).reshape([1, 1, 3, 4])
        let coarse = Tensor([1, 2, 3, 4] as [Float], shape: [1, 1, 2, 2])
        let maps = pyramid([fine, coarse])
        XCTAssertEqual(maps.map(\.shape), [[1, 1, 3, 4], [1, 1, 2, 2], [1, 1, 1, 1]])
        expectEqual(maps[0], [10, 11, 22, 23, 14, 15, 26, 27, 38, 39, 50, 51])
        expectEqual(maps[1], [10, 20, 30, 40])
        expectEqual(maps[2], [10])
    }

    func testNamesAreTorchvisions() {
        XCTAssertEqual(
            Set(FeaturePyramid(inputs: [4, 8], channels: 2).namedParameters().map(\.name)),
            [
                "inner_blocks.0.0.weight", "inner_blocks.0.0.bias", "inner_blocks.1.0.weight", "inner_blocks.1.0.bias",
                "layer_blocks.0.0.weight", "layer_blocks.0.0.bias", "layer_blocks.1.0.weight", "layer_blocks.1.0.bias",
            ])
    }
}
