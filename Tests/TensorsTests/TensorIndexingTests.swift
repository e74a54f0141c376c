import Tensors
import XCTest

final class TensorIndexingTests: XCTestCase {
    /// Element [i, j, k] is 100 i + 10 j + k.
    private let ramp =
        Tensor(
            (0..<24).map { (n: Int) -> Float in Float(100 * (n / 12) + 10 * (n / 4 % 3) + n % 4) }, shape: [2, 3, 4])

    func testSubscripts() {
        XCTAssertEqual(ramp[1].shape, [3, 4])
        XCTAssertEqual(ramp[1, 2, 3].item(), 123)
        XCTAssertEqual(ramp[-1, -1, -1].item(), 123)
        XCTAssertEqual(ramp[0..<1].shape, [1, 3, 4])
        XCTAssertEqual(ramp[.all, 1...2, 0].array(Float.self), [10, 20, 110, 120])
        XCTAssertEqual(ramp[.ellipsis, 3].array(Float.self), [3, 13, 23, 103, 113, 123])
        XCTAssertEqual(ramp[.ellipsis, .slice(from: 0, step: 2)].shape, [2, 3, 2])
        XCTAssertEqual(ramp[0, .newAxis, .all, 2...].shape, [1, 3, 2])
        XCTAssertEqual(ramp[..<1, 0, 1..<3].array(Float.self), [1, 2])
    }

    func testSubscriptsAreViews() {
        let x = ramp.clone()
        x[0, 0].fillInPlace(-1)
        XCTAssertEqual(x[0, 0].array(Float.self), [-1, -1, -1, -1])
        XCTAssertEqual(x[0, 1, 0].item(), 10)
    }

    func testShaping() {
        XCTAssertEqual(ramp.reshape([4, -1]).shape, [4, 6])
        XCTAssertEqual(ramp.permute([2, 0, 1])[3, 1, 2].item(), 123)
        XCTAssertEqual(ramp.transpose(0, 2).strides, [1, 4, 12])
        XCTAssertEqual(ramp.flatten(from: 1).shape, [2, 12])
        XCTAssertEqual(ramp.unsqueeze(0).squeeze(0).shape, [2, 3, 4])
        XCTAssertEqual(ramp.flip([2])[0, 0].array(Float.self), [3, 2, 1, 0])
        XCTAssertEqual(ramp[0, 0].repeated([2]).count, 8)
        XCTAssertEqual(Tensor([7] as [Float]).expand([3]).array(Float.self), [7, 7, 7])
        XCTAssertEqual(ramp.split(sizes: [1, 3], dim: 2).map(\.shape), [[2, 3, 1], [2, 3, 3]])
        XCTAssertEqual(ramp.chunk(2, dim: 1).map(\.shape), [[2, 2, 4], [2, 1, 4]])
        XCTAssertEqual(Tensor.stack([ramp, ramp], dim: 1).shape, [2, 2, 3, 4])
        XCTAssertEqual(Tensor.cat([ramp, ramp], dim: -1).shape, [2, 3, 8])
    }

    func testIndexing() {
        let rows = Tensor([1, 0, 1] as [Int64])
        XCTAssertEqual(ramp.indexSelect(dim: 0, rows)[.all, 0, 0].array(Float.self), [100, 0, 100])
        XCTAssertEqual(ramp.indexed(by: [rows, nil, Tensor([0, 1, 2] as [Int64])]).shape, [3, 3])
        XCTAssertEqual(ramp.masked(by: ramp .> 120).array(Float.self), [121, 122, 123])
        XCTAssertEqual(
            Tensor.zeros([3]).indexAdd(dim: 0, index: rows, source: Tensor([1, 2, 4] as [Float])).array(Float.self),
            [2, 5, 0])
        XCTAssertEqual(
            Tensor.zeros([3]).indexPut([rows], values: Tensor([5] as [Float])).array(Float.self), [5, 5, 0])
        XCTAssertEqual(
            ramp[0].gather(dim: 1, index: Tensor([3, 0, 1] as [Int64], shape: [3, 1])).array(Float.self), [3, 10, 21])
        XCTAssertEqual(ramp.maskedFill(ramp .< 100, 0).sum().item(), ramp[1].sum().item())
    }

    func testMemoryFormats() {
        let x = Tensor.arange(0, 24).reshape([1, 2, 3, 4])
        let last = x.to(memoryFormat: .channelsLast)
        XCTAssertTrue(x.isContiguous && !x.isChannelsLast)
        XCTAssertTrue(last.isChannelsLast && !last.isContiguous)
        XCTAssertEqual(last.strides, [24, 1, 8, 2])
        XCTAssertEqual(last.array(Float.self), x.array(Float.self))
        XCTAssertTrue(Tensor.empty([1, 2, 3, 4, 5], memoryFormat: .channelsLast3D).isChannelsLast)
    }

    func testDescriptionsReadLikeTables() {
        XCTAssertEqual(Tensor([1, 2, 3, 4] as [Int64], shape: [2, 2]).description, "[[1, 2],\n [3, 4]]  [2, 2] int64")
        XCTAssertEqual(Tensor([0.5, -1.25] as [Float]).description, "[ 0.5000, -1.2500]  [2] float32")
        XCTAssertEqual(Tensor([true, false]).description, "[true, false]  [2] bool")
        XCTAssertEqual(Tensor.zeros([0, 4]).description, "[0, 4] float32 (no elements)")
        let long = Tensor.arange(0, 5000, dtype: .int64).description
        XCTAssertEqual(long, "[   0,    1,    2, …, 4997, 4998, 4999]  [5000] int64")
        XCTAssertTrue(Tensor([Float.nan, .infinity, 1]).description.contains("nan"))
    }
}
