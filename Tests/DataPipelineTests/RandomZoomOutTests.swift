import Annotations
import DataPipeline
import Media
import Support
import XCTest

final class RandomZoomOutTests: XCTestCase {
    private func random(_ index: Int = 0) -> SeededRandom { SeededRandom(seed: 11, epoch: 0, index: index) }

    func testZoomOutMovesPixelsAndBoxesAlike() {
        for index in 0..<50 {
            var zoomed = sample(ramp(width: 30, height: 20), boxes: [Box(x0: 5, y0: 6, x1: 15, y1: 16)])
            var draw = random(index)
            RandomZoomOut(probability: 1, fill: (200, 201, 202)).apply(&zoomed, random: &draw)
            XCTAssertTrue((30...120).contains(zoomed.image.width) && (20...80).contains(zoomed.image.height))
            XCTAssertEqual([zoomed.size.width, zoomed.size.height], [zoomed.image.width, zoomed.image.height])
            XCTAssertEqual(cornerColor(zoomed), [5, 6])
            XCTAssertEqual([zoomed.target.boxes[0].width, zoomed.target.boxes[0].height], [10, 10])
            let filled = zoomed.image.pixels.count { $0 == 202 }
            XCTAssertEqual(filled, zoomed.image.width * zoomed.image.height - 30 * 20)
        }
        var left = sample(ramp(width: 30, height: 20), boxes: [])
        var draw = random()
        RandomZoomOut(probability: 0).apply(&left, random: &draw)
        XCTAssertEqual(left.image, ramp(width: 30, height: 20))
    }
}
