import Support
import XCTest

final class VideoSpanTests: XCTestCase {
    func testWhatIsRead() {
        let spans: [(String, VideoSpan?)] = [
            ("2s", .seconds(2)), ("2", .seconds(2)), ("0.25s", .seconds(0.25)), ("64f", .frames(64)),
            ("1f", .frames(1)),
            ("0", nil), ("0f", nil), ("-1s", nil), ("1.5f", nil), ("f", nil), ("s", nil), ("", nil), ("nan", nil),
            ("inf", nil), ("2 s", nil), ("3m", nil),
        ]
        XCTAssertEqual(spans.count, 16)
        for (text, span) in spans { XCTAssertEqual(VideoSpan(text), span, text) }
        for span in [VideoSpan.seconds(2.5), .frames(7)] { XCTAssertEqual(VideoSpan(span.description), span) }
    }
}
