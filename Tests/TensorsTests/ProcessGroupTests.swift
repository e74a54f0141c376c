import Foundation
import Tensors
import TestSupport
import XCTest

/// A group of one process, whose sums are those of the operations that need no group.
final class ProcessGroupTests: XCTestCase {
    private func group() throws -> (ProcessStore, ProcessGroup) {
        let store = try ProcessStore(
            host: "127.0.0.1", port: UInt16.random(in: 20_000..<32_000), serves: true, prefix: "test", timeout: 20)
        return (store, try ProcessGroup(store, rank: 0, size: 1, timeout: 20))
    }

    func testTheStore() throws {
        let (store, _) = try group()
        XCTAssertFalse(try store.has("a"))
        try store.set("a", "ä b")
        XCTAssertTrue(try store.has("a"))
        XCTAssertEqual(try store.value(of: "a"), "ä b")
        XCTAssertEqual(try store.add(3, to: "n"), 3)
        XCTAssertEqual(try store.add(-1, to: "n"), 2)
    }

    func testWhatIsGathered() throws {
        let (_, group) = try group()
        let numbers = [0.1, -.infinity, Double(bitPattern: 0x7FF8_0000_0000_1234), .leastNonzeroMagnitude]
        XCTAssertEqual(try group.gather(lists: numbers)[0].map(\.bitPattern), numbers.map(\.bitPattern))
        XCTAssertEqual(try group.gather(lists: []), [[]])
        XCTAssertEqual(try group.gather("größer 猫"), ["größer 猫"])
    }

    func testAStoreThatIsNotThere() {
        XCTAssertThrowsError(
            try ProcessStore(host: "127.0.0.1", port: 9, serves: false, prefix: "test", timeout: 1)
        ) { XCTAssertTrue($0 is ProcessGroupError, "\($0)") }
    }

    /// Values and gradients are those of batch norm, also where the mean is large beside the deviation.
    func testSynchronizedNormOfOneProcessIsBatchNorm() throws {
        let (_, group) = try group()
        for (shape, shift) in [([4, 3, 5, 7], 0.0), ([2, 5, 3, 4, 4], 0), ([8, 2, 6, 6], 100)] {
            Random.seed(7)
            let (values, weights) = (Tensor.randn(shape) + shift, Tensor.randn(shape))
            func result(_ norm: (Tensor) -> Tensor) -> (value: Tensor, gradient: Tensor) {
                let x = values.clone().requiringGrad()
                let y = norm(x)
                (y * weights).sum().backward()
                return (y.detached(), x.grad ?? x)
            }
            let expected = result {
                F.batchNorm(
                    $0, weight: nil, bias: nil, runningMean: nil, runningVariance: nil, training: true, momentum: 0,
                    epsilon: 1e-5)
            }
            let found = result { group.normalized($0, epsilon: 1e-5).map }
            XCTAssertLessThan((found.value - expected.value).abs().amax().item(), 2e-5)
            XCTAssertLessThan((found.gradient - expected.gradient).abs().amax().item(), 2e-5)
            let (_, mean, variance, count) = group.normalized(values, epsilon: 1e-5)
            XCTAssertEqual(count.item(), Double(values.count / shape[1]))
            XCTAssertEqual(mean[0].item(), values[.all, 0].mean().item(), accuracy: 1e-4)
            XCTAssertEqual(
                variance[0].item(), (values[.all, 0] - mean[0]).square().mean().item(), accuracy: 1e-4)
        }
    }
}
