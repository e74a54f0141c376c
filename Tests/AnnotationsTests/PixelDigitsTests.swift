import Annotations
import XCTest

final class PixelDigitsTests: XCTestCase {
    func testNumbersNearFourDecimalsGetThem() {
        XCTAssertEqual((0.1 + 0.2).pixelDigits(within: 1e-9), 0.3)
        XCTAssertEqual(12.345_600_4.pixelDigits(within: 1e-5), 12.3456)
        XCTAssertEqual(12.345_65.pixelDigits(within: 1e-5), 12.345_65)
        XCTAssertEqual((1 / 3.0).pixelDigits(within: 1e-9), 1 / 3.0)
        XCTAssertEqual(1e300.pixelDigits(within: 1e-5), 1e300)
        XCTAssertTrue(Double.nan.pixelDigits(within: 1e-5).isNaN)
    }
}
