import Foundation
import Support
import XCTest

final class ImageSizeTests: XCTestCase {
    func testWidthIsNotHeight() {
        let size = ImageSize(width: 640, height: 480)
        XCTAssertEqual(size.width, 640)
        XCTAssertEqual(size.height, 480)
        XCTAssertNotEqual(size, ImageSize(width: 480, height: 640))
        XCTAssertEqual(Set([size, ImageSize(width: 640, height: 480), ImageSize(width: 480, height: 640)]).count, 2)
    }

    func testItIsWrittenByTheNamesOfItsSides() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let size = ImageSize(width: 640, height: 480)
        XCTAssertEqual(String(decoding: try encoder.encode(size), as: UTF8.self), #"{"height":480,"width":640}"#)
        let read = try JSONDecoder().decode(ImageSize.self, from: Data(#"{"width": 3, "height": 2}"#.utf8))
        XCTAssertEqual(read, ImageSize(width: 3, height: 2))
    }
}
