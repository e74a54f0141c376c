import Annotations
import Support
import XCTest

final class BoxTests: XCTestCase {
    func testCornersAndExtentAgree() {
        let box = Box(x: 10, y: 20, width: 30, height: 40)
        XCTAssertEqual(box, Box(x0: 10, y0: 20, x1: 40, y1: 60))
        XCTAssertEqual(box.width, 30)
        XCTAssertEqual(box.height, 40)
        XCTAssertEqual(box.area, 1200)
    }

    func testSwappedEdgesHaveNoArea() {
        XCTAssertEqual(Box(x0: 5, y0: 5, x1: 1, y1: 1).area, 0)
        XCTAssertTrue(Box(x0: 5, y0: 5, x1: 1, y1: 9).isDegenerate)
        XCTAssertTrue(Box(x0: 0, y0: 0, x1: .infinity, y1: 9).isDegenerate)
        XCTAssertTrue(Box(x0: 0, y0: 0, x1: .nan, y1: 9).isDegenerate)
        XCTAssertFalse(Box(x0: 0, y0: 0, x1: 0.5, y1: 9).isDegenerate)
    }

    func testClippingKeepsTheInside() {
        let clipped = Box(x0: -5, y0: 2, x1: 15, y1: 30).clipped(to: ImageSize(width: 10, height: 20))
        XCTAssertEqual(clipped, Box(x0: 0, y0: 2, x1: 10, y1: 20))
        let outside = Box(x0: 30, y0: 2, x1: 40, y1: 5).clipped(to: ImageSize(width: 10, height: 20))
        XCTAssertEqual(outside.area, 0)
        XCTAssertEqual(outside.x0, 10)
    }

    func testIntersectionOverUnion() {
        let box = Box(x0: 0, y0: 0, x1: 10, y1: 10)
        XCTAssertEqual(box.intersectionOverUnion(Box(x0: 5, y0: 0, x1: 15, y1: 10)), 50.0 / 150.0, accuracy: 1e-7)
        XCTAssertEqual(box.intersectionOverUnion(box), 1)
        XCTAssertEqual(box.intersectionOverUnion(Box(x0: 10, y0: 0, x1: 15, y1: 10)), 0)
    }
}
