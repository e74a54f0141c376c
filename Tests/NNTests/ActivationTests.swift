import NN
import Tensors
import XCTest

final class ActivationTests: XCTestCase {
    func testReLUInPlaceOverwritesItsInput() {
        let x = Tensor([Float(-1), 2])
        assertEqual(ReLU()(x), [0, 2])
        assertEqual(x, [-1, 2])
        assertEqual(ReLU(inPlace: true)(x), [0, 2])
        assertEqual(x, [0, 2])
    }

    func testDropoutScalesWhatItKeepsAndRestsInEvaluation() {
        Random.seed(0)
        let dropout = Dropout(0.25)
        let values = dropout(Tensor.ones([10_000])).array(Double.self)
        let kept = values.filter { $0 != 0 }
        XCTAssertEqual(Double(kept.count) / 10_000, 0.75, accuracy: 0.02)
        XCTAssertTrue(kept.allSatisfy { abs($0 - 4 / 3) < 1e-6 })
        dropout.eval()
        assertEqual(dropout(Tensor.ones([3])), [1, 1, 1])
    }

    func testFlattenKeepsTheBatch() {
        XCTAssertEqual(Flatten()(Tensor.zeros([2, 3, 4, 5])).shape, [2, 60])
    }
}
