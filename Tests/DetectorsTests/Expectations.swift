import Tensors
import XCTest

/// The first element of a tensor that is off its expected value by more than the tolerances, as text; nil if none is.
func difference(
    _ values: [Float], _ expected: [Float], relative: Float = 0, absolute: Float = 0
) -> String? {
    guard values.count == expected.count else { return "\(values.count) elements instead of \(expected.count)" }
    for i in values.indices where !(abs(values[i] - expected[i]) <= absolute + relative * abs(expected[i])) {
        return "element \(i) is \(values[i]) instead of \(expected[i])"
    }
    return nil
}

/// Fails where a tensor is not what is expected.
func expectEqual(
    _ tensor: Tensor, _ expected: [Float], relative: Float = 0, absolute: Float = 0, _ message: String = "",
    file: StaticString = #filePath, line: UInt = #line
) {
    if let difference = difference(tensor.array(Float.self), expected, relative: relative, absolute: absolute) {
        XCTFail("\(message) \(difference)", file: file, line: line)
    }
}

final class ExpectationsTests: XCTestCase {
    func testSeesEveryKindOfDifference() {
        XCTAssertNil(difference([1, 2], [1, 2]))
        XCTAssertNil(difference([1, 2.0019], [1, 2], relative: 1e-3))
        XCTAssertNotNil(difference([1, 2.003], [1, 2], relative: 1e-3))
        XCTAssertNotNil(difference([1], [1, 2]))
        XCTAssertNotNil(difference([.nan], [1], relative: 1))
    }
}
