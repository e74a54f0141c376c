import Annotations
import DataPipeline
import Media
import Support
import XCTest

final class TransformTests: XCTestCase {
    private func random(_ index: Int = 0) -> SeededRandom { SeededRandom(seed: 11, epoch: 0, index: index) }

    /// The red and green of the pixel in a box's near corner: where it was on the ramp.
    private func cornerColor(_ sample: DetectionSample, _ i: Int = 0) -> [UInt8] {
        let box = sample.target.boxes[i]
        let (x, y) = (Int(box.x0), Int(box.y0))
        return [sample.image[x, y, 0], sample.image[x, y, 1]]
    }

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

    func testShortestEdgeRule() {
        func size(_ w: Int, _ h: Int, _ shorter: Int, _ longest: Int) -> [Int] {
            let s = ResizeShortestEdge.outputSize(for: (w, h), shorterSide: shorter, longestSide: longest)
            return [s.width, s.height]
        }
        XCTAssertEqual(size(640, 480, 240, 480), [320, 240])
        XCTAssertEqual(size(480, 640, 240, 480), [240, 320])
        XCTAssertEqual(size(1000, 200, 800, 1333), [1333, 266])
        XCTAssertEqual(size(10, 3000, 800, 1333), [4, 1333])
        XCTAssertEqual(size(500, 375, 800, 1333), [1066, 800])
        XCTAssertEqual(size(333, 500, 240, 480), [240, 360])
        XCTAssertEqual(size(427, 640, 800, 1333), [800, 1199])
        // 103 · (240 / 103) falls short of 240 in double precision, in torchvision too.
        XCTAssertEqual(size(103, 150, 240, 480), [239, 349])
        XCTAssertEqual(size(1, 1000, 10, 100), [1, 100])
    }

    func testResizeMovesPixelsAndBoxesAlike() {
        var resized = sample(ramp(width: 100, height: 80), boxes: [Box(x0: 20, y0: 40, x1: 60, y1: 60)])
        var draw = random()
        ResizeShortestEdge(160, longestSide: 400).apply(&resized, random: &draw)
        XCTAssertEqual([resized.image.width, resized.image.height], [200, 160])
        XCTAssertEqual(resized.target.boxes, [Box(x0: 40, y0: 80, x1: 120, y1: 120)])
        XCTAssertEqual(resized.target.areas, [40 * 20 * 4])
        XCTAssertEqual(cornerColor(resized).map { Double($0) }[0], 20, accuracy: 1)
        XCTAssertEqual(cornerColor(resized).map { Double($0) }[1], 40, accuracy: 1)
        ResizeFixed(width: 50, height: 50).apply(&resized, random: &draw)
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

    func testJitterKeepsBoxesAndNeutralJitterKeepsPixels() {
        let image = ramp(width: 40, height: 30)
        let box = Box(x0: 1, y0: 2, x1: 30, y1: 20)
        var jittered = sample(image, boxes: [box])
        var draw = random()
        ColorJitter(brightness: 1...1, contrast: 1...1, saturation: 1...1, hue: 0...0, probability: 1)
            .apply(&jittered, random: &draw)
        XCTAssertEqual(jittered.image, image)
        ColorJitter(probability: 0).apply(&jittered, random: &draw)
        XCTAssertEqual(jittered.image, image)
        ColorJitter(brightness: 2...2, probability: 1).apply(&jittered, random: &draw)
        XCTAssertNotEqual(jittered.image, image)
        XCTAssertEqual(jittered.target.boxes, [box])
    }

    func testJitterByHand() {
        func jitter(_ pixels: [UInt8], _ transform: ColorJitter) -> [UInt8] {
            var jittered = sample(ByteImage(width: pixels.count / 3, height: 1, channels: 3, pixels: pixels), boxes: [])
            var draw = random()
            transform.apply(&jittered, random: &draw)
            return jittered.image.pixels
        }
        let off = 1.0...1.0
        let brighter = ColorJitter(brightness: 1.5...1.5, contrast: off, saturation: off, hue: 0...0, probability: 1)
        XCTAssertEqual(jitter([10, 100, 200], brighter), [15, 150, 255])
        // The mean grey of 50 and 150 is 100: contrast 0.5 brings both half way to it.
        let flatter = ColorJitter(brightness: off, contrast: 0.5...0.5, saturation: off, hue: 0...0, probability: 1)
        XCTAssertEqual(jitter([50, 50, 50, 150, 150, 150], flatter), [75, 75, 75, 125, 125, 125])
        // Without saturation a pixel is its luma: 0.299 · 100 + 0.587 · 200 + 0.114 · 50 = 153.
        let grey = ColorJitter(brightness: off, contrast: off, saturation: 0...0, hue: 0...0, probability: 1)
        XCTAssertEqual(jitter([100, 200, 50], grey), [153, 153, 153])
        // Hue leaves grey alone, and half a turn twice is no turn.
        let turned = ColorJitter(brightness: off, contrast: off, saturation: off, hue: 0.5...0.5, probability: 1)
        XCTAssertEqual(jitter([90, 90, 90], turned), [90, 90, 90])
        let once = jitter([120, 100, 90], turned)
        XCTAssertLessThan(once[0], once[2], "the complement of an orange is blue")
        for (a, b) in zip(jitter(once, turned), [120, 100, 90] as [UInt8]) {
            XCTAssertEqual(Int(a), Int(b), accuracy: 2)
        }
    }
}
