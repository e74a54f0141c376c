import NN
import Tensors
import XCTest

final class NormalizationTests: XCTestCase {
    /// Channel 0 holds 1, 2, 3, 4; channel 1 holds 10, 10, 20, 20. `[2, 2, 1, 2]`.
    private let x = Tensor([Float(1), 2, 10, 10, 3, 4, 20, 20], shape: [2, 2, 1, 2])

    func testTrainingNormalisesByTheBatchAndMovesTheRunningStatistics() {
        let norm = BatchNorm(2, epsilon: 0)
        let y = norm(x)
        // Means 2.5 and 15; biased variances 1.25 and 25; unbiased 5/3 and 100/3.
        let d = 1.25.squareRoot()
        assertEqual(y, [-1.5 / d, -0.5 / d, -1, -1, 0.5 / d, 1.5 / d, 1, 1], tolerance: 1e-5)
        assertEqual(norm.runningMean.tensor, [0.25, 1.5])
        assertEqual(norm.runningVar.tensor, [0.9 + 0.1 * 5 / 3, 0.9 + 0.1 * 100 / 3])
        XCTAssertEqual(norm.numBatchesTracked.tensor.itemInt(), 1)
        _ = norm(x)
        assertEqual(norm.runningMean.tensor, [0.9 * 0.25 + 0.25, 0.9 * 1.5 + 1.5])
        XCTAssertEqual(norm.numBatchesTracked.tensor.itemInt(), 2)
    }

    /// One value for each channel has no variance: there is nothing to learn from it, and nothing that is not a number.
    func testOneValueForEachChannelLeavesTheRunningStatistics() {
        let norm = BatchNorm(2)
        assertEqual(norm(Tensor([Float(7), -3], shape: [1, 2, 1, 1])), [0, 0], tolerance: 1e-3)
        assertEqual(norm.runningMean.tensor, [0, 0])
        assertEqual(norm.runningVar.tensor, [1, 1])
    }

    func testEvaluationUsesTheRunningStatisticsAndLeavesThem() throws {
        let norm = BatchNorm(2, epsilon: 0)
        norm.runningMean.tensor.copyInPlace(from: Tensor([Float(1), 10]))
        norm.runningVar.tensor.copyInPlace(from: Tensor([Float(4), 100]))
        try XCTUnwrap(norm.weight).assign(Tensor([Float(2), 1]))
        try XCTUnwrap(norm.bias).assign(Tensor([Float(5), 0]))
        norm.eval()
        assertEqual(norm(x), [5, 6, 0, 0, 7, 8, 1, 1])
        assertEqual(norm.runningMean.tensor, [1, 10])
        XCTAssertEqual(norm.numBatchesTracked.tensor.itemInt(), 0)
    }

    func testWithoutMomentumTheStatisticsAreAverages() {
        let norm = BatchNorm(1, momentum: nil)
        _ = norm(Tensor([Float(0), 2], shape: [2, 1, 1, 1]))
        _ = norm(Tensor([Float(4), 8], shape: [2, 1, 1, 1]))
        assertEqual(norm.runningMean.tensor, [(1 + 6) / 2])
        assertEqual(norm.runningVar.tensor, [(2 + 8) / 2])
    }

    func testTheGradientPassesThroughTheBatchStatistics() throws {
        let norm = BatchNorm(2)
        norm.convert(to: .float64)
        let x = Tensor([0.5, 2, -1, 3, 1, 0.25, 4, 0], shape: [2, 2, 2])
        try assertGradient(at: x, tolerance: 1e-5) { norm($0) * norm($0).sigmoid() }
    }

    func testVolumesAndImagesAreNormalisedAlike() {
        let flat = BatchNorm(2)(x)
        let volume = BatchNorm(2)(x.reshape([2, 2, 1, 1, 2]))
        XCTAssertEqual(flat.array(Float.self), volume.array(Float.self))
    }

    func testFrozenStatisticsNeverMove() {
        let norm = FrozenBatchNorm(2, epsilon: 0)
        norm.runningMean.tensor.copyInPlace(from: Tensor([Float(1), 10]))
        norm.runningVar.tensor.copyInPlace(from: Tensor([Float(4), 100]))
        norm.train()
        let leaf = x.clone().requiringGrad()
        let y = norm(leaf)
        assertEqual(y, [0, 0.5, 0, 0, 1, 1.5, 1, 1])
        y.sum().backward()
        assertEqual(leaf.grad ?? leaf, [0.5, 0.5, 0.1, 0.1, 0.5, 0.5, 0.1, 0.1])
        assertEqual(norm.runningMean.tensor, [1, 10])
        XCTAssertTrue(norm.namedParameters().isEmpty)
    }

    func testGroupsAreNormalisedWithinOneSample() {
        let norm = GroupNorm(1, 2, epsilon: 0)
        // The first sample holds 1, 2, 10, 10: mean 5.75, variance 18.1875.
        let d = 18.1875.squareRoot()
        assertEqual(
            norm(x).narrow(dim: 0, start: 0, length: 1), [-4.75 / d, -3.75 / d, 4.25 / d, 4.25 / d], tolerance: 1e-5)
    }
}
