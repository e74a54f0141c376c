import Annotations
import DataPipeline
import Foundation
import Media
import SampleSets
import Support
import TestSupport
import XCTest

final class DetectionDatasetTests: XCTestCase {
    private func random(_ index: Int, epoch: Int = 0) -> SeededRandom {
        SeededRandom(seed: 2, epoch: epoch, index: index)
    }

    private func annotations(_ objects: [[ObjectRecord]]) -> DetectionAnnotations {
        DetectionAnnotations(
            source: "made.json", classNames: ["a", "b"],
            images: objects.enumerated().map {
                ImageRecord(id: $0, fileName: "\($0).png", width: 40, height: 30, objects: $1)
            })
    }

    private func object(_ id: Int, _ x: Double, _ y: Double, _ w: Double, _ h: Double, _ flags: ObjectFlags = [])
        -> ObjectRecord
    { ObjectRecord(id: id, label: 1, x: x, y: y, width: w, height: h, flags: flags) }

    func testFilters() throws {
        let store = annotations([
            [object(1, 0, 0, 5, 5), object(2, 1, 1, 9, 9, .crowd)], [], [object(3, 0, 0, 40, 30, .crowd)],
            [object(4, -5, 20, 50, 50), object(5, 2, 2, 3, 3, .difficult)],
        ])
        let training = try DetectionDataset(annotations: store, imageFolder: ".")
        XCTAssertEqual(training.count, 4)
        XCTAssertEqual((0..<4).map { training.target($0).count }, [1, 0, 0, 2])
        XCTAssertEqual(training.report.droppedCrowds, 2)
        XCTAssertEqual(training.report.objects, 3)
        XCTAssertEqual(training.target(3).boxes[0], Box(x0: 0, y0: 20, x1: 40, y1: 30), "clipped to the image")
        XCTAssertEqual(training.report.summary, "4 images with 3 objects; left out: 2 crowd boxes")

        let full = try DetectionDataset(
            annotations: store, imageFolder: ".",
            filter: DetectionFilter(emptyImages: .drop, dropsDifficult: true))
        XCTAssertEqual((0..<full.count).map(full.describe), ["0.png", "3.png"])
        XCTAssertEqual(full.report.droppedEmptyImages, 2)
        XCTAssertEqual(full.report.droppedDifficult, 1)
        XCTAssertEqual(full.annotationIndex(1), 3)
        XCTAssertEqual(full.aspectRatios, [40.0 / 30, 40.0 / 30])

        let everything = try DetectionDataset(annotations: store, imageFolder: ".", filter: .everything)
        XCTAssertEqual((0..<4).map { everything.target($0).count }, [2, 0, 1, 2])
        XCTAssertEqual(everything.target(3).boxes[0], Box(x0: -5, y0: 20, x1: 45, y1: 70))
    }

    func testDegenerateBoxesAreRefusedOrSkippedAndCounted() throws {
        for bad in [object(9, 3, 3, 0, 5), object(9, 3, 3, 5, -1), object(9, 41, 3, 5, 5), object(9, 3, 3, .nan, 5)] {
            let store = annotations([[object(1, 0, 0, 5, 5)], [object(2, 1, 1, 4, 4), bad]])
            XCTAssertThrowsError(try DetectionDataset(annotations: store, imageFolder: ".")) { error in
                let text = "\(error)"
                for part in ["made.json", "annotation 9", "1.png", "no inside", "data check"] {
                    XCTAssertTrue(text.contains(part), text)
                }
            }
            let skipping = try DetectionDataset(
                annotations: store, imageFolder: ".", filter: DetectionFilter(degenerateBoxes: .skip))
            XCTAssertEqual(skipping.report.skippedDegenerateBoxes, 1)
            XCTAssertEqual(skipping.target(1).boxes, [Box(x0: 1, y0: 1, x1: 5, y1: 5)])
        }
        XCTAssertThrowsError(
            try DetectionDataset(
                annotations: annotations([[], []]), imageFolder: ".", filter: DetectionFilter(emptyImages: .drop))
        ) { XCTAssertTrue("\($0)".contains("no image is left"), "\($0)") }
    }

