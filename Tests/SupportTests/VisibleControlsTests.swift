import Support
import XCTest

final class VisibleControlsTests: XCTestCase {
    func testControlCharactersAreEscapes() {
        XCTAssertEqual("s\u{7F}uare \u{1B}[2J\r\u{9B}m".withVisibleControls, "s\\u{7F}uare \\u{1B}[2J\\u{D}\\u{9B}m")
        XCTAssertEqual("Zürich\t猫\n👩‍🌾 é".withVisibleControls, "Zürich\t猫\n👩‍🌾 é")
        XCTAssertEqual("".withVisibleControls, "")
    }

    func testOnOneLine() { XCTAssertEqual("a\nb\tc\r\nd".onOneLine, "a\\u{A}b\\u{9}c\\u{D}\\u{A}d") }
}
