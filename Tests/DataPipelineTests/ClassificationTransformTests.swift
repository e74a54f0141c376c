import DataPipeline
import Foundation
import Media
import Support
import TestSupport
import XCTest

final class ClassificationDataTests: XCTestCase {
    private func random(_ index: Int = 0) -> SeededRandom { SeededRandom(seed: 3, epoch: 0, index: index) }

    /// Red counts x, green counts y, blue says which record.
    private func record(label: [UInt8], _ number: UInt8) -> [UInt8] {
        let side = CIFARDataset.side
        let red = (0..<side * side).map { UInt8($0 % side) }
        let green = (0..<side * side).map { UInt8($0 / side) }
        return label + red + green + [UInt8](repeating: number, count: side * side)
    }

    private func write(_ bytes: [UInt8], _ path: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    func testCIFAR10IsReadPlaneByPlane() throws {
        let folder = try temporaryDirectory()
        try write(record(label: [3], 10) + record(label: [9], 11), folder + "/data_batch_1.bin")
        try write(record(label: [0], 12), folder + "/data_batch_2.bin")
        try write(record(label: [5], 13), folder + "/test_batch.bin")
        let train = try CIFARDataset(folder: folder, part: .train)
        XCTAssertEqual(train.count, 3)
        XCTAssertEqual((0..<3).map(train.label), [3, 9, 0])
        let image = train.image(1)
        XCTAssertEqual([image[7, 20, 0], image[7, 20, 1], image[7, 20, 2]], [7, 20, 11])
        XCTAssertEqual(train.describe(2), "data_batch_2.bin, record 0")
        XCTAssertEqual(train.classNames[3], "class 3")
        try "plane\ncar\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n".write(
            toFile: folder + "/batches.meta.txt", atomically: true, encoding: .utf8)
        let test = try CIFARDataset(folder: folder, part: .test)
        XCTAssertEqual(test.classNames[test.label(0)], "dog")
    }

    func testCIFAR100HasTheFineLabels() throws {
        let folder = try temporaryDirectory()
        try write(record(label: [19, 77], 1), folder + "/train.bin")
        let train = try CIFARDataset(folder: folder, part: .train)
        XCTAssertEqual(train.label(0), 77)
        XCTAssertEqual(train.classNames.count, 100)
        XCTAssertEqual(train.image(0)[31, 2, 1], 2)
    }

    func testDamagedCIFARFilesAreNamed() throws {
        let folder = try temporaryDirectory()
        func message() -> String {
            do {
                _ = try CIFARDataset(folder: folder, part: .train)
                return ""
            } catch { return "\(error)" }
        }
        XCTAssertTrue(message().contains("holds no data_batch_1.bin"), message())
        try write(Array(record(label: [1], 1).dropLast()), folder + "/data_batch_1.bin")
        XCTAssertTrue(message().contains("data_batch_1.bin has 3072 bytes"), message())
        try write(record(label: [1], 1) + record(label: [10], 1), folder + "/data_batch_1.bin")
        XCTAssertTrue(message().contains("record 1 has label 10"), message())
        try write([], folder + "/data_batch_1.bin")
        XCTAssertTrue(message().contains("0 bytes"), message())
    }

    func testRealCIFARImages() throws {
        let folder = try sharedFolder() + "/data/cifar10"
        let train = try CIFARDataset(folder: folder, part: .train)
        XCTAssertEqual(train.count, 10000)
        XCTAssertEqual(train.classNames.count, 10)
        XCTAssertEqual(Set((0..<train.count).map(train.label)).count, 10)
        let test = try CIFARDataset(folder: folder, part: .test)
        XCTAssertEqual(test.count, 2000)
        // Natural images are neither black nor noise: their mean lies near the middle, neighbours are alike.
        let image = train.image(17).pixels.map(Double.init)
        let neighbours = (3..<image.count).map { abs(image[$0] - image[$0 - 3]) }.reduce(0, +) / Double(image.count)
        XCTAssertLessThan(neighbours, 40)
    }

    func testPaddedCropsReachEveryPlace() {
        var image = ByteImage(width: 8, height: 8, filledWith: 9)
        image.withUnsafeMutableBytes { $0[3 * (8 * 3 + 2)] = 200 }  // The red of (2, 3).
        var places = Set<[Int]>()
        for index in 0..<2000 {
            var random = random(index)
            let crop = PaddedCrop(padding: 2).apply(image, random: &random)
            XCTAssertEqual([crop.width, crop.height], [8, 8])
            for y in 0..<8 {
                for x in 0..<8 where crop[x, y, 0] == 200 { places.insert([x, y]) }
            }
        }
        XCTAssertEqual(places.count, 25)
        XCTAssertTrue(places.contains([0, 1]) && places.contains([4, 5]))
    }

    func testMirrorsAreAsFrequentAsAsked() {
        let ramp = ByteImage(width: 2, height: 1, pixels: [0, 0, 0, 9, 9, 9])
        let flipped = (0..<4000).filter { index in
            var random = random(index)
            return RandomMirror(probability: 0.25).apply(ramp, random: &random)[0, 0] == 9
        }
        XCTAssertEqual(Double(flipped.count) / 4000, 0.25, accuracy: 0.025)
    }

    /// The ramps say which window of the picture was taken.
    func testResizedCropsHaveTheAreaAndTheProportions() {
        let (width, height) = (240, 180)
        let pixels = (0..<width * height).flatMap { i -> [UInt8] in [UInt8(i % width), UInt8(i / width), 0] }
        let image = ByteImage(width: width, height: height, channels: 3, pixels: pixels)
        var smallest = 1.0
        var largest = 0.0
        for index in 0..<400 {
            var random = random(index)
            let crop = RandomResizedCrop(side: 32).apply(image, random: &random)
            XCTAssertEqual([crop.width, crop.height], [32, 32])
            // From the first to the last pixel's middle are 31/32 of the window.
            let w = Double(Int(crop[31, 16, 0]) - Int(crop[0, 16, 0])) * 32 / 31
            let h = Double(Int(crop[16, 31, 1]) - Int(crop[16, 0, 1])) * 32 / 31
            let area = w * h / Double(width * height)
            smallest = min(smallest, area)
            largest = max(largest, area)
            XCTAssertTrue(area > 0.05 && area < 1.1, "area \(area)")
            XCTAssertTrue(w / h > 0.6 && w / h < 1.65, "proportions \(w / h)")
        }
        XCTAssertLessThan(smallest, 0.12)
        XCTAssertGreaterThan(largest, 0.85)
    }

    func testTheCentreOfAnImage() {
        let (width, height) = (100, 50)
        let pixels = (0..<width * height).flatMap { i -> [UInt8] in [UInt8(i % width), UInt8(i / width), 0] }
        let image = ByteImage(width: width, height: height, channels: 3, pixels: pixels)
        var random = random()
        let crop = CenterCrop(shorterSide: 50, side: 40).apply(image, random: &random)
        XCTAssertEqual([crop.width, crop.height], [40, 40])
        XCTAssertEqual([crop[0, 0, 0], crop[0, 0, 1]], [30, 5])
    }

    /// Where the crop comes from, in the pixels of the image before it was resized.
    func testTheRegionOfACentreCrop() {
        let same = CenterCrop(shorterSide: 50, side: 40).region(of: (100, 50))
        XCTAssertEqual(same, ImageRegion(x: 30, y: 5, width: 40, height: 40))
        let halved = CenterCrop(shorterSide: 50, side: 40).region(of: (100, 200))
        XCTAssertEqual(halved, ImageRegion(x: 10, y: 60, width: 80, height: 80))
        let whole = CenterCrop(shorterSide: 32, side: 32).region(of: (8, 8))
        XCTAssertEqual(whole, ImageRegion(x: 0, y: 0, width: 8, height: 8))
    }

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
            folder: folder, transforms: [RandomResizedCrop(side: 64), RandomMirror()])
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
            XCTAssertTrue("\($0)".contains("/eel holds no .jpg"), "\($0)")
        }
        XCTAssertThrowsError(try ImageFolderDataset(folder: folder + "/none"))
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: folder + "/eel/bad.jpg"))
        let damaged = try ImageFolderDataset(folder: folder)
        var random = random()
        XCTAssertThrowsError(try damaged.sample(at: 4, random: &random)) {
            XCTAssertTrue("\($0)".contains("eel/bad.jpg"), "\($0)")
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

    func testWhatHasToBeDecoded() {
        let evaluation = CenterCrop(shorterSide: 256, side: 224)
        var random = random()
        let fitting = evaluation.minimumSize(of: (1024, 768), random: &random)
        XCTAssertEqual([fitting.width, fitting.height], [341, 256])
        // A window of the whole picture has to be as large as the crop; a smaller one needs more of the picture.
        let whole = RandomResizedCrop(side: 224, area: 1...1, proportions: 1...1)
        let all = whole.minimumSize(of: (900, 900), random: &random)
        XCTAssertEqual([all.width, all.height], [224, 224])
        let quarter = RandomResizedCrop(side: 224, area: 0.25...0.25, proportions: 1...1)
        let half = quarter.minimumSize(of: (900, 900), random: &random)
        XCTAssertEqual([half.width, half.height], [448, 448])
        let small = quarter.minimumSize(of: (300, 300), random: &random)
        XCTAssertEqual([small.width, small.height], [300, 300])
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
            func expected(_ minimumSize: (width: Int, height: Int)?) throws -> ByteImage {
                var options = DecodeOptions()
                options.minimumSize = minimumSize
                var stream = self.random(1).stream(0)
                return crop.apply(try ImageFile.read(path, options: options), random: &stream)
            }
            XCTAssertEqual(try ImageFile.read(path, options: DecodeOptions(minimumSize: (72, 72))).width, 80)
            XCTAssertEqual(sample, try expected((72, 72)))
            XCTAssertNotEqual(sample, try expected(nil))
        }
    }
}
