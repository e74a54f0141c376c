import Support
import XCTest

final class StoppedTests: XCTestCase {
    func testItSaysHowFarTheWorkCame() {
        XCTAssertEqual("\(Stopped())", "stopped")
        XCTAssertEqual("\(Stopped("before frame 7 of a.mp4"))", "stopped before frame 7 of a.mp4")
    }
}
