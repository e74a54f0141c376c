import Annotations
import DataPipeline
import Media
import Support
import XCTest

final class ResizeShortestEdgeTests: XCTestCase {
    private func random(_ index: Int = 0) -> SeededRandom { SeededRandom(seed: 11, epoch: 0, index: index) }

    func testResizeMovesPixelsAndBoxesAlike() {
        var resized = sample(ramp(width: 100, height: 80), boxes: [Box(x0: 20, y0: 40, x1: 60, y1: 60)])
        var draw = random()
        ResizeShortestEdge(160, longestSide: 400).apply(&resized, random: &draw)
        XCTAssertEqual([resized.image.width, resized.image.height], [200, 160])
        XCTAssertEqual(resized.target.boxes, [Box(x0: 40, y0: 80, x1: 120, y1: 120)])
        XCTAssertEqual(resized.target.areas, [40 * 20 * 4])
        XCTAssertEqual(cornerColor(resized).map { Double($0) }[0], 20, accuracy: 1)
        XCTAssertEqual(cornerColor(resized).map { Double($0) }[1], 40, accuracy: 1)
        Resize(width: 50, height: 50).apply(&resized, random: &draw)
        XCTAssertEqual([resized.image.width, resized.image.height], [50, 50])
        XCTAssertEqual(resized.target.boxes, [Box(x0: 10, y0: 25, x1: 30, y1: 37.5)])
        XCTAssertEqual(Double(cornerColor(resized)[0]), 21, accuracy: 1.5)
        XCTAssertEqual(Double(cornerColor(resized)[1]), 41, accuracy: 1.5)
        XCTAssertEqual([resized.originalSize.width, resized.originalSize.height], [100, 80])
    }

    func testResizeDrawsOneOfItsSides() {
        let transform = ResizeShortestEdge([20, 30, 40], longestSide: 100)
        let heights = Set(
            (0..<40).map { index in
                var resized = sample(ramp(width: 50, height: 50), boxes: [])
                var draw = random(index)
                transform.apply(&resized, random: &draw)
                return resized.image.height
            })
        XCTAssertEqual(heights, [20, 30, 40])
    }
}
