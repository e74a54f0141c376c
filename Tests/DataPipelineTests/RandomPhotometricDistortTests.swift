import Annotations
import DataPipeline
import Media
import Support
import XCTest

final class RandomPhotometricDistortTests: XCTestCase {
    private func random(_ index: Int = 0) -> SeededRandom { SeededRandom(seed: 11, epoch: 0, index: index) }

    func testBoxesStayAndNeutralStrengthsKeepPixels() {
        let image = ramp(width: 40, height: 30)
        let box = Box(x0: 1, y0: 2, x1: 30, y1: 20)
        var jittered = sample(image, boxes: [box])
        var draw = random()
        RandomPhotometricDistort(brightness: 1...1, contrast: 1...1, saturation: 1...1, hue: 0...0, probability: 1)
            .apply(&jittered, random: &draw)
        XCTAssertEqual(jittered.image, image)
        RandomPhotometricDistort(probability: 0).apply(&jittered, random: &draw)
        XCTAssertEqual(jittered.image, image)
        RandomPhotometricDistort(brightness: 2...2, probability: 1).apply(&jittered, random: &draw)
        XCTAssertNotEqual(jittered.image, image)
        XCTAssertEqual(jittered.target.boxes, [box])
    }

    func testEveryChangeByHand() {
        func jitter(_ pixels: [UInt8], _ transform: RandomPhotometricDistort) -> [UInt8] {
            var jittered = sample(ByteImage(width: pixels.count / 3, height: 1, channels: 3, pixels: pixels), boxes: [])
            var draw = random()
            transform.apply(&jittered, random: &draw)
            return jittered.image.pixels
        }
        let off = 1.0...1.0
        let brighter = RandomPhotometricDistort(
            brightness: 1.5...1.5, contrast: off, saturation: off, hue: 0...0, probability: 1)
        XCTAssertEqual(jitter([10, 100, 200], brighter), [15, 150, 255])
        // The mean grey of 50 and 150 is 100: contrast 0.5 brings both half way to it.
        let flatter = RandomPhotometricDistort(
            brightness: off, contrast: 0.5...0.5, saturation: off, hue: 0...0, probability: 1)
        XCTAssertEqual(jitter([50, 50, 50, 150, 150, 150], flatter), [75, 75, 75, 125, 125, 125])
        // Without saturation a pixel is its luma: 0.299 · 100 + 0.587 · 200 + 0.114 · 50 = 153.
        let grey = RandomPhotometricDistort(
            brightness: off, contrast: off, saturation: 0...0, hue: 0...0, probability: 1)
        XCTAssertEqual(jitter([100, 200, 50], grey), [153, 153, 153])
        // Hue leaves grey alone, and half a turn twice is no turn.
        let turned = RandomPhotometricDistort(
            brightness: off, contrast: off, saturation: off, hue: 0.5...0.5, probability: 1)
        XCTAssertEqual(jitter([90, 90, 90], turned), [90, 90, 90])
        let once = jitter([120, 100, 90], turned)
        XCTAssertLessThan(once[0], once[2], "the complement of an orange is blue")
        for (a, b) in zip(jitter(once, turned), [120, 100, 90] as [UInt8]) {
            XCTAssertEqual(Int(a), Int(b), accuracy: 2)
        }
    }

    /// SSD draws the order of contrast and the other two; here both orders are the same but for rounding.
    func testTheOrderDoesNotMatter() {
        let off = 1.0...1.0
        let contrast = RandomPhotometricDistort(
            brightness: off, contrast: 0.7...0.7, saturation: off, hue: 0...0, probability: 1)
        let others = RandomPhotometricDistort(
            brightness: off, contrast: off, saturation: 0.6...0.6, hue: 0.04...0.04, probability: 1)
        // Colours that no step takes beyond 0…255.
        let pixels: [UInt8] = (0..<60).flatMap { (i: Int) -> [UInt8] in
            let values: [Int] = [90 + i, 150 - i, 100 + i * 7 % 50]
            return values.map { UInt8($0) }
        }
        func run(_ transforms: [RandomPhotometricDistort]) -> [UInt8] {
            var changed = sample(ByteImage(width: 60, height: 1, channels: 3, pixels: pixels), boxes: [])
            for (position, transform) in transforms.enumerated() {
                var stream = random(position)
                transform.apply(&changed, random: &stream)
            }
            return changed.image.pixels
        }
        for (a, b) in zip(run([contrast, others]), run([others, contrast])) {
            XCTAssertEqual(Int(a), Int(b), accuracy: 2)
        }
        XCTAssertNotEqual(run([contrast, others]), pixels)
    }
}
