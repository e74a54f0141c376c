import Media
import XCTest

final class HeatMapTests: XCTestCase {
    private let grey = ColorRamp([.init(0, .black), .init(1, .white)])

    private func red(_ image: ByteImage, row: Int) -> [Int] { (0..<image.width).map { Int(image[$0, row, 0]) } }

    /// 0 and 1 stand in the middles of two cells of four pixels each; between them the value rises by a quarter a pixel.
    func testValuesAreInterpolatedBetweenTheMiddlesOfCells() {
        let map = HeatMap(width: 2, height: 1, values: [0, 1])
        let picture = ByteImage(width: 8, height: 2)
        let heated = picture.heated(
            by: map, in: ImageRegion(x: 0, y: 0, width: 8, height: 2), opacity: 1, ramp: grey)
        let expected = [0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1].map { $0 * 255 }
        for row in 0..<2 {
            for (value, expected) in zip(red(heated, row: row), expected) {
                XCTAssertEqual(Double(value), expected, accuracy: 0.7)
            }
        }
        let tall = ByteImage(width: 2, height: 8).heated(
            by: HeatMap(width: 1, height: 2, values: [0, 1]), in: ImageRegion(x: 0, y: 0, width: 2, height: 8),
            opacity: 1, ramp: grey)
        XCTAssertEqual((0..<8).map { tall[1, $0, 2] }, (0..<8).map { heated[$0, 1, 2] }, "down as across")
    }

    func testColoursAreBlendedInTheRegionAndTheRestIsDarkened() {
        let map = HeatMap(width: 1, height: 1, values: [1])
        let picture = ByteImage(width: 6, height: 4, channels: 1, filledWith: 100)
        let heated = picture.heated(
            by: map, in: ImageRegion(x: 1.4, y: 1, width: 3, height: 2), opacity: 0.25, dimming: 0.5, ramp: grey)
        XCTAssertEqual([heated.width, heated.height, heated.channels], [6, 4, 3])
        // 0.75 · 100 + 0.25 · 255 = 138.75; pixels whose middles are in 1.4…4.4 are 1 to 3.
        XCTAssertEqual(red(heated, row: 1), [50, 139, 139, 139, 50, 50])
        XCTAssertEqual(red(heated, row: 2), red(heated, row: 1))
        XCTAssertEqual(red(heated, row: 0), Array(repeating: 50, count: 6))
        XCTAssertEqual(red(heated, row: 3), red(heated, row: 0))
    }

    func testARegionLargerThanThePictureAndValuesBeyondTheRange() {
        let map = HeatMap(width: 3, height: 1, values: [-4, .nan, 9])
        let picture = ByteImage(width: 3, height: 3)
        let wide = picture.heated(by: map, in: ImageRegion(x: 0, y: -5, width: 3, height: 30), opacity: 1, ramp: grey)
        XCTAssertEqual(red(wide, row: 2), [0, 0, 255])
        let outside = picture.heated(by: map, in: ImageRegion(x: 90, y: 0, width: 3, height: 3))
        XCTAssertEqual(outside, picture)
    }

    func testRegionsScale() {
        XCTAssertEqual(
            ImageRegion(x: 1, y: 2, width: 3, height: 4).scaled(by: 2), ImageRegion(x: 2, y: 4, width: 6, height: 8))
    }
}
