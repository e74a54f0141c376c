import Workflows
import XCTest

final class SubRipTests: XCTestCase {
    func testText() {
        let text = SubRip.text([
            .init(start: 0, end: 1.5, text: "cleaning 90%"),
            .init(start: 3599.9996, end: 36_061.25, text: "a --> b\n\nc"),
            .init(start: 1, end: 2, text: "\n"),
        ])
        XCTAssertEqual(
            text,
            """
            1
            00:00:00,000 --> 00:00:01,500
            cleaning 90%

            2
            01:00:00,000 --> 10:01:01,250
            a → b c

            3
            00:00:01,000 --> 00:00:02,000
            –


            """)
        XCTAssertEqual(SubRip.text([]), "")
    }
}
