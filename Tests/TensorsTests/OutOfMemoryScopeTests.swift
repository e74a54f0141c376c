import Support
import Tensors
import XCTest

final class OutOfMemoryScopeTests: XCTestCase {
    /// More elements than any machine has memory for.
    private let absurd = [1 << 45, 2]

    func testAWantOfMemoryIsThrownWithTheOperationAndTheWork() throws {
        let absurd = absurd
        XCTAssertThrowsError(
            try throwingOutOfMemory {
                OutOfMemory.naming(.init("a batch of 3 images", advice: "lower training.batch")) {
                    // Outer work keeps its name.
                    OutOfMemory.naming(.init("another", advice: "nothing")) { Tensor.zeros(absurd).count }
                }
            }
        ) { error in
            guard let error = error as? OutOfMemory else { return XCTFail("\(error)") }
            XCTAssertEqual(error.work, .init("a batch of 3 images", advice: "lower training.batch"))
            XCTAssertTrue(
                error.description.hasPrefix(
                    "out of memory at a batch of 3 images: lower training.batch. What failed was "), error.description)
            XCTAssertTrue(error.description.contains("allocate"), error.description)
        }
        // The next work is not touched by it.
        XCTAssertEqual(try throwingOutOfMemory { Tensor.ones([3]).sum().item() }, 3)
    }

    func testResultsErrorsAndTheThreadsStatePassThrough() throws {
        struct Other: Error {}
        XCTAssertThrowsError(try throwingOutOfMemory { throw Other() }) { XCTAssertTrue($0 is Other) }
        let threads = Threads.count
        Threads.count = 1
        defer { Threads.count = threads }
        XCTAssertEqual(try throwingOutOfMemory { Threads.count }, 1)
        XCTAssertTrue(try throwingOutOfMemory { isGradEnabled })
        XCTAssertFalse(try withoutGrad { try throwingOutOfMemory { isGradEnabled } })
        Random.seed(3)
        let drawn = try throwingOutOfMemory { Tensor.rand([4]).array(Float.self) }
        Random.seed(3)
        XCTAssertEqual(Tensor.rand([4]).array(Float.self), drawn)
    }

    func testTheInnermostOfTwoIsToldAndTheOuterGoesOn() throws {
        let absurd = absurd
        let after = try throwingOutOfMemory { () -> Double in
            XCTAssertThrowsError(try throwingOutOfMemory { Tensor.zeros(absurd).count }) {
                XCTAssertTrue($0 is OutOfMemory, "\($0)")
            }
            return Tensor.ones([2]).sum().item()
        }
        XCTAssertEqual(after, 2)
    }

    /// A segment is run again by libtorch in the backward pass.
    func testAWantOfMemoryInsideOfABackwardPassIsThrown() throws {
        let absurd = absurd
        XCTAssertThrowsError(
            try throwingOutOfMemory {
                let x = Tensor.ones([2]).requiringGrad()
                let y = checkpointed(x) { x in isRecomputing ? x + Tensor.zeros(absurd).sum() : x * 2 }
                y.sum().backward()
            }
        ) { XCTAssertTrue($0 is OutOfMemory, "\($0)") }
    }
}
