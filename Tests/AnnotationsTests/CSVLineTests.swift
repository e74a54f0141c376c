import Annotations
import XCTest

final class CSVLineTests: XCTestCase {
    func testValuesComeBack() {
        for fields in [["a", "b"], ["", ""], ["a, b", "\"c\""], ["a\tb;c", "é"], [""]] {
            XCTAssertEqual(CSVLine.fields(of: CSVLine.text(fields)), fields)
        }
    }

    func testOtherSeparatorsAndSpaces() {
        XCTAssertEqual(CSVLine.fields(of: " a ; \"b;c\" ;d,e", separator: ";"), ["a", "b;c", "d,e"])
        XCTAssertNil(CSVLine.fields(of: "a,\"b"))
    }
}
