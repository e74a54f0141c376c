import ONNXExport
import Tensors
import XCTest

final class TraceTests: XCTestCase {
    private func trace(_ sizes: [Int], _ work: (Tensor) -> Tensor) throws -> Trace {
        try Trace(
            sizes.map { size in
                let x = Tensor.ones([size, 4])
                return try OperationRecording(inputs: [x]) { [work(x)] }
            })
    }

    func testNumbersThatDifferAreSizes() throws {
        let trace = try trace([2, 3]) { x in x.reshape([x.shape[0], 2, 2]).relu() }
        XCTAssertEqual(trace.operations.map(\.name), ["aten::reshape", "aten::relu"])
        XCTAssertEqual(trace.operations[0].arguments["shape"], .list([.size([2, 3]), .int(2), .int(2)]))
        XCTAssertEqual(trace.sizes(trace.outputs[0], axis: 0), [2, 3])
    }

    func testOtherOperationsForAnotherSizeAreRefused() throws {
        XCTAssertThrowsError(try trace([2, 3]) { $0.shape[0] == 2 ? $0.relu() : $0.sigmoid() }) {
            XCTAssertEqual(
                String(describing: $0), "aten::relu: another size of the input asks for aten::sigmoid in its place")
        }
        XCTAssertThrowsError(try trace([2, 3]) { $0.shape[0] == 2 ? $0.relu() : $0.relu().relu() }) {
            XCTAssertEqual(String(describing: $0), "aten::relu: another size of the input asks for more operations")
        }
    }

    func testFactorsThatDependOnTheSizeAreRefused() throws {
        XCTAssertThrowsError(try trace([2, 3]) { $0 * (1 / Double($0.shape[0])) })
    }

    func testConstantsAreThoseOfEverySize() throws {
        let weight = Tensor.ones([4])
        let fixed = try trace([2, 3]) { $0 * weight }
        XCTAssertTrue(fixed.isConstant(fixed.operations[0].inputs[1]))
        let made = try trace([2, 3]) { $0 + Tensor.full([1, 4], Double($0.shape[0])) }
        XCTAssertFalse(made.isConstant(made.operations.last?.inputs[1] ?? 0))
    }
}
