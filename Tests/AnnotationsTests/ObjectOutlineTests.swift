import Annotations
import Support
import XCTest

final class ObjectOutlineTests: XCTestCase {
    func testBoundsAndArea() {
        let outline = ObjectOutline.polygons([[0, 0, 4, 0, 4, 3], [10, 10, 12, 10, 12, 11, 10, 11]])
        XCTAssertEqual(outline.area, 6 + 2)
        XCTAssertEqual(outline.bounds.map { [$0.x0, $0.y0, $0.x1, $0.y1] }, [0, 0, 12, 11])
        // The other way round, from another point.
        XCTAssertEqual(ObjectOutline.polygons([[4, 3, 4, 0, 0, 0]]).area, 6)
        let mask = ObjectOutline.runs([1, 2], ImageSize(width: 3, height: 1))
        XCTAssertNil(mask.area)
        XCTAssertNil(mask.bounds)
    }
}
