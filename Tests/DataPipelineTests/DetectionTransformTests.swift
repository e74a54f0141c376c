import Annotations
import DataPipeline
import Media
import Support
import TestSupport
import XCTest

/// SSD's transforms one after the other, as its recipes have them.
final class DetectionTransformTests: XCTestCase {
    private let chain: [any DetectionTransform] = [
        LimitLongestSide(1200), RandomPhotometricDistort(), RandomZoomOut(), RandomIoUCrop(), RandomHorizontalFlip(),
        Resize(width: 300, height: 300),
    ]

    private func apply(_ transforms: [any DetectionTransform], to sample: inout DetectionSample, index: Int) {
        let random = SeededRandom(seed: 21, epoch: 0, index: index)
        for (position, transform) in transforms.enumerated() {
            var stream = random.stream(position)
            transform.apply(&sample, random: &stream)
        }
    }

    /// Boxes lie in the image of 300×300, have an inside, keep their labels, and there is always one where there was one.
    func testWhateverIsDrawnTheBoxesAreSound() {
        var random = SeededRandom(seed: 5, epoch: 0, index: 0)
        for index in 0..<150 {
            let (width, height) = (random.integer(in: 30...160), random.integer(in: 30...160))
            let boxes = (0..<random.integer(in: 0...5)).map { _ in
                let x = Float(random.uniform(0, Double(width) - 6))
                let y = Float(random.uniform(0, Double(height) - 6))
                return Box(
                    x0: x, y0: y, x1: x + Float(random.uniform(5, Double(width) - Double(x))),
                    y1: y + Float(random.uniform(5, Double(height) - Double(y))))
            }
            var changed = sample(ramp(width: width, height: height), boxes: boxes, labels: boxes.indices.map { $0 + 1 })
            apply(chain, to: &changed, index: index)
            XCTAssertEqual([changed.image.width, changed.image.height, changed.image.channels], [300, 300, 3])
            XCTAssertEqual([changed.size.width, changed.size.height], [300, 300])
            XCTAssertEqual([changed.originalSize.width, changed.originalSize.height], [width, height])
            XCTAssertEqual(changed.target.isEmpty, boxes.isEmpty)
            XCTAssertEqual(Set(changed.target.labels).count, changed.target.count, "each object at most once")
            for (box, area) in zip(changed.target.boxes, changed.target.areas) {
                XCTAssertFalse(box.isDegenerate)
                XCTAssertTrue(box.x0 >= 0 && box.y0 >= 0 && box.x1 <= 300.01 && box.y1 <= 300.01, "\(box)")
                XCTAssertEqual(area, box.area, accuracy: 1e-2 * box.area + 1e-3)
            }
        }
    }

    /// On a ramp the colours at a box's corners say where they were: pixels and boxes go the same way through zooming out,
    /// cropping, mirroring and scaling. A box that the crop has cut begins at its window.
    func testPixelsAndBoxesGoTheSameWay() {
        let original = Box(x0: 30, y0: 40, x1: 90, y1: 110)
        var mirrored = 0
        for index in 0..<100 {
            var changed = sample(ramp(width: 150, height: 140), boxes: [original])
            let fill = RandomZoomOut(fill: (255, 255, 255))
            apply(
                [
                    fill, RandomIoUCrop(minimumOverlaps: [0.5, 0.5, 1]), RandomHorizontalFlip(),
                    Resize(width: 300, height: 300, filter: .nearest),
                ], to: &changed, index: index)
            let box = changed.target.boxes[0]
            func color(_ x: Float, _ y: Float) -> (x: Float, y: Float) {
                let (column, row) = (min(299, max(0, Int(x))), min(299, max(0, Int(y))))
                return (Float(changed.image[column, row, 0]), Float(changed.image[column, row, 1]))
            }
            let middle = (x: (box.x0 + box.x1) / 2, y: (box.y0 + box.y1) / 2)
            let (left, right) = (color(box.x0 + 1, middle.y).x, color(box.x1 - 1, middle.y).x)
            let isMirrored = left > right
            mirrored += isMirrored ? 1 : 0
            let (near, far) = isMirrored ? (right, left) : (left, right)
            // A pixel of the result stands for up to 600 / 300 of the ramp's, or less than one.
            XCTAssertTrue((28...92).contains(near) && (28...92).contains(far), "\(index): \(near) to \(far)")
            let (top, bottom) = (color(middle.x, box.y0 + 1).y, color(middle.x, box.y1 - 1).y)
            XCTAssertTrue((38...112).contains(top) && (38...112).contains(bottom), "\(index): \(top) to \(bottom)")
            // An edge that lies inside the image is the object's own.
            if box.x0 > 2, box.x1 < 298 {
                XCTAssertEqual(near, 30, accuracy: 5, "\(index)")
                XCTAssertEqual(far, 90, accuracy: 5, "\(index)")
            }
            if box.y0 > 2, box.y1 < 298 {
                XCTAssertEqual(top, 40, accuracy: 5, "\(index)")
                XCTAssertEqual(bottom, 110, accuracy: 5, "\(index)")
            }
        }
        XCTAssertTrue((25...75).contains(mirrored), "\(mirrored) of 100 mirrored")
    }

    /// Equal batches whatever the threads, epoch by epoch.
    func testThreadsDoNotMatter() throws {
        try withTemporaryFolder { folder in
            let annotations = try writeRamps(12, in: folder)
            let dataset = try DetectionDataset(annotations: annotations, imageFolder: folder, transforms: chain)
            func run(_ threads: Int, epoch: Int) throws -> [(ByteImage, DetectionTarget)] {
                let loader = DataLoader(
                    dataset: dataset, batchSize: 5, sampler: ShuffledSampler(count: dataset.count, seed: 3),
                    threads: threads, seed: 3)
                let batches = loader.epoch(epoch)
                var result: [(ByteImage, DetectionTarget)] = []
                while let batch = try batches.next() { result += batch.samples.map { ($0.image, $0.target) } }
                return result
            }
            let first = try run(0, epoch: 1)
            XCTAssertEqual(first.count, 12)
            for threads in [1, 3] {
                let other = try run(threads, epoch: 1)
                XCTAssertEqual(other.map(\.0), first.map(\.0))
                XCTAssertEqual(other.map(\.1), first.map(\.1))
            }
            XCTAssertNotEqual(try run(0, epoch: 2).map(\.0), first.map(\.0))
        }
    }
}
