import DataPipeline
import Support
import XCTest

final class LimitLongestSideTests: XCTestCase {
    func testOnlyLongImagesAreShrunk() {
        var draw = SeededRandom(seed: 0, epoch: 0, index: 0)
        func size(_ width: Int, _ height: Int) -> [Int] {
            let size = LimitLongestSide(100).outputSize(for: ImageSize(width: width, height: height), random: &draw)
            return [size.width, size.height]
        }
        XCTAssertEqual(size(100, 40), [100, 40])
        XCTAssertEqual(size(200, 50), [100, 25])
        XCTAssertEqual(size(30, 400), [7, 100])
        XCTAssertEqual(size(1, 4000), [1, 100])
    }
}
