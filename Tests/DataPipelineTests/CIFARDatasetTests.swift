import DataPipeline
import Foundation
import TestSupport
import XCTest

final class CIFARDatasetTests: XCTestCase {
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
        try write([0xFF, 0xFE, 0x61, 0], folder + "/batches.meta.txt")
        XCTAssertThrowsError(try CIFARDataset(folder: folder, part: .test)) {
            XCTAssertTrue("\($0)".contains("batches.meta.txt: it is UTF-16 text"), "\($0)")
        }
    }

    func testCIFAR100HasTheFineLabels() throws {
        let folder = try temporaryDirectory()
        try write(record(label: [19, 77], 1), folder + "/train.bin")
        let train = try CIFARDataset(folder: folder, part: .train)
        XCTAssertEqual(train.label(0), 77)
        XCTAssertEqual(train.classNames.count, 100)
        XCTAssertEqual(train.image(0)[31, 2, 1], 2)
    }

    /// A folder with both sets needs to be told which; a folder without the one that was asked for is refused.
    func testTheSetIsChosen() throws {
        let folder = try temporaryDirectory()
        func message(_ kind: CIFARDataset.Kind?, _ part: CIFARDataset.Part = .train) -> String {
            do {
                _ = try CIFARDataset(folder: folder, part: part, kind: kind)
                return ""
            } catch { return "\(error)" }
        }
        try write(record(label: [3], 1), folder + "/data_batch_1.bin")
        XCTAssertEqual(message(.ten), "")
        XCTAssertTrue(
            message(.hundred).contains("it holds no train.bin: unpack the binary version of CIFAR-100"),
            message(.hundred))
        XCTAssertTrue(message(.ten, .test).contains("it holds no test_batch.bin"), message(.ten, .test))
        XCTAssertTrue(
            message(nil, .test).contains(
                "no test_batch.bin or test.bin: unpack the binary version of CIFAR-10 or CIFAR-100"),
            message(nil, .test))
        try write(record(label: [1, 99], 1) + record(label: [0, 5], 2), folder + "/train.bin")
        XCTAssertTrue(message(nil).contains("both CIFAR-10 and CIFAR-100: choose one by data.format"), message(nil))
        XCTAssertEqual(try CIFARDataset(folder: folder, part: .train, kind: .ten).count, 1)
        let hundred = try CIFARDataset(folder: folder, part: .train, kind: .hundred)
        XCTAssertEqual((0..<hundred.count).map(hundred.label), [99, 5])
        try "apple\n".write(toFile: folder + "/fine_label_names.txt", atomically: true, encoding: .utf8)
        XCTAssertTrue(message(.hundred).contains("record 0 has label 99, but there are 1 classes"), message(.hundred))
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
        XCTAssertTrue(message().contains("data_batch_1.bin: its 3072 bytes are no whole number"), message())
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
}
