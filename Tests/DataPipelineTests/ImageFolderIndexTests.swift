import DataPipeline
import Foundation
import Media
import TestSupport
import XCTest

final class ImageFolderIndexTests: XCTestCase {
    private var root = ""

    override func setUpWithError() throws {
        root = try temporaryDirectory()
        for name in ["cat", "dog", "eel"] {
            try FileManager.default.createDirectory(atPath: "\(root)/train/\(name)", withIntermediateDirectories: true)
            for i in 0..<3 {
                try ImageFile.writeJPEG(
                    ByteImage(width: 8, height: 8, filledWith: 9), to: "\(root)/train/\(name)/\(i).jpg")
            }
        }
    }

    private var text: String? { try? String(contentsOfFile: root + "/images-index.tsv", encoding: .utf8) }

    /// Looks at the images as a training does, and returns the numbers of those that can't be used.
    private func look() throws -> [Int] {
        var index: ImageFolderIndex? = ImageFolderIndex(root: root)
        let unusable = try ImageFolderDataset(folder: root + "/train").unusableFiles(knownBy: &index).map(\.index)
        index?.save()
        return unusable
    }

    /// Writes into a file that stays in its place, so that its folder doesn't change.
    private func overwrite(_ name: String, with bytes: [UInt8]) throws {
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(root)/train/\(name)"))
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: Data(bytes))
        try file.close()
    }

    func testOnlyFoldersThatChangedAreLookedAt() throws {
        try overwrite("dog/1.jpg", with: [1, 2, 3])
        XCTAssertEqual(try look(), [4])
        // Changes of these two seconds may have the time that is known already.
        XCTAssertNil(text)
        sleep(3)
        XCTAssertEqual(try look(), [4])
        let lines = try XCTUnwrap(text).split(separator: "\n")
        XCTAssertEqual(
            lines.map { $0.split(separator: "\t").last }, ["vertebra images index 1", "train/cat", "train/eel"])
        // What is written anew in its place is left to decoding, but a folder with such a file is looked at each time.
        try overwrite("cat/0.jpg", with: [1])
        try overwrite("dog/2.jpg", with: [1])
        XCTAssertEqual(try look(), [4, 5])
        // A file more, and one that is replaced.
        try Data([1]).write(to: URL(fileURLWithPath: root + "/train/eel/0.jpg"), options: .atomic)
        XCTAssertEqual(try look(), [4, 5, 6])
        XCTAssertTrue(FileManager.default.createFile(atPath: root + "/train/cat/9.jpg", contents: Data([1])))
        XCTAssertEqual(try look(), [0, 3, 5, 6, 7])
    }

    func testAFolderHoldsInItsStateAlone() throws {
        let folder = root + "/train/cat"
        var index = ImageFolderIndex(root: root)
        let state = try XCTUnwrap(ImageFolderIndex.State(folder, settling: -1))
        XCTAssertFalse(index.holds(folder, state))
        index.keep(folder, ImageFolderIndex.State(folder))
        XCTAssertFalse(index.holds(folder, state), "a change within the same tick would not show")
        index.keep(folder, nil)
        index.keep(folder, state)
        XCTAssertTrue(index.holds(folder, state))
        XCTAssertFalse(index.holds(folder, nil))
        XCTAssertFalse(index.holds(root + "/train/dog", state))
        index.save()
        XCTAssertTrue(ImageFolderIndex(root: root).holds(folder, state))
        XCTAssertEqual(ImageFolderIndex(root: root).notes, [])
        usleep(20_000)
        try FileManager.default.removeItem(atPath: folder + "/0.jpg")
        XCTAssertFalse(index.holds(folder, ImageFolderIndex.State(folder, settling: -1)))
        XCTAssertNil(ImageFolderIndex.State(root + "/none"))
        XCTAssertNil(ImageFolderIndex.State(folder + "/1.jpg"))
    }

    func testWhatIsNoIndexIsLeftAlone() throws {
        let path = root + "/images-index.tsv"
        try "my notes\n".write(toFile: path, atomically: true, encoding: .utf8)
        let state = ImageFolderIndex.State(root + "/train/cat", settling: -1)
        var index = ImageFolderIndex(root: root)
        index.keep(root + "/train/cat", state)
        index.save()
        XCTAssertEqual(text, "my notes\n")
        XCTAssertEqual(index.notes.count, 1)
        XCTAssertTrue(index.notes[0].contains("\(path) is no index of images and is left as it is"), index.notes[0])
        // Lines that make no sense are passed over, and an index of another version is made anew.
        try "vertebra images index 1\nx\ttrain/cat\n\n7\ttrain/dog\n".write(
            toFile: path, atomically: true, encoding: .utf8)
        XCTAssertFalse(ImageFolderIndex(root: root).holds(root + "/train/cat", state))
        try "vertebra images index 0\n".write(toFile: path, atomically: true, encoding: .utf8)
        index = ImageFolderIndex(root: root)
        index.keep(root + "/train/cat", state)
        index.save()
        XCTAssertEqual(index.notes, [])
        XCTAssertTrue(try XCTUnwrap(text).hasPrefix("vertebra images index 1\n"))
    }

    func testAnIndexThatCannotBeWrittenIsSaid() throws {
        var index = ImageFolderIndex(root: root, file: "/proc/none/index.tsv")
        index.keep(root + "/train/cat", ImageFolderIndex.State(root + "/train/cat", settling: -1))
        index.save()
        XCTAssertEqual(index.notes.count, 1)
        XCTAssertTrue(
            index.notes[0].hasPrefix("/proc/none/index.tsv, the index of images, can't be written (")
                && index.notes[0].hasSuffix("Name another file with data.index."), index.notes[0])
        index.save()
        XCTAssertEqual(index.notes.count, 1)
    }
}
