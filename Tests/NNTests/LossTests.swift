import Foundation
import Tensors
import XCTest

final class LossTests: XCTestCase {
    private let logits = Tensor([1.0, 2, 3, 0, 0, 0], shape: [2, 3])
    private let targets = Tensor([Int64(2), 0])

    func testCrossEntropyByHand() {
        let first = log(exp(1.0) + exp(2) + exp(3)) - 3
        let second = log(3.0)
        assertEqual(F.crossEntropy(logits, targets), [(first + second) / 2])
        assertEqual(F.crossEntropy(logits, targets, reduction: .none), [first, second])
        assertEqual(F.crossEntropy(logits, Tensor([Int64(2), -100])), [first])
        // Smoothing by 0.3 mixes in 0.1 of every class.
        let mixed = 0.7 * first + 0.1 * (first + (first + 1) + (first + 2))
        assertEqual(F.crossEntropy(logits, targets, reduction: .none, labelSmoothing: 0.3), [mixed, second])
    }

    /// `torch.nn.CrossEntropyLoss(weight, label_smoothing)`: what is smoothed is weighted by each class's own weight, and the mean
    /// is over the weights of the targets.
    func testWeightedCrossEntropyByHand() {
        let total = log(exp(1.0) + exp(2) + exp(3))
        let first = [total - 1, total - 2, total - 3], second = [log(3.0), log(3.0), log(3.0)]
        let weights = [0.5, 1, 4.0]
        let tensor = Tensor(weights, shape: [3])
        // The targets are classes 2 and 0.
        assertEqual(
            F.crossEntropy(logits, targets, classWeights: tensor, reduction: .none), [4 * first[2], 0.5 * second[0]])
        assertEqual(
            F.crossEntropy(logits, targets, classWeights: tensor), [(4 * first[2] + 0.5 * second[0]) / 4.5])
        func smooth(_ row: [Double]) -> Double { zip(weights, row).reduce(0) { $0 + 0.1 * $1.0 * $1.1 } }
        let mixed = [0.7 * 4 * first[2] + smooth(first), 0.7 * 0.5 * second[0] + smooth(second)]
        assertEqual(
            F.crossEntropy(logits, targets, classWeights: tensor, labelSmoothing: 0.3), [(mixed[0] + mixed[1]) / 4.5])
    }

    func testSmoothL1IsQuadraticBelowBeta() {
        let x = Tensor([0.5, -3.0])
        let zero = Tensor([0.0, 0])
        assertEqual(F.smoothL1(x, zero, reduction: .none), [0.125, 2.5])
        assertEqual(F.smoothL1(x, zero, beta: 0.1, reduction: .sum), [0.45 + 2.95])
    }

    func testBinaryCrossEntropyStaysFiniteForLargeLogits() {
        let x = Tensor([0.0, 2, 1000])
        let y = Tensor([1.0, 0, 1])
        assertEqual(
            F.binaryCrossEntropyWithLogits(x, y, reduction: .none), [log(2.0), log(1 + exp(2.0)), 0])
    }

    func testGradientsAreThoseOfDifferences() throws {
        try assertGradient(at: logits) { F.crossEntropy($0, self.targets, labelSmoothing: 0.1) }
        try assertGradient(at: Tensor([0.5, -3, 0.02])) { F.smoothL1($0, Tensor([0.0, 0, 0]), beta: 0.1) }
        try assertGradient(at: Tensor([0.5, -3])) { F.binaryCrossEntropyWithLogits($0, Tensor([1.0, 0])) }
    }
}