    func testSamplesAreReadAndTransformed() throws {
        try withTemporaryFolder { folder in
            let store = try writeRamps(3, in: folder)
            let plain = try DetectionDataset(annotations: store, imageFolder: folder)
            var draw = random(1)
            let sample = try plain.sample(at: 1, random: &draw)
            XCTAssertEqual(sample.image, ramp(width: 40, height: 30))
            XCTAssertEqual(sample.target.boxes, [Box(x0: 1, y0: 4, x1: 13, y1: 13)])
            XCTAssertEqual(sample.imageID, 101)
            XCTAssertEqual(sample.name, "ramp1.png")

            let flipping = try DetectionDataset(
                annotations: store, imageFolder: folder,
                transforms: [
                    RandomHorizontalFlip(), ResizeShortestEdge(60, longestSide: 200), RandomPhotometricDistort(),
                ])
            var flipped = Set<Float>()
            for epoch in 0..<20 {
                var first = random(1, epoch: epoch)
                var second = random(1, epoch: epoch)
                let a = try flipping.sample(at: 1, random: &first)
                let b = try flipping.sample(at: 1, random: &second)
                XCTAssertEqual(a.image, b.image)
                XCTAssertEqual(a.target, b.target)
                XCTAssertEqual([a.image.width, a.image.height], [80, 60])
                flipped.insert(a.target.boxes[0].x0)
            }
            XCTAssertEqual(flipped, [2, 54])
        }
    }

    func testWrongSizeAndMissingFile() throws {
        try withTemporaryFolder { folder in
            _ = try writeRamps(1, in: folder)
            let store = DetectionAnnotations(
                source: "made.json", classNames: ["a"],
                images: [
                    ImageRecord(id: 1, fileName: "ramp0.png", width: 41, height: 30),
                    ImageRecord(id: 2, fileName: "gone.png", width: 41, height: 30),
                    ImageRecord(id: 3, fileName: "ramp0.png", width: 0, height: 0),
                ])
            let dataset = try DetectionDataset(annotations: store, imageFolder: folder)
            var draw = random(0)
            XCTAssertThrowsError(try dataset.sample(at: 0, random: &draw)) {
                XCTAssertTrue("\($0)".contains("41×30") && "\($0)".contains("40×30"), "\($0)")
            }
            XCTAssertThrowsError(try dataset.sample(at: 1, random: &draw)) {
                XCTAssertTrue("\($0)".contains("gone.png"), "\($0)")
            }
            XCTAssertEqual(try dataset.sample(at: 2, random: &draw).originalSize.width, 40)
        }
    }

