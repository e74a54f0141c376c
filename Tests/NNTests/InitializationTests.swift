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
}
