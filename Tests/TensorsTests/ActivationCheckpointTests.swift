import Tensors
import XCTest

final class ActivationCheckpointTests: XCTestCase {
    /// d(x · x · w)/dx = 2xw and /dw = x², from a segment that runs once forwards and once more backwards.
    func testASegmentRunsAgainForItsGradients() throws {
        let x = Tensor([Float(2), 3]).requiringGrad()
        let w = Tensor([Float(5), 7]).requiringGrad()
        var wasRecomputing: [Bool] = []
        let y = checkpointed(x) {
            wasRecomputing.append(isRecomputing)
            return $0 * $0 * w
        }
        XCTAssertEqual(y.array(Float.self), [20, 63])
        XCTAssertEqual(wasRecomputing, [false])
        y.sum().backward()
        XCTAssertEqual(wasRecomputing, [false, true])
        XCTAssertFalse(isRecomputing)
        XCTAssertEqual(try XCTUnwrap(x.grad).array(Float.self), [20, 42])
        XCTAssertEqual(try XCTUnwrap(w.grad).array(Float.self), [4, 9])
    }

    func testWithoutGradientsASegmentIsSimplyRun() {
        var runs = 0
        let y = withoutGrad {
            checkpointed(Tensor([Float(2)])) {
                runs += 1
                return $0 + 1
            }
        }
        XCTAssertEqual(y.array(Float.self), [3])
        XCTAssertFalse(y.requiresGrad)
        XCTAssertEqual(runs, 1)
    }
}