    func testReducedDecodingGivesTheSameSizesAndBoxes() throws {
        try withTemporaryFolder { folder in
            // A smooth picture, so that the two ways of scaling agree closely.
            let image = ByteImage(
                width: 403, height: 302, channels: 3,
                pixels: (0..<302).flatMap { y in (0..<403).flatMap { x in [UInt8(x / 2), UInt8(y / 2), 100] } })
            try ImageFile.writeJPEG(image, to: folder + "/a.jpg", quality: 98)
            let store = DetectionAnnotations(
                source: "made", classNames: ["a"],
                images: [
                    ImageRecord(
                        id: 1, fileName: "a.jpg", width: 403, height: 302,
                        objects: [ObjectRecord(id: 1, label: 1, x: 40, y: 30, width: 100, height: 50)])
                ])
            let chains: [[any DetectionTransform]] = [
                [ResizeShortestEdge([75, 100], longestSide: 160)],
                [RandomHorizontalFlip(), RandomPhotometricDistort(), Resize(width: 64, height: 64)],
                [RandomIoUCrop(), Resize(width: 64, height: 64)],
            ]
            for (number, transforms) in chains.enumerated() {
                let reduced = try DetectionDataset(annotations: store, imageFolder: folder, transforms: transforms)
                let whole = try DetectionDataset(
                    annotations: store, imageFolder: folder, transforms: transforms, reducedDecoding: false)
                for epoch in 0..<6 {
                    var first = random(0, epoch: epoch)
                    var second = random(0, epoch: epoch)
                    let a = try reduced.sample(at: 0, random: &first)
                    let b = try whole.sample(at: 0, random: &second)
                    XCTAssertEqual(a.target, b.target)
                    XCTAssertEqual([a.image.width, a.image.height], [b.image.width, b.image.height])
                    XCTAssertEqual([a.size.width, a.size.height], [a.image.width, a.image.height])
                    let difference = zip(a.image.pixels, b.image.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
                    if number == 2 { XCTAssertEqual(difference, 0, "a crop before the resize needs every pixel") }
                    XCTAssertLessThanOrEqual(difference, 12)
                }
            }
        }
    }

    /// A JPEG of the size that the network takes comes as a full decode gives it, and only one that shrinks to half or less
    /// is decoded at a smaller scale.
    func testAPictureOfTheNetworksOwnSizeIsDecodedUntouched() throws {
        let folder = try temporaryDirectory()
        var noise = random(7)
        let pixels = (0..<320 * 200 * 3).map { _ in UInt8(noise.integer(below: 256)) }
        try ImageFile.writeJPEG(
            ByteImage(width: 320, height: 200, channels: 3, pixels: pixels), to: folder + "/a.jpg")
        let store = DetectionAnnotations(
            source: "made.json", classNames: ["a"],
            images: [ImageRecord(id: 1, fileName: "a.jpg", width: 320, height: 200, objects: [object(1, 0, 0, 5, 5)])])
        let whole = try ImageFile.read(folder + "/a.jpg")
        func sample(_ transform: any DetectionTransform, reduced: Bool = true) throws -> ByteImage {
            let set = try DetectionDataset(
                annotations: store, imageFolder: folder, transforms: [transform], reducedDecoding: reduced)
            var random = random(0)
            return try set.sample(at: 0, random: &random).image
        }
        for transform in [
            ResizeShortestEdge(200, longestSide: 1333), ResizeShortestEdge(800, longestSide: 320),
            Resize(width: 320, height: 200), LimitLongestSide(320), LimitLongestSide(999),
        ] as [any DetectionTransform] {
            XCTAssertEqual(try sample(transform), whole, "\(transform)")
        }
        XCTAssertNotEqual(
            try sample(Resize(width: 100, height: 100)), try sample(Resize(width: 100, height: 100), reduced: false))
    }

    func testBloodCells() throws {
        let folder = try sharedFolder() + "/data/bccd"
        let store = try COCO.readInstances(folder + "/coco/instances_train.json")
        let dataset = try DetectionDataset(
            annotations: store, imageFolder: folder + "/JPEGImages",
            transforms: [ResizeShortestEdge(240, longestSide: 480), RandomHorizontalFlip()],
            filter: DetectionFilter(degenerateBoxes: .skip))
        XCTAssertEqual(dataset.count, 205)
        func load(threads: Int) throws -> [[DetectionTarget]] {
            let loader = DataLoader(
                dataset: dataset, batchSize: 4, sampler: ShuffledSampler(count: dataset.count, seed: 3),
                threads: threads, seed: 3)
            let epoch = loader.epoch(1, startingAtBatch: 40)
            var targets: [[DetectionTarget]] = []
            while let batch = try epoch.next() {
                targets.append(batch.samples.map(\.target))
                for sample in batch.samples { XCTAssertEqual(min(sample.image.width, sample.image.height), 240) }
            }
            return targets
        }
        let targets = try load(threads: 2)
        XCTAssertEqual(targets.count, 12)
        XCTAssertEqual(targets, try load(threads: 5))
    }

    func testKeepsEveryObjectOfASampleSet() throws {
        try withTemporaryFolder { folder in
            var settings = ShapeSampleSet.Settings()
            settings.trainImages = 3
            settings.validationImages = 1
            settings.longSides = 96...128
            settings.radii = 9...26
            let paths = try ShapeSampleSet(settings: settings).write(to: folder + "/set").paths
            let train = try COCO.readInstances(paths.trainAnnotations)
            let dataset = try DetectionDataset(annotations: train, imageFolder: paths.images)
            XCTAssertGreaterThan(train.objectCount, 0)
            XCTAssertEqual(dataset.report.objects, train.objectCount)
        }
    }
}
