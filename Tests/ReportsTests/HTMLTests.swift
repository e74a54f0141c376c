import Reports
import XCTest

final class HTMLTests: XCTestCase {
    func testTextIsEscapedAndPiecesAreNot() {
        let piece: HTML = "<b>\("a < b & \"c\" 'd' >")</b>"
        XCTAssertEqual(piece.text, "<b>a &lt; b &amp; &quot;c&quot; &#39;d&#39; &gt;</b>")
        let page: HTML = "<p>\(piece)\([piece, "<i>\(3)</i>"])</p>"
        XCTAssertEqual(page.text, "<p>\(piece.text)\(piece.text)<i>3</i></p>")
    }

    func testControlCharactersAreReplaced() {
        XCTAssertEqual(HTML(escaping: "a\u{0}b\u{1B}\nc\u{9B}").text, "a\u{FFFD}b\u{FFFD}\nc\u{FFFD}")
        XCTAssertEqual(HTML(escaping: "Zürich 猫").text, "Zürich 猫")
    }
}
