import NN
import Tensors
import XCTest

final class SGDTests: XCTestCase {
    func testOneStepByHand() {
        let p = parameter([1, -2], gradient: [0.5, 1])
        SGD(groups: [ParameterGroup([("p", p)])], learningRate: 0.1).step()
        assertEqual(p.tensor, [0.95, -2.1])
    }

    func testMomentumStartsWithTheFirstGradient() {
        let p = parameter([0], gradient: [1])
        let sgd = SGD(groups: [ParameterGroup([("p", p)])], learningRate: 1, momentum: 0.9)
        sgd.step()
        assertEqual(p.tensor, [-1])
        p.tensor.setGrad(Tensor([Float(0)]))
        sgd.step()
        assertEqual(p.tensor, [-1.9])
    }

    /// PyTorch's update written out for numbers.
    private func reference(
        _ start: Double, _ gradients: [Double], rate: Double, momentum: Double, decay: Double, nesterov: Bool
    ) -> Double {
        var p = start
        var buffer: Double?
        for gradient in gradients {
            let g = gradient + decay * p
            let moved = buffer.map { momentum * $0 + g } ?? g
            buffer = moved
            p -= rate * (nesterov ? g + momentum * moved : moved)
        }
        return p
    }

    func testManyStepsAgainstScalars() {
        let gradients: [[Double]] = [[1, -2, 0.5], [0.25, 3, -1], [-4, 0, 2], [0.5, 0.5, 0.5], [1, 1, -7]]
        let start = [0.3, -1.5, 2]
        for nesterov in [false, true] {
            let p = Parameter(Tensor(start.map(Float.init)))
            let sgd = SGD(
                groups: [ParameterGroup([("p", p)])], learningRate: 0.05, momentum: 0.9, weightDecay: 0.1,
                nesterov: nesterov)
            for gradient in gradients {
                p.tensor.setGrad(Tensor(gradient.map(Float.init)))
                sgd.step()
            }
            let expected = start.indices.map { i in
                reference(start[i], gradients.map { $0[i] }, rate: 0.05, momentum: 0.9, decay: 0.1, nesterov: nesterov)
            }
            assertEqual(p.tensor, expected, tolerance: 1e-5)
        }
    }

    func testGroupsHaveTheirOwnDecayAndRate() {
        let a = parameter([1], gradient: [0])
        let b = parameter([1], gradient: [0])
        let c = parameter([1], gradient: [1])
        SGD(
            groups: [
                ParameterGroup([("a", a)]), ParameterGroup([("b", b)], weightDecay: 0),
                ParameterGroup([("c", c)], weightDecay: 0, learningRateScale: 0.1),
            ], learningRate: 0.5, weightDecay: 0.2
        ).step()
        assertEqual(a.tensor, [0.9])
        assertEqual(b.tensor, [1])
        assertEqual(c.tensor, [0.95])
    }

    func testAParameterWithoutAGradientStartsItsMomentumLater() {
        let a = parameter([0], gradient: [1])
        let b = Parameter(Tensor([Float(0)]))
        let sgd = SGD(groups: [ParameterGroup([("a", a), ("b", b)])], learningRate: 1, momentum: 0.5)
        sgd.step()
        b.tensor.setGrad(Tensor([Float(2)]))
        sgd.step()
        assertEqual(a.tensor, [-2.5])
        assertEqual(b.tensor, [-2])
        sgd.zeroGrad()
        XCTAssertNil(a.grad)
        sgd.step()
        assertEqual(b.tensor, [-2])
    }

    func testGradientsOfAnotherLayoutAreAddedElementByElement() {
        let values = (0..<24).map(Float.init)
        let p = Parameter(Tensor(values, shape: [2, 3, 2, 2]).to(memoryFormat: .channelsLast))
        p.tensor.setGrad(Tensor(values, shape: [2, 3, 2, 2]))
        let sgd = SGD(groups: [ParameterGroup([("p", p)])], learningRate: 0.5, momentum: 0.9)
        sgd.step()
        assertEqual(p.tensor, values.map { Double($0) * 0.5 })
        sgd.step()
        assertEqual(p.tensor, values.map { Double($0) * (0.5 - 0.95) })
    }

    func testTheStateCarriesOverAndFollowsAChangeOfLayout() throws {
        func trained(interrupted: Bool) throws -> [Float] {
            let values = (0..<24).map { Float($0) / 7 }
            let p = Parameter(Tensor(values, shape: [2, 3, 2, 2]))
            let groups = [ParameterGroup([(name: "p", parameter: p)])]
            var sgd = SGD(groups: groups, learningRate: 0.1, momentum: 0.9)
            for step in 0..<6 {
                if interrupted && step == 3 {
                    let saved = sgd.stateDict().map { ($0.name, $0.tensor.to(memoryFormat: .contiguous)) }
                    XCTAssertEqual(saved.map(\.0), ["p/momentum_buffer", "p/step"])
                    sgd = SGD(groups: groups, learningRate: 0.1, momentum: 0.9)
                    try sgd.loadStateDict(saved)
                }
                p.tensor.setGrad(p.tensor.detached() * Double(step))
                sgd.step()
            }
            return p.tensor.array()
        }
        XCTAssertEqual(try trained(interrupted: true), try trained(interrupted: false))

        let conv = Conv2d(3, 2, kernelSize: 2, bias: false)
        let sgd = SGD(groups: [ParameterGroup(conv.namedParameters())], learningRate: 1, momentum: 0.5)
        let ramp = Tensor((0..<24).map(Float.init), shape: [2, 3, 2, 2])
        conv.weight.initialize(.zeros)
        conv.weight.tensor.setGrad(ramp)
        sgd.step()
        conv.convertToChannelsLast()
        conv.weight.tensor.setGrad(Tensor.zeros([2, 3, 2, 2]))
        sgd.step()
        assertEqual(conv.weight.tensor, (0..<24).map { Double($0) * -1.5 })
    }

    func testAStateOfOtherParametersIsRefused() {
        let p = parameter([1, 2], gradient: [1, 1])
        let sgd = SGD(groups: [ParameterGroup([("p", p)])], learningRate: 1, momentum: 0.9)
        XCTAssertThrowsError(
            try sgd.loadStateDict([
                ("p/momentum_buffer", Tensor.zeros([3])), ("p/step", Tensor([Int64(1)])),
                ("q/step", Tensor([Int64(1)])),
            ])
        ) { error in
            XCTAssertTrue("\(error)".contains("p/momentum_buffer has shape [3], the parameter [2]"), "\(error)")
            XCTAssertTrue("\(error)".contains("q/step belongs to no parameter"), "\(error)")
        }
    }
}
