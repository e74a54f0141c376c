import Media
import XCTest

final class ImageFileTests: XCTestCase {
    func testGradientSurvivesPNG() throws {
        let image = ByteImage(width: 5, height: 3, channels: 3, pixels: (0..<45).map { UInt8($0 * 5) })
        XCTAssertEqual(try ImageFile.decode(ImageFile.encodePNG(image)), image)
    }
}
