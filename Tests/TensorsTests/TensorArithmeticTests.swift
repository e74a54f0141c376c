import Tensors
import XCTest

final class TensorArithmeticTests: XCTestCase {
    func testOperandsBroadcast() {
        let column = Tensor([1.0, 2.0] as [Float], shape: [2, 1])
        let row = Tensor([10, 20, 30] as [Float])
        XCTAssertEqual((column + row).array(Float.self), [11, 21, 31, 12, 22, 32])
        XCTAssertEqual((column * row).shape, [2, 3])
        XCTAssertEqual((row - column).array(Float.self), [9, 19, 29, 8, 18, 28])
        XCTAssertEqual((row / column).array(Float.self), [10, 20, 30, 5, 10, 15])
    }

    func testNumbersKeepTheTensorsType() {
        let integers = Tensor([7, 8] as [Int64])
        XCTAssertEqual((integers + 1).dtype, .int64)
        XCTAssertEqual((integers * 2).array(Int.self), [14, 16])
        XCTAssertEqual((integers % 3).array(Int.self), [1, 2])
        XCTAssertEqual((integers * 0.5).array(Double.self), [3.5, 4])
        let singles = Tensor([1] as [Float])
        XCTAssertEqual((singles + 0.1).dtype, .float32)
        XCTAssertEqual((Tensor([1] as [Double]) + 0.1).item(), 1.1)
        XCTAssertEqual((1 - Tensor([0.25] as [Float])).item(), 0.75)
        XCTAssertEqual((2 / Tensor([8] as [Float])).item(), 0.25)
    }

    func testComparison() {
        let x = Tensor([1, 2, 3] as [Float])
        XCTAssertEqual((x .> 1.5).array(Bool.self), [false, true, true])
        XCTAssertEqual(((x .> 1) .& (x .< 3)).array(Bool.self), [false, true, false])
        XCTAssertEqual(((x .== 1) .| .!(x .<= 2)).array(Bool.self), [true, false, true])
        XCTAssertEqual(Tensor.where(x .>= 2, x, -x).array(Float.self), [-1, 2, 3])
    }

    func testFunctionsAgreeWithFoundation() {
        let values: [Double] = [0.1, 0.5, 1.25, 2]
        let x = Tensor(values)
        let cases: [(Tensor, (Double) -> Double)] = [
            (x.exp(), exp), (x.log(), log), (x.log2(), log2), (x.log1p(), log1p), (x.sqrt(), sqrt),
            (x.rsqrt(), { 1 / $0.squareRoot() }), (x.sin(), sin), (x.cos(), cos), (x.tanh(), tanh), (x.erf(), erf),
            (x.sigmoid(), { 1 / (1 + exp(-$0)) }), (x.reciprocal(), { 1 / $0 }), (x.square(), { $0 * $0 }),
            (x.pow(1.5), { pow($0, 1.5) }), (x.floor(), floor), (x.ceil(), ceil), (x.expm1(), expm1),
        ]
        for (index, (result, expected)) in cases.enumerated() {
            for (a, b) in zip(result.array(Double.self), values.map(expected)) {
                XCTAssertEqual(a, b, accuracy: 1e-12, "case \(index)")
            }
        }
    }

    func testChangesInPlaceReachEveryCopyOfTheValue() {
        let x = Tensor([1, 2] as [Float])
        let same = x
        x.addInPlace(Tensor([1, 1] as [Float]), scale: 10)
        XCTAssertEqual(same.array(Float.self), [11, 12])
        x.multiplyInPlace(2)
        x.clampInPlace(max: 23)
        XCTAssertEqual(same.array(Float.self), [22, 23])
        let apart = x.clone()
        x.zeroInPlace()
        XCTAssertEqual(same.array(Float.self), [0, 0])
        XCTAssertEqual(apart.array(Float.self), [22, 23])
    }

    func testReductions() {
        let x = Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
        XCTAssertEqual(x.sum().item(), 21)
        XCTAssertEqual(x.sum([0]).array(Float.self), [5, 7, 9])
        XCTAssertEqual(x.mean([1], keepDim: true).shape, [2, 1])
        XCTAssertEqual(x.amax([1]).array(Float.self), [3, 6])
        XCTAssertEqual(x.amin().item(), 1)
        XCTAssertEqual(x.variance([1], unbiased: false).array(Float.self)[0], 2.0 / 3, accuracy: 1e-6)
        XCTAssertEqual(x.max(dim: 0).indices.array(Int.self), [1, 1, 1])
        XCTAssertEqual(x.argmin(dim: 1).array(Int.self), [0, 0])
        XCTAssertEqual(x.cumsum(dim: 1).array(Float.self), [1, 3, 6, 4, 9, 15])
        XCTAssertEqual(x.norm().item(), 91.0.squareRoot(), accuracy: 1e-6)
        XCTAssertEqual((x .> 5).any().itemInt(), 1)
        XCTAssertEqual((x .> 5).all().itemInt(), 0)
    }

    func testOrderIsStable() {
        let x = Tensor([2, 1, 2, 1] as [Float])
        XCTAssertEqual(x.sorted(descending: true).indices.array(Int.self), [0, 2, 1, 3])
        XCTAssertEqual(x.argsort().array(Int.self), [1, 3, 0, 2])
        XCTAssertEqual(x.topK(2).values.array(Float.self), [2, 2])
        XCTAssertEqual(x.unique().array(Float.self), [1, 2])
        XCTAssertEqual((x .== 1).nonzero().array(Int.self), [1, 3])
    }
}
