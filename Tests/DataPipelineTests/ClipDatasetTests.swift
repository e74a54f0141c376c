import Annotations
import DataPipeline
import Foundation
import Media
import Support
import Tensors
import TestSupport
import XCTest

/// On videos whose frames tell their number by their brightness and their sides by their colour.
final class ClipDatasetTests: XCTestCase {
    private func red(_ image: ByteImage, _ x: Int, _ y: Int) -> Int {
        image.withUnsafeBytes { Int($0[(y * image.width + x) * 3]) }
    }

    /// Red less blue.
    private func redness(_ image: ByteImage, _ x: Int, _ y: Int) -> Int {
        image.withUnsafeBytes { Int($0[(y * image.width + x) * 3]) - Int($0[(y * image.width + x) * 3 + 2]) }
    }

    private func number(_ image: ByteImage) -> Int {
        Int(((Double(red(image, image.width / 2, image.height / 2)) - 20) / Double(ClipFixture.step)).rounded())
    }

    func testWithoutAugmentationTheMiddleClipAndItsMiddle() throws {
        let folder = try temporaryDirectory()
        try ClipFixture.write(folder + "/a.mp4", frames: 30)
        let dataset = ClipDataset(
            annotations: ClipFixture.annotations(), folder: folder,
            layout: .init(sampling: ClipSampling(length: 4, stride: 3), side: 40, shorterSide: 48))
        var random = SeededRandom(seed: 1, epoch: 0, index: 0)
        let sample = try dataset.sample(at: 0, random: &random)
        // 12 of 30 frames: the clip starts at frame 9.
        XCTAssertEqual(sample.frames.map(number), [9, 12, 15, 18])
        XCTAssertEqual(sample.frames.map(\.width), [40, 40, 40, 40])
        XCTAssertEqual(sample.label, 0)
        let batch = Batch(epoch: 0, step: 0, samples: [sample, sample], indices: [0, 0])
        XCTAssertEqual(batch.clips.shape, [2, 3, 4, 40, 40])
        XCTAssertEqual(batch.images.shape, [2, 3, 40, 40])
        for (t, frame) in sample.frames.enumerated() {
            XCTAssertEqual(Int(batch.clips[1, 0, t, 3].array(UInt8.self)[5]), red(frame, 5, 3))
        }
        XCTAssertEqual(
            batch.images.contiguous().array(UInt8.self), batch.clips[.all, .all, 0].contiguous().array(UInt8.self))
    }

    func testTrainingDrawsPlaceScaleAndMirrorAndChangesTheLabel() throws {
        let folder = try temporaryDirectory()
        try ClipFixture.write(folder + "/a.mp4", frames: 30)
        let dataset = ClipDataset(
            annotations: ClipFixture.annotations(), folder: folder,
            layout: .init(
                sampling: ClipSampling(length: 4, stride: 2), side: 48, shorterSide: 48,
                augmentation: .init(shorterSides: 48...60, flip: 0.5)), mirrorsLabels: true)
        var starts: Set<Int> = [], labels: Set<Int> = []
        for index in 0..<40 {
            var random = SeededRandom(seed: 1, epoch: 0, index: index)
            let sample = try dataset.sample(at: 0, random: &random)
            let numbers = sample.frames.map(number)
            XCTAssertEqual(zip(numbers.dropFirst(), numbers).map { $0 - $1 }, [2, 2, 2])
            starts.insert(numbers[0])
            labels.insert(sample.label)
            // A mirrored clip has red on its right, where its own has blue.
            let (left, right) = (redness(sample.frames[0], 0, 24), redness(sample.frames[0], 47, 24))
            if left > 80 || right < -80 { XCTAssertEqual(sample.label, 0) }
            if right > 80 || left < -80 { XCTAssertEqual(sample.label, 1) }
            var again = SeededRandom(seed: 1, epoch: 0, index: index)
            XCTAssertEqual(try dataset.sample(at: 0, random: &again).frames, sample.frames)
        }
        XCTAssertEqual(labels, [0, 1])
        XCTAssertGreaterThan(starts.count, 10)
        XCTAssertLessThanOrEqual(starts.max() ?? 99, 22)
    }

    func testAFolderOfFramesIsAClip() throws {
        let folder = try temporaryDirectory()
        try FileManager.default.createDirectory(atPath: folder + "/a", withIntermediateDirectories: true)
        for index in 0..<9 { try ImageFile.writePNG(ClipFixture.frame(index), to: folder + "/a/img_0000\(index).png") }
        var annotations = ClipFixture.annotations()
        annotations.clips = [ClipRecord(path: "a", label: 2)]
        let dataset = ClipDataset(
            annotations: annotations, folder: folder,
            layout: .init(sampling: ClipSampling(length: 3, stride: 2), side: 48, shorterSide: 48))
        var random = SeededRandom(seed: 1, epoch: 0, index: 0)
        XCTAssertEqual(try dataset.sample(at: 0, random: &random).frames.map(number), [2, 4, 6].map { $0 - 1 })
    }

