import Annotations
import XCTest

final class RelativePathTests: XCTestCase {
    func testPathsThatStay() {
        for path in ["a.jpg", "a/b/c.jpg", "./a.jpg", "a/../b.jpg", "..a/b..", "a/...", "", "a//b"] {
            XCTAssertTrue(RelativePath.staysInside(path), path)
        }
    }

    func testPathsThatLeave() {
        for path in ["/a", "..", "../a", "a/../../b", "a/b/../../..", "./../x", "a\0b", "//x"] {
            XCTAssertFalse(RelativePath.staysInside(path), path)
        }
    }
}
