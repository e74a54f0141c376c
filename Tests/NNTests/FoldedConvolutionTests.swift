import NN
import Tensors
import XCTest

final class FoldedConvolutionTests: XCTestCase {
    private let x = Tensor.rand([2, 8, 9, 9]).to(memoryFormat: .channelsLast)

    private func pair() -> (Conv2d, BatchNorm) {
        let layers = (Conv2d(8, 16, kernelSize: 3, padding: 1, bias: false), BatchNorm(16, epsilon: 1e-3))
        layers.1.weight?.initialize(.normal(deviation: 1))
        layers.1.bias?.initialize(.normal(deviation: 1))
        layers.1.runningMean.tensor = Tensor.randn([16])
        layers.1.runningVar.tensor = Tensor.rand([16]) + 0.5
        layers.1.train(false)
        return layers
    }

    private func assertClose(_ a: Tensor, _ b: Tensor, line: UInt = #line) {
        XCTAssertLessThan((a - b).abs().amax().item(), 1e-5 * b.std().item(), line: line)
    }

    func testEqualsTheTwoLayers() throws {
        let (convolution, norm) = pair()
        let folded = try XCTUnwrap(FoldedConvolution(convolution, norm))
        withoutGrad {
            let expected = norm(convolution(x))
            assertClose(folded(x), expected)
            assertClose(folded(x, activation: .relu), expected.relu())
            assertClose(folded(x, adding: expected, activation: .relu), (expected * 2).relu())
        }
    }

    func testItFollowsItsLayers() throws {
        let (convolution, norm) = pair()
        let folded = try XCTUnwrap(FoldedConvolution(convolution, norm))
        func check(_ change: String, line: UInt = #line) {
            withoutGrad { assertClose(folded(x), norm(convolution(x)), line: line) }
        }
        check("nothing")
        convolution.weight.assign(Tensor.randn([16, 8, 3, 3]))
        check("weights are assigned")
        norm.runningMean.tensor = Tensor.randn([16])
        check("a buffer is replaced")
        norm.bias?.initialize(.ones)
        check("an affine is initialised")
        norm.train()
        _ = norm(convolution(x))
        norm.train(false)
        check("statistics are moved by training")
        let parameters = [("conv.", convolution as Module), ("norm.", norm)].flatMap { prefix, layer in
            layer.namedParameters().map { (name: prefix + $0.name, parameter: $0.parameter) }
        }
        let optimizer = SGD(groups: [ParameterGroup(parameters)], learningRate: 0.1)
        norm(convolution(x)).square().sum().backward()
        optimizer.step()
        check("an optimiser's step")
    }

    func testWhereItApplies() throws {
        let (convolution, norm) = pair()
        let folded = try XCTUnwrap(FoldedConvolution(convolution, norm))
        XCTAssertFalse(folded.applies(to: x), "the weights want gradients")
        withoutGrad {
            XCTAssertTrue(folded.applies(to: x))
            XCTAssertFalse(folded.applies(to: x.contiguous()), "another layout stays as it is")
            norm.train()
            XCTAssertFalse(folded.applies(to: x), "statistics of the batch")
            norm.train(false)
        }
        for parameter in convolution.namedParameters() + norm.namedParameters() {
            parameter.parameter.requiresGrad = false
        }
        XCTAssertTrue(folded.applies(to: x), "everything is frozen")
        XCTAssertFalse(folded.applies(to: x.clone().requiringGrad()))
        XCTAssertNil(FoldedConvolution(norm, norm))
        XCTAssertNil(FoldedConvolution(convolution, GroupNorm(4, 16)))
        XCTAssertNil(FoldedConvolution(nil, norm))
    }
}