    /// Unpadded numbers, the flow beside the colours, and what a Mac leaves behind.
    func testFramesAreInTheOrderOfTheirNumbers() throws {
        let folder = try temporaryDirectory()
        try FileManager.default.createDirectory(atPath: folder + "/a", withIntermediateDirectories: true)
        for index in 0..<12 {
            try ImageFile.writePNG(ClipFixture.frame(index), to: folder + "/a/img_\(index + 1).png")
            try ImageFile.writePNG(ClipFixture.frame(11 - index), to: folder + "/a/flow_x_\(index + 1).png")
        }
        try Data("no picture".utf8).write(to: URL(fileURLWithPath: folder + "/a/._img_1.png"))
        func numbers(_ prefix: String?) throws -> [Int] {
            var annotations = ClipFixture.annotations()
            annotations.clips = [ClipRecord(path: "a", label: 2)]
            let dataset = ClipDataset(
                annotations: annotations, folder: folder,
                layout: .init(
                    sampling: ClipSampling(length: 12, stride: 1), side: 48, shorterSide: 48, framePrefix: prefix))
            var random = SeededRandom(seed: 1, epoch: 0, index: 0)
            return try dataset.sample(at: 0, random: &random).frames.map(number)
        }
        XCTAssertEqual(try numbers(nil), Array(0..<12))
        XCTAssertEqual(try numbers("flow_x_"), (0..<12).reversed())
        XCTAssertThrowsError(try numbers("rgb_")) {
            XCTAssertTrue("\($0)".contains("\"flow_x_\" (12), \"img_\" (12). Set data.frame_prefix"), "\($0)")
        }
        XCTAssertEqual(FrameSeries.endings, ImageFile.endings)
    }

    func testABrokenVideoNamesItsFile() throws {
        let folder = try temporaryDirectory()
        try Data(repeating: 7, count: 5000).write(to: URL(fileURLWithPath: folder + "/a.mp4"))
        let dataset = ClipDataset(
            annotations: ClipFixture.annotations(), folder: folder,
            layout: .init(sampling: ClipSampling(length: 3, stride: 2), side: 48, shorterSide: 48))
        var random = SeededRandom(seed: 1, epoch: 0, index: 0)
        XCTAssertThrowsError(try dataset.sample(at: 0, random: &random)) {
            XCTAssertTrue("\($0)".contains(folder + "/a.mp4"), "\($0)")
        }
        let views = ClipViewsDataset(
            annotations: ClipFixture.annotations(), folder: folder,
            layout: .init(sampling: ClipSampling(length: 3, stride: 2)))
        guard case .failure(let error) = views.sample(at: 0, random: &random) else { return XCTFail("it was read") }
        XCTAssertEqual(error.name, folder + "/a.mp4")
    }

    /// The index keeps an order that only decoding tells, and the data sets take its word for it.
    func testAnOrderFromTheIndexSparesDecodingTheWholeVideo() throws {
        let folder = try temporaryDirectory()
        let path = folder + "/a.mp4"
        try ClipFixture.write(path, frames: 8)
        // Frames that last no time leave their order in doubt: stts has an entry of a count and a duration.
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        let box = try XCTUnwrap(bytes.range(of: Data("stts".utf8)))
        let entries = Int(bytes[box.upperBound + 7])
        for entry in 0..<entries {
            let duration = box.upperBound + 8 + 8 * entry + 4
            bytes.replaceSubrange(duration..<duration + 4, with: [0, 0, 0, 0])
        }
        try bytes.write(to: URL(fileURLWithPath: path))
        let reader = try VideoReader(path: path)
        XCTAssertTrue(reader.isCounted)
        let order = try XCTUnwrap(reader.order)
        var index = ClipIndex(root: folder)
        XCTAssertEqual(index.update(videos: ["a.mp4"], threads: 1).opened, 1)
        XCTAssertEqual(index.entries["a.mp4"]?.order, order)
        let again = ClipIndex(root: folder)
        XCTAssertEqual(again.notes, [])
        XCTAssertEqual(again.entries, index.entries)
        // That a wrong order, two frames too short, is believed shows that nobody looked.
        let short = VideoOrder(key: order.key, packets: Array(order.packets.dropLast(2)))
        let known: [(orders: [Int: VideoOrder], numbers: [Int])] = [
            ([:], [2, 3, 4, 5]), ([0: order], [2, 3, 4, 5]), ([0: short], [1, 2, 3, 4]),
        ]
        for (orders, numbers) in known {
            var dataset = ClipDataset(
                annotations: ClipFixture.annotations(), folder: folder,
                layout: .init(sampling: ClipSampling(length: 4, stride: 1), side: 40, shorterSide: 48))
            dataset.orders = orders
            var random = SeededRandom(seed: 1, epoch: 0, index: 0)
            XCTAssertEqual(try dataset.sample(at: 0, random: &random).frames.map(number), numbers)
        }
    }
}
