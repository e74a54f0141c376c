import Media
import XCTest

final class CanvasTests: XCTestCase {
    func testFullRectangleCoversItsPixelsOnly() throws {
        let canvas = Canvas(width: 8, height: 8, background: .white)
        canvas.rectangle(x: 2, y: 3, width: 4, height: 2, fill: .color(.black))
        let image = canvas.image()
        for y in 0..<8 {
            for x in 0..<8 {
                let inside = (2..<6).contains(x) && (3..<5).contains(y)
                XCTAssertEqual(image[x, y, 0], inside ? 0 : 255, "(\(x), \(y))")
            }
        }
    }
}
