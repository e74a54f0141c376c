import Tensors
import XCTest

final class RandomTests: XCTestCase {
    func testTheStateBringsTheSameNumbersBack() {
        Random.seed(11)
        _ = Tensor.randn([5])
        let state = Random.state
        let first = Tensor.randn([7]).array(Float.self) + Tensor.randperm(9).to(.float32).array(Float.self)
        XCTAssertNotEqual(Tensor.randn([7]).array(Float.self), Array(first[..<7]))
        Random.state = state
        XCTAssertEqual(Tensor.randn([7]).array(Float.self) + Tensor.randperm(9).to(.float32).array(Float.self), first)
    }

    func testSeedsMakeSequences() {
        Random.seed(5)
        let a = Tensor.rand([100])
        Random.seed(5)
        XCTAssertEqual(Tensor.rand([100]).array(Float.self), a.array(Float.self))
        XCTAssertEqual(Tensor.randperm(50).sorted().values.array(Int.self), Array(0..<50))
        let integers = Tensor.randint(3, 6, [500]).unique().array(Int.self)
        XCTAssertEqual(integers, [3, 4, 5])
    }

    func testASeededBodyLeavesNoTrace() throws {
        Random.seed(5)
        let expected = Tensor.randn([4]).array(Float.self)
        Random.seed(5)
        let first = Random.seeded(9) { Tensor.randn([3]).array(Float.self) }
        XCTAssertEqual(Tensor.randn([4]).array(Float.self), expected)
        XCTAssertEqual(Random.seeded(9) { Tensor.randn([3]).array(Float.self) }, first)

        struct Failure: Error {}
        Random.seed(5)
        XCTAssertThrowsError(
            try Random.seeded(9) {
                _ = Tensor.randn([3])
                throw Failure()
            })
        XCTAssertEqual(Tensor.randn([4]).array(Float.self), expected, "also after an error")
    }
}
