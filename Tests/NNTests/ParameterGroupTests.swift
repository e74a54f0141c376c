import NN
import Tensors
import XCTest

final class ParameterGroupTests: XCTestCase {
    private final class Net: Module {
        let conv = Conv2d(1, 2, kernelSize: 3)
        let bn = BatchNorm(2)
        let fc = Linear(2, 1)
    }

    func testNormsAndBiasesCanBeSparedTheDecay() {
        let groups = ParameterGroup.split(Net(), weightDecay: 0.1, decayNormsAndBiases: false)
        XCTAssertEqual(groups.map(\.weightDecay), [0.1, 0])
        XCTAssertEqual(groups[0].parameters.map(\.name), ["conv.weight", "fc.weight"])
        XCTAssertEqual(groups[1].parameters.map(\.name), ["conv.bias", "bn.weight", "bn.bias", "fc.bias"])
    }

    func testFrozenParametersAreLeftOut() {
        let net = Net()
        net.conv.setRequiresGrad(false)
        let groups = ParameterGroup.split(net, weightDecay: 0.1)
        XCTAssertEqual(groups.flatMap(\.parameters).map(\.name), ["bn.weight", "bn.bias", "fc.weight", "fc.bias"])
    }
}
