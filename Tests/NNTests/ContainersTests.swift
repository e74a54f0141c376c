import NN
import Tensors
import XCTest

final class ContainersTests: XCTestCase {
    func testLayersRunInTurnAndAreNumbered() {
        let first = Linear(1, 1)
        first.weight.initialize(.constant(2))
        first.bias?.initialize(.constant(-10))
        let net = Sequential([first, ReLU(), Identity()])
        assertEqual(net(Tensor([Float(3), 6], shape: [2, 1])), [0, 2])
        XCTAssertEqual(net.namedParameters().map(\.name), ["0.weight", "0.bias"])
        XCTAssertEqual(
            Sequential(named: [("relu", ReLU()), ("fc", Linear(1, 1))]).stateDict().map(\.name),
            ["fc.weight", "fc.bias"])
    }

    private final class Pyramid: Module {
        let innerBlocks = ModuleList([Linear(1, 1, bias: false), Linear(2, 1, bias: false)])
    }

    func testListsAreNumberedUnderTheirProperty() {
        let pyramid = Pyramid()
        XCTAssertEqual(
            pyramid.namedParameters().map(\.name), ["inner_blocks.0.weight", "inner_blocks.1.weight"])
        XCTAssertEqual(pyramid.innerBlocks.map(\.weight.count), [1, 2])
    }
}
