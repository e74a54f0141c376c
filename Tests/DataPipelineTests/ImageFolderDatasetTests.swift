import DataPipeline
import Foundation
import Media
import Support
import TestSupport
import XCTest

final class ImageFolderDatasetTests: XCTestCase {
    private func random(_ index: Int = 0) -> SeededRandom { SeededRandom(seed: 3, epoch: 0, index: index) }

    func testFoldersAreClasses() throws {
        let folder = try temporaryDirectory()
        let manager = FileManager.default
        for (name, value) in [("cat", UInt8(50)), ("dog", 200)] {
            try manager.createDirectory(atPath: folder + "/" + name, withIntermediateDirectories: true)
            for i in 0..<2 {
                let image = ByteImage(width: 300, height: 260, filledWith: value)
                try ImageFile.writeJPEG(image, to: "\(folder)/\(name)/\(i).jpg")
            }
        }
        try "notes".write(toFile: folder + "/cat/notes.txt", atomically: true, encoding: .utf8)
        let set = try ImageFolderDataset(
            folder: folder, transforms: [RandomResizedCrop(side: 64), RandomHorizontalFlip()])
        XCTAssertEqual(set.classNames, ["cat", "dog"])
        XCTAssertEqual((0..<set.count).map(set.label), [0, 0, 1, 1])
        for index in 0..<set.count {
            var random = random(index)
            let sample = try set.sample(at: index, random: &random)
            XCTAssertEqual([sample.image.width, sample.image.height], [64, 64])
            XCTAssertEqual(Double(sample.image[32, 32]), index < 2 ? 50 : 200, accuracy: 2)
            XCTAssertEqual(sample.label, index / 2)
        }
        XCTAssertThrowsError(try ImageFolderDataset(folder: folder, classNames: ["cat"])) {
            XCTAssertTrue("\($0)".contains("dog"), "\($0)")
        }
        try manager.createDirectory(atPath: folder + "/eel", withIntermediateDirectories: true)
        XCTAssertThrowsError(try ImageFolderDataset(folder: folder)) {
            XCTAssertTrue("\($0)".contains("/eel: it holds no .jpg"), "\($0)")
        }
        XCTAssertThrowsError(try ImageFolderDataset(folder: folder + "/none"))
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: folder + "/eel/bad.jpg"))
        let damaged = try ImageFolderDataset(folder: folder)
        var random = random()
        XCTAssertThrowsError(try damaged.sample(at: 4, random: &random)) {
            XCTAssertTrue("\($0)".contains("eel/bad.jpg"), "\($0)")
        }
    }

    /// Among classes without images, and whatever the names' length.
    func testEveryImageHasItsNameAndClass() throws {
        let folder = try temporaryDirectory()
        let classes = [
            ("b", ["x.png", "é.JPG", String(repeating: "n", count: 200) + ".jpeg"]), ("d", [".a.jpg", "1.jpg"]),
        ]
        for (name, files) in classes {
            try FileManager.default.createDirectory(atPath: folder + "/" + name, withIntermediateDirectories: true)
            for file in files + ["jpg", ".jpg", "jpg.txt", "a.jpg "] {
                XCTAssertTrue(FileManager.default.createFile(atPath: "\(folder)/\(name)/\(file)", contents: nil))
            }
        }
        let set = try ImageFolderDataset(folder: folder, classNames: ["a", "b", "c", "d", "e"])
        XCTAssertEqual(set.count, 5)
        XCTAssertEqual((0..<5).map(set.label), [1, 1, 1, 3, 3])
        XCTAssertEqual(
            (0..<5).map(set.describe), classes.flatMap { name, files in files.sorted().map { "\(name)/\($0)" } })
        XCTAssertEqual(set.unusableFiles().map(\.index), [0, 1, 2, 3, 4])
    }

    /// `FileManager` lists such names, but opens no file by them: their classes would be missing without a word.
    func testNamesThatAreNotUTF8AreRefused() throws {
        let folder = try temporaryDirectory()
        try FileManager.default.createDirectory(atPath: folder + "/cat", withIntermediateDirectories: true)
        try ImageFile.writeJPEG(ByteImage(width: 8, height: 8, filledWith: 1), to: folder + "/cat/Small.JpG")
        XCTAssertEqual(try ImageFolderDataset(folder: folder).count, 1)
        let path = (folder + "/caf").utf8CString.dropLast() + [CChar(truncatingIfNeeded: 0xE9), 0]
        try XCTSkipIf(path.withUnsafeBufferPointer { mkdir($0.baseAddress!, 0o700) } != 0, "no such names here")
        XCTAssertThrowsError(try ImageFolderDataset(folder: folder)) {
            XCTAssertTrue("\($0)".contains("the name caf\\xE9 in it is not UTF-8; rename it"), "\($0)")
        }
    }

    /// A window of a file that was decoded at a smaller scale is the same window.
    func testReducedDecodingTakesTheSameWindow() throws {
        let folder = try temporaryDirectory()
        try FileManager.default.createDirectory(atPath: folder + "/ramp", withIntermediateDirectories: true)
        let (width, height) = (960, 720)
        let pixels = (0..<width * height).flatMap { i -> [UInt8] in
            [UInt8(i % width / 4), UInt8(i / width / 4), 128]
        }
        let image = ByteImage(width: width, height: height, channels: 3, pixels: pixels)
        try ImageFile.writeJPEG(image, to: folder + "/ramp/0.jpg")
        let crop = RandomResizedCrop(side: 48)
        let set = try ImageFolderDataset(folder: folder, transforms: [crop])
        for index in 0..<20 {
            var random = SeededRandom(seed: 5, epoch: index, index: 0)
            let sample = try set.sample(at: 0, random: &random).image
            var stream = SeededRandom(seed: 5, epoch: index, index: 0).stream(0)
            let expected = crop.apply(image, random: &stream)
            for (x, y) in [(0, 0), (47, 0), (0, 47), (47, 47), (24, 24)] {
                for c in 0..<2 {
                    XCTAssertEqual(
                        Double(sample[x, y, c]), Double(expected[x, y, c]), accuracy: 5, "\(index): \(x), \(y)")
                }
            }
        }
    }

    /// What needs no scaling is not touched: torchvision's pixels of the middle.
    func testAPictureOfTheNetworksOwnSizeIsDecodedUntouched() throws {
        let folder = try temporaryDirectory()
        try FileManager.default.createDirectory(atPath: folder + "/noise", withIntermediateDirectories: true)
        var noise = random()
        let pixels = (0..<100 * 72 * 3).map { _ in UInt8(noise.integer(below: 256)) }
        let path = folder + "/noise/0.jpg"
        try ImageFile.writeJPEG(ByteImage(width: 100, height: 72, channels: 3, pixels: pixels), to: path)
        let set = try ImageFolderDataset(folder: folder, transforms: [CenterCrop(shorterSide: 72, side: 64)])
        var random = random(1)
        XCTAssertEqual(
            try set.sample(at: 0, random: &random).image,
            try ImageFile.read(path).cropped(x: 18, y: 4, width: 64, height: 64))
    }

    /// The pixels are those of a JPEG decoded at the scale that the crop needs, which a full decode resized would differ from.
    func testFilesAreDecodedNoLargerThanNeeded() throws {
        let folder = try temporaryDirectory()
        try FileManager.default.createDirectory(atPath: folder + "/noise", withIntermediateDirectories: true)
        var noise = random()
        let pixels = (0..<640 * 640 * 3).map { _ in UInt8(noise.integer(below: 256)) }
        let path = folder + "/noise/0.jpg"
        try ImageFile.writeJPEG(ByteImage(width: 640, height: 640, channels: 3, pixels: pixels), to: path)
        let crops: [any DecodingTransform] = [
            RandomResizedCrop(side: 64, area: 1...1, proportions: 1...1), CenterCrop(shorterSide: 72, side: 64),
        ]
        for crop in crops {
            var random = random(1)
            let sample = try ImageFolderDataset(folder: folder, transforms: [crop]).sample(at: 0, random: &random).image
            func decoded(_ minimumSize: ImageSize?) throws -> ByteImage {
                try ImageFile.read(path, options: DecodeOptions(minimumSize: minimumSize))
            }
            func expected(_ minimumSize: ImageSize?) throws -> ByteImage {
                var stream = self.random(1).stream(0)
                return crop.apply(try decoded(minimumSize), random: &stream)
            }
            let reduced = ImageSize(width: 72, height: 72)
            XCTAssertEqual(try decoded(reduced).width, 80)
            XCTAssertEqual(sample, try expected(reduced))
            XCTAssertNotEqual(sample, try expected(nil))
        }
    }
}
