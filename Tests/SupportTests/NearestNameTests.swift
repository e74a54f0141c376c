import Support
import XCTest

final class NearestNameTests: XCTestCase {
    func testTheFewestEditsWin() {
        XCTAssertEqual(nearestName(to: "iresnet5", among: ["resnet50", "iresnet50", "iresnet101"]), "iresnet50")
        XCTAssertEqual(nearestName(to: "BATCH", among: ["bath", "batch"]), "batch")
        // Both are one replacement away: the first.
        XCTAssertEqual(nearestName(to: "cat", among: ["car", "bat"]), "car")
        XCTAssertNil(nearestName(to: "cat", among: []))
    }

    func testTheLimitIsKept() {
        // k → s, e → i, + g: three edits.
        XCTAssertEqual(nearestName(to: "kitten", among: ["sitting"], within: 3), "sitting")
        XCTAssertNil(nearestName(to: "kitten", among: ["sitting"], within: 2))
    }
}
