import NN
import Tensors
import XCTest

final class InitializationTests: XCTestCase {
    private func statistics(_ tensor: Tensor) -> (mean: Double, deviation: Double, largest: Double) {
        let values = tensor.array(Double.self)
        let mean = values.reduce(0, +) / Double(values.count)
        let variance = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(values.count)
        return (mean, variance.squareRoot(), values.map(abs).max() ?? 0)
    }

    func testDeviationsAndBoundsFollowTheFans() {
        Random.seed(0)
        let shape = [64, 32, 3, 3]
        let fanOut = statistics(Initialization.kaimingNormal(.fanOut).tensor(shape))
        XCTAssertEqual(fanOut.deviation, (2.0 / (64 * 9)).squareRoot(), accuracy: 1e-3)
        XCTAssertEqual(fanOut.mean, 0, accuracy: 2e-3)
        let fanIn = statistics(Initialization.kaimingNormal(.fanIn).tensor(shape))
        XCTAssertEqual(fanIn.deviation, (2.0 / (32 * 9)).squareRoot(), accuracy: 1e-3)
        let uniform = statistics(Initialization.kaimingUniform(.fanIn, gain: 1).tensor(shape))
        XCTAssertEqual(uniform.largest, (3.0 / (32 * 9)).squareRoot(), accuracy: 1e-3)
        let xavier = statistics(Initialization.xavierUniform.tensor([300, 100]))
        XCTAssertEqual(xavier.largest, (6.0 / 400).squareRoot(), accuracy: 1e-3)
        let normal = statistics(Initialization.normal(mean: 1, deviation: 0.01).tensor([10_000]))
        XCTAssertEqual(normal.mean, 1, accuracy: 1e-3)
        XCTAssertEqual(normal.deviation, 0.01, accuracy: 1e-3)
    }

    func testTheSeedDecides() {
        Random.seed(5)
        let first = Initialization.normal(deviation: 1).tensor([8]).array(Float.self)
        Random.seed(5)
        XCTAssertEqual(Initialization.normal(deviation: 1).tensor([8]).array(Float.self), first)
        XCTAssertNotEqual(Initialization.normal(deviation: 1).tensor([8]).array(Float.self), first)
    }

    /// Numbers that PyTorch 2.13 gives after `torch.manual_seed(42)`.
    func testASeedGivesPyTorchsWeights() throws {
        func assertElements(_ tensor: Tensor, _ expected: KeyValuePairs<Int, Double>) {
            let values = tensor.array(Double.self)
            for (index, value) in expected { XCTAssertEqual(values[index], value, accuracy: 1e-7, "\(index)") }
        }
        Random.seed(42)
        let conv = Conv2d(3, 8, kernelSize: 3)
        assertElements(
            conv.weight.tensor, [0: 0.14713551104, 1: 0.15973509848, 107: -0.10597507655, 215: 0.18616650998])
        assertElements(try XCTUnwrap(conv.bias).tensor, [0: 0.02783934772, 7: -0.03857984393])
        let linear = Linear(5, 2)
        assertElements(linear.weight.tensor, [0: -0.44488999247, 9: 0.37633222341])
        assertElements(try XCTUnwrap(linear.bias).tensor, [0: 0.23428173363, 1: 0.11318625509])
        Random.seed(42)
        assertElements(
            Initialization.kaimingNormal(.fanOut).tensor([8, 3, 3, 3]),
            [0: 0.32115256786, 1: 0.24788068234, 107: 0.02974433265, 215: -0.12067233026])
    }

    /// Random values that a file will replace aren't drawn: the generator stays where it is. Others are what they are.
    func testWithoutDrawing() {
        Random.seed(3)
        let first = Initialization.kaimingNormal(.fanOut).tensor([4, 3, 3, 3]).array(Float.self)
        Random.seed(3)
        Initialization.withoutDrawing {
            for random: Initialization in [
                .uniform(low: 0, high: 1), .normal(deviation: 1), .kaimingNormal(.fanIn), .kaimingUniform(.fanIn),
                .xavierUniform,
            ] {
                XCTAssertEqual(random.tensor([4, 3, 3, 3]).shape, [4, 3, 3, 3])
            }
            XCTAssertEqual(Initialization.zeros.tensor([2]).array(Float.self), [0, 0])
            XCTAssertEqual(Initialization.ones.tensor([2]).array(Float.self), [1, 1])
            XCTAssertEqual(Initialization.constant(3).tensor([2]).array(Float.self), [3, 3])
        }
        XCTAssertEqual(Initialization.kaimingNormal(.fanOut).tensor([4, 3, 3, 3]).array(Float.self), first)
    }
}
