import Annotations
import DataPipeline
import Media
import Support
import XCTest

final class RandomHorizontalFlipTests: XCTestCase {
    private func random(_ index: Int = 0) -> SeededRandom { SeededRandom(seed: 11, epoch: 0, index: index) }

    func testFlipMovesPixelsAndBoxesAlike() {
        var flipped = sample(ramp(width: 20, height: 10), boxes: [Box(x0: 3, y0: 2, x1: 8, y1: 9)])
        var draw = random()
        RandomHorizontalFlip(probability: 1).apply(&flipped, random: &draw)
        XCTAssertEqual(flipped.target.boxes, [Box(x0: 12, y0: 2, x1: 17, y1: 9)])
        // The box's first column is the one that was its last.
        XCTAssertEqual(cornerColor(flipped), [7, 2])
        RandomHorizontalFlip(probability: 1).apply(&flipped, random: &draw)
        XCTAssertEqual(flipped.target.boxes, [Box(x0: 3, y0: 2, x1: 8, y1: 9)])
        XCTAssertEqual(flipped.image, ramp(width: 20, height: 10))
        RandomHorizontalFlip(probability: 0).apply(&flipped, random: &draw)
        XCTAssertEqual(flipped.image, ramp(width: 20, height: 10))
    }

    func testFlipProbability() {
        let flips = (0..<1000).count { index in
            var flipped = sample(ramp(width: 4, height: 1), boxes: [])
            var draw = random(index)
            RandomHorizontalFlip(probability: 0.3).apply(&flipped, random: &draw)
            return flipped.image[0, 0, 0] == 3
        }
        XCTAssertEqual(flips, 300, accuracy: 72)
    }

    func testImagesWithoutBoxesAreMirroredAsOften() {
        let ramp = ByteImage(width: 2, height: 1, pixels: [0, 0, 0, 9, 9, 9])
        let flipped = (0..<4000).filter { index in
            var random = random(index)
            return RandomHorizontalFlip(probability: 0.25).apply(ramp, random: &random)[0, 0] == 9
        }
        XCTAssertEqual(Double(flipped.count) / 4000, 0.25, accuracy: 0.025)
    }
}
