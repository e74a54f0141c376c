import Annotations
import DataPipeline
import Media
import Support
import XCTest

final class RandomIoUCropTests: XCTestCase {
    private let boxes = [
        Box(x0: 8, y0: 6, x1: 140, y1: 92), Box(x0: 80, y0: 30, x1: 120, y1: 90), Box(x0: 150, y0: 5, x1: 158, y1: 15),
    ]
    private let picture = ramp(width: 160, height: 100)

    /// Where the crop was, read from the ramp.
    private func window(_ sample: DetectionSample) -> Box {
        let (x, y) = (Float(sample.image[0, 0, 0]), Float(sample.image[0, 0, 1]))
        return Box(x: x, y: y, width: Float(sample.image.width), height: Float(sample.image.height))
    }

    func testEveryDrawKeepsItsPromises() {
        for overlap in [0, 0.1, 0.3, 0.5, 0.7, 0.9] {
            // The choice of 1 is there to end hopeless draws; draws that took it are left out below.
            let transform = RandomIoUCrop(minimumOverlaps: [overlap, overlap, overlap, 1])
            var cropped = 0
            for index in 0..<150 {
                var sample = sample(picture, boxes: boxes, labels: [1, 2, 3])
                var random = SeededRandom(seed: 3, epoch: 0, index: index)
                transform.apply(&sample, random: &random)
                let window = window(sample)
                if window.width == 160, window.height == 100 {
                    XCTAssertEqual(sample.target.boxes, boxes)
                    continue
                }
                cropped += 1
                XCTAssertTrue(window.width >= 48 && window.height >= 30, "a side below 0.3 of the image's")
                XCTAssertTrue((0.5...2).contains(window.width / window.height))
                XCTAssertTrue(window.x1 <= 160 && window.y1 <= 100)
                check(sample, window: window, overlap: Float(overlap))
            }
            XCTAssertGreaterThan(cropped, overlap < 0.6 ? 75 : 5, "overlap \(overlap)")
        }
    }

    private func check(_ sample: DetectionSample, window: Box, overlap: Float) {
        let expected = boxes.enumerated().filter { _, box in
            let x = (box.x0 + box.x1) / 2
            let y = (box.y0 + box.y1) / 2
            return window.x0 < x && x < window.x1 && window.y0 < y && y < window.y1
        }
        XCTAssertFalse(expected.isEmpty)
        XCTAssertEqual(sample.target.labels, expected.map { $0.offset + 1 })
        XCTAssertGreaterThanOrEqual(expected.map { $0.element.intersectionOverUnion(window) }.max() ?? 0, overlap)
        for (box, original) in zip(sample.target.boxes, expected.map(\.element)) {
            XCTAssertEqual(box.x0, max(0, original.x0 - window.x0))
            XCTAssertEqual(box.y0, max(0, original.y0 - window.y0))
            XCTAssertEqual(box.x1, min(window.width, original.x1 - window.x0))
            XCTAssertEqual(box.y1, min(window.height, original.y1 - window.y0))
            XCTAssertFalse(box.isDegenerate)
        }
        for (area, box) in zip(sample.target.areas, sample.target.boxes) {
            XCTAssertEqual(area, box.area, accuracy: 1e-3 * box.area)
        }
    }

    func testAllOverlapsAreDrawnAndDrawsRepeat() {
        var shapes = Set<[Int]>()
        var untouched = 0
        for index in 0..<200 {
            var results: [DetectionSample] = []
            for _ in 0..<2 {
                var sample = sample(picture, boxes: boxes)
                var random = SeededRandom(seed: 4, epoch: 0, index: index)
                RandomIoUCrop().apply(&sample, random: &random)
                results.append(sample)
            }
            XCTAssertEqual(results[0].image, results[1].image)
            XCTAssertEqual(results[0].target, results[1].target)
            shapes.insert([results[0].image.width, results[0].image.height])
            if results[0].image.width == 160, results[0].image.height == 100 { untouched += 1 }
        }
        XCTAssertGreaterThan(shapes.count, 100)
        XCTAssertTrue((15...120).contains(untouched), "\(untouched) of 200 left alone")
    }

    func testWithoutObjectsNothingHappens() {
        var sample = sample(ramp(width: 16, height: 10), boxes: [])
        var random = SeededRandom(seed: 4, epoch: 0, index: 0)
        RandomIoUCrop().apply(&sample, random: &random)
        XCTAssertEqual(sample.image, ramp(width: 16, height: 10))
    }
}
