import Annotations
import DataPipeline
import Foundation
import Media
import Support
import XCTest

/// A picture whose red grows by one per column and whose green grows by one per row: position can be read from pixels.
func ramp(width: Int, height: Int) -> ByteImage {
    ByteImage(
        width: width, height: height, channels: 3,
        pixels: (0..<height).flatMap { y in
            (0..<width).flatMap { x in [UInt8(truncatingIfNeeded: x), UInt8(truncatingIfNeeded: y), 7] }
        })
}

/// A sample of a picture whose objects are all of class 1 unless `labels` says so.
func sample(
    _ image: ByteImage, boxes: [Box], labels: [Int]? = nil, index: Int = 0
) -> DetectionSample {
    DetectionSample(
        image: image, target: DetectionTarget(boxes: boxes, labels: labels ?? boxes.map { _ in 1 }), index: index)
}

/// The red and green of the pixel in a box's near corner: where it was on a ramp.
func cornerColor(_ sample: DetectionSample, _ i: Int = 0) -> [UInt8] {
    let box = sample.target.boxes[i]
    let (x, y) = (Int(box.x0), Int(box.y0))
    return [sample.image[x, y, 0], sample.image[x, y, 1]]
}

/// Ramp pictures on disk with one box each.
func writeRamps(_ count: Int, in folder: String, width: Int = 40, height: Int = 30) throws -> DetectionAnnotations {
    let images = try (0..<count).map { i in
        let name = "ramp\(i).png"
        try ImageFile.writePNG(ramp(width: width, height: height), to: folder + "/" + name)
        return ImageRecord(
            id: 100 + i, fileName: name, width: width, height: height,
            objects: [ObjectRecord(id: i + 1, label: 1, x: Double(i % 10), y: 4, width: 12, height: 9)])
    }
    return DetectionAnnotations(source: "ramps", classNames: ["ramp"], images: images)
}

/// Numbers that follow from (seed, epoch, index), as slow as asked, with samples that fail.
struct NumberDataset: Dataset {
    struct Failure: Error, CustomStringConvertible {
        let index: Int
        var description: String { "number \(index) is broken" }
    }

    struct Number: Hashable, Sendable {
        var index: Int
        var draws: [UInt64]
    }

    var count: Int
    var broken: Set<Int> = []
    /// Microseconds that sample i takes.
    var delay: @Sendable (Int) -> UInt32 = { _ in 0 }

    func sample(at index: Int, random: inout SeededRandom) throws -> Number {
        let microseconds = delay(index)
        if microseconds > 0 { usleep(microseconds) }
        if broken.contains(index) { throw Failure(index: index) }
        return Number(index: index, draws: (0..<3).map { _ in random.next() })
    }

    func describe(_ index: Int) -> String { "number-\(index)" }
}
