import NN
import Tensors
import XCTest

final class LinearTests: XCTestCase {
    func testRowsOfTheWeightAreOutputs() {
        let layer = Linear(2, 3)
        layer.weight.assign(Tensor([Float(1), 0, 0, 1, 1, 1], shape: [3, 2]))
        layer.bias?.assign(Tensor([Float(0), 100, 200]))
        assertEqual(layer(Tensor([Float(3), 4], shape: [1, 2])), [3, 104, 207])
        XCTAssertEqual(layer(Tensor.zeros([5, 7, 2])).shape, [5, 7, 3])
    }

    func testTheGradientIsThatOfDifferences() throws {
        let layer = Linear(3, 2)
        layer.convert(to: .float64)
        try assertGradient(at: Tensor([0.3, -1, 2], shape: [1, 3])) { layer($0).sigmoid() }
    }
}
