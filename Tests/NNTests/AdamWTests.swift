import Foundation
import NN
import Tensors
import XCTest

final class AdamWTests: XCTestCase {
    func testTheFirstStepMovesByTheRateWhateverTheGradient() {
        let p = parameter([1, 1], gradient: [1e-3, -50])
        AdamW(groups: [ParameterGroup([("p", p)])], learningRate: 0.1, weightDecay: 0).step()
        assertEqual(p.tensor, [0.9, 1.1], tolerance: 1e-4)
    }

    func testDecayIsDecoupledFromTheGradient() {
        let p = parameter([2], gradient: [0])
        AdamW(groups: [ParameterGroup([("p", p)])], learningRate: 0.1, weightDecay: 0.5).step()
        assertEqual(p.tensor, [2 * (1 - 0.05)])
    }

    func testManyStepsAgainstScalars() {
        let gradients: [[Double]] = [[1, -2], [0.25, 3], [-4, 0], [0.5, 0.5], [1, 1], [2, -0.1]]
        let p = Parameter(Tensor([Float(0.3), -1.5]))
        let adam = AdamW(
            groups: [ParameterGroup([("p", p)])], learningRate: 0.05, beta1: 0.8, beta2: 0.95, epsilon: 1e-6,
            weightDecay: 0.1)
        var expected = [0.3, -1.5]
        var mean = [0.0, 0]
        var square = [0.0, 0]
        for (index, gradient) in gradients.enumerated() {
            p.tensor.setGrad(Tensor(gradient.map(Float.init)))
            adam.step()
            let step = Double(index + 1)
            for i in 0..<2 {
                expected[i] *= 1 - 0.05 * 0.1
                mean[i] = 0.8 * mean[i] + 0.2 * gradient[i]
                square[i] = 0.95 * square[i] + 0.05 * gradient[i] * gradient[i]
                let corrected = (square[i] / (1 - pow(0.95, step))).squareRoot() + 1e-6
                expected[i] -= 0.05 * mean[i] / (1 - pow(0.8, step)) / corrected
            }
            assertEqual(p.tensor, expected, tolerance: 1e-5)
        }
    }

    func testParametersThatStartLaterCountTheirOwnSteps() {
        let late = Parameter(Tensor([Float(0)]))
        let early = parameter([0], gradient: [1])
        let adam = AdamW(groups: [ParameterGroup([("a", early), ("b", late)])], learningRate: 0.1, weightDecay: 0)
        adam.step()
        adam.step()
        late.tensor.setGrad(Tensor([Float(9)]))
        adam.step()
        assertEqual(late.tensor, [-0.1], tolerance: 1e-5)
        let steps = adam.stateDict().filter { $0.name.hasSuffix("/step") }
        XCTAssertEqual(steps.map { "\($0.name) \($0.tensor.itemInt())" }, ["a/step 3", "b/step 1"])
    }

    func testTheStateCarriesOver() throws {
        func trained(interrupted: Bool) throws -> [Float] {
            let p = Parameter(Tensor([Float(1), 2, 3]))
            let groups = [ParameterGroup([(name: "p", parameter: p)])]
            var adam = AdamW(groups: groups)
            for step in 0..<8 {
                if interrupted && step == 5 {
                    let saved = adam.stateDict().map { ($0.name, $0.tensor.clone()) }
                    adam = AdamW(groups: groups)
                    try adam.loadStateDict(saved)
                }
                p.tensor.setGrad(p.tensor.detached().sin())
                adam.step()
            }
            return p.tensor.array()
        }
        XCTAssertEqual(try trained(interrupted: true), try trained(interrupted: false))
    }
}
