import Annotations
import Foundation
import Support
import TestSupport
import Workflows
import XCTest

final class SetWritingTests: XCTestCase {
    /// A set's classes and parts, with boxes to compare within a hundred-thousandth of a pixel.
    private func assertSame(
        _ read: DetectionSet, _ set: DetectionSet, through formats: [DetectionFormat], line: UInt = #line
    ) {
        let way = formats.map(\.rawValue).joined(separator: ", ")
        XCTAssertEqual(read.classNames, set.classNames, way, line: line)
        XCTAssertEqual(read.parts.map(\.name), set.parts.map(\.name), way, line: line)
        let losesFlags = formats.contains(.yolo), losesVOC = losesFlags || formats.contains(.coco)
        let losesCrowds = losesFlags || formats.contains(.voc)
        for (part, original) in zip(read.parts, set.parts) {
            let images = (0..<part.annotations.imageCount).map(part.annotations.image)
            let originals = (0..<original.annotations.imageCount).map(original.annotations.image)
            func name(_ image: ImageRecord) -> String { image.fileName.replacingOccurrences(of: "/", with: "_") }
            XCTAssertEqual(Set(images.map(name)), Set(originals.map(name)), way, line: line)
            for image in images {
                guard let first = originals.first(where: { name($0) == name(image) }) else { continue }
                XCTAssertEqual([image.width, image.height], [first.width, first.height], way, line: line)
                let objects = first.objects.filter { !(losesCrowds && $0.flags.contains(.crowd)) }
                XCTAssertEqual(image.objects.map(\.label), objects.map(\.label), "\(way) \(image)", line: line)
                for (object, known) in zip(image.objects, objects) {
                    for (value, wanted) in [
                        (object.x, known.x), (object.y, known.y), (object.width, known.width),
                        (object.height, known.height),
                    ] { XCTAssertEqual(value, wanted, accuracy: 1e-5, way, line: line) }
                    if !losesVOC {
                        XCTAssertEqual(
                            object.flags.contains(.difficult), known.flags.contains(.difficult), way, line: line)
                        XCTAssertEqual(
                            object.flags.contains(.truncated), known.flags.contains(.truncated), way, line: line)
                    }
                    if !losesCrowds {
                        XCTAssertEqual(object.flags.contains(.crowd), known.flags.contains(.crowd), way, line: line)
                        XCTAssertEqual(object.area, known.area, accuracy: 1e-9, way, line: line)
                    }
                }
            }
        }
    }

    func testRoundTripsBetweenAllPairs() throws {
        let folder = try temporaryDirectory()
        let set = try DetectionSetFiles.varied(in: folder + "/source")
        for first in DetectionFormat.allCases {
            let once = "\(folder)/\(first.rawValue)"
            let summary = try SetWriter(format: first).write(set, to: once)
            XCTAssertEqual(summary.parts.map(\.images), [3, 1])
            XCTAssertEqual(summary.linked + summary.copied, 4)
            XCTAssertEqual(try DetectionFormat.recognized(at: once), first)
            let read = try DetectionSet.read(once)
            assertSame(read, set, through: [first])
            for second in DetectionFormat.allCases {
                let twice = "\(once)-\(second.rawValue)"
                _ = try SetWriter(format: second, images: .copy).write(read, to: twice)
                assertSame(try DetectionSet.read(twice), set, through: [first, second])
            }
        }
    }

    /// Boxes of up to four decimals come back from shares of the sides as they were.
    func testBoxesComeBackToTheDigit() throws {
        let folder = try temporaryDirectory()
        let set = try DetectionSetFiles.varied(in: folder + "/source")
        for format in DetectionFormat.allCases {
            _ = try SetWriter(format: format).write(set, to: folder + "/" + format.rawValue)
            let read = try DetectionSet.read(folder + "/" + format.rawValue)
            XCTAssertEqual(read.parts[1].annotations.object(0).x, 3.3333, "\(format)")
            XCTAssertEqual(read.parts[1].annotations.object(0).width, 637.66, "\(format)")
        }
    }

    func testWhatAFormatCannotHoldIsSaid() throws {
        let folder = try temporaryDirectory()
        let set = try DetectionSetFiles.varied(in: folder + "/source")
        for (format, words) in [
            (DetectionFormat.coco, ["1 objects are marked difficult", "1 objects are marked truncated"]),
            (
                .voc,
                ["1 crowds are left out", "1 objects have areas", "1 pictures have other names, such as sub_c.png"]
            ),
            (.yolo, ["1 crowds are left out", "1 objects are marked difficult", "1 objects have areas"]), (.csv, []),
        ] {
            let notes = try SetWriter(format: format, images: .none)
                .write(set, to: "\(folder)/\(format.rawValue)").notes
            for word in words { XCTAssertTrue(notes.contains { $0.hasPrefix(word) }, "\(format): \(notes)") }
            if words.isEmpty { XCTAssertEqual(notes, []) }
        }
    }

    func testPicturesAreLinkedCopiedOrLeft() throws {
        let folder = try temporaryDirectory()
        let set = try DetectionSetFiles.varied(in: folder + "/source")
        func number(_ path: String) throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int
        }
        for (images, isSame) in [(SetWriter.Images.link, true), (.copy, false)] {
            let output = "\(folder)/\(images)"
            let summary = try SetWriter(format: .yolo, images: images).write(set, to: output)
            XCTAssertEqual([summary.linked, summary.copied], isSame ? [4, 0] : [0, 4])
            let (old, new) = (folder + "/source/d.jpg", output + "/images/val/d.jpg")
            XCTAssertEqual(try number(old) == number(new), isSame)
            XCTAssertEqual(FileManager.default.contents(atPath: old), FileManager.default.contents(atPath: new))
        }
        _ = try SetWriter(format: .coco, images: .none).write(set, to: folder + "/none")
        XCTAssertFalse(try filesBelow(folder + "/none").keys.contains { $0.hasSuffix(".jpg") })
        XCTAssertTrue(FileManager.default.fileExists(atPath: folder + "/source/d.jpg"))
    }

    func testNothingIsLeftOfAFailure() throws {
        let folder = try temporaryDirectory()
        let set = try DetectionSetFiles.varied(in: folder + "/source")
        try FileManager.default.removeItem(atPath: folder + "/source/d.jpg")
        XCTAssertThrowsError(try SetWriter(format: .coco).write(set, to: folder + "/made")) {
            XCTAssertTrue("\($0)".contains("source/d.jpg: there is no such picture"), "\($0)")
            XCTAssertTrue("\($0)".contains("--images none"), "\($0)")
        }
        XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder), ["source"])
    }

    func testOnlyADataSetIsReplaced() throws {
        let folder = try temporaryDirectory()
        let set = try DetectionSetFiles.varied(in: folder + "/source")
        let writer = SetWriter(format: .csv)
        _ = try writer.write(set, to: folder + "/made")
        func refused(_ path: String, replacing: Bool, _ words: String, of set: DetectionSet) {
            XCTAssertThrowsError(try writer.write(set, to: path, replacing: replacing)) {
                XCTAssertTrue("\($0)".contains(words), "\($0)")
            }
        }
        refused(folder + "/made", replacing: false, "exists already", of: set)
        _ = try writer.write(set, to: folder + "/made", replacing: true)
        let read = try DetectionSet.read(folder + "/made")
        refused(folder + "/made", replacing: true, "holds files of the set to read", of: read)
        refused(folder, replacing: true, "holds files of the set to read", of: read)
        try DetectionSetFiles.write(["diary/today.txt": "dear"], to: folder)
        refused(folder + "/diary", replacing: true, "is no data set", of: set)
        refused(folder + "/diary/today.txt", replacing: true, "is a file", of: set)
        XCTAssertEqual(try filesBelow(folder + "/diary").count, 1)
    }

    /// Files of annotations are called after pictures without their ending, so two pictures of a stem would share one.
    func testPicturesOfOneStemStayApart() throws {
        let folder = try temporaryDirectory()
        let size = ImageSize(width: 10, height: 10)
        try DetectionSetFiles.write(pictures: ["a.jpg": size, "a.png": size], to: folder + "/source")
        let images = ["a.jpg", "a.png"].enumerated().map { i, name in
            ImageRecord(
                id: i + 1, fileName: name, width: 10, height: 10,
                objects: [ObjectRecord(id: i + 1, label: 1, x: Double(i), y: 0, width: 2, height: 2)])
        }
        let set = try DetectionSet(
            source: folder, format: .coco,
            parts: [
                .init(
                    name: "train",
                    annotations: DetectionAnnotations(source: folder, classNames: ["x"], images: images),
                    folder: folder + "/source")
            ])
        for format in [DetectionFormat.yolo, .voc] {
            let output = folder + "/" + format.rawValue
            _ = try SetWriter(format: format).write(set, to: output)
            let annotations = try DetectionSet.read(output).parts[0].annotations
            XCTAssertEqual(Set((0..<2).map(annotations.fileName)), ["a.jpg", "a_2.png"])
            XCTAssertEqual(Set(annotations.x), [0, 1])
        }
    }

    func testBoxesOutsideOfTheirPicture() throws {
        let folder = try temporaryDirectory()
        try DetectionSetFiles.write(pictures: ["a.jpg": ImageSize(width: 10, height: 10)], to: folder + "/source")
        let objects = [(-6.0, 8.0), (20, 5), (-1, 12)].enumerated().map { i, edge in
            ObjectRecord(id: i + 1, label: 1, x: edge.0, y: 0, width: edge.1, height: 5)
        }
        let image = ImageRecord(id: 1, fileName: "a.jpg", width: 10, height: 10, objects: objects)
        let set = try DetectionSet(
            source: folder, format: .coco,
            parts: [
                .init(
                    name: "train",
                    annotations: DetectionAnnotations(source: folder, classNames: ["x"], images: [image]),
                    folder: folder + "/source")
            ])
        let notes = try SetWriter(format: .yolo).write(set, to: folder + "/yolo").notes
        XCTAssertTrue(notes.contains("2 boxes reach outside of their pictures and were clipped"), "\(notes)")
        XCTAssertTrue(notes.contains("1 boxes lie outside of their pictures and were left out"), "\(notes)")
        let read = try DetectionSet.read(folder + "/yolo").parts[0].annotations
        XCTAssertEqual(read.x, [0, 0])
        XCTAssertEqual(read.width, [2, 10])
    }

    func testNamesThatAFormatCannotHold() throws {
        let folder = try temporaryDirectory()
        let set = try DetectionSet(
            source: "set", format: .coco,
            parts: [
                .init(
                    name: "train",
                    annotations: DetectionAnnotations(
                        source: "set", classNames: ["two\nlines"],
                        images: [ImageRecord(id: 1, fileName: "a.jpg", width: 1, height: 1)]), folder: folder)
            ])
        for format in [DetectionFormat.yolo, .voc, .csv] {
            XCTAssertThrowsError(try SetWriter(format: format, images: .none).write(set, to: folder + "/x")) {
                XCTAssertTrue("\($0)".contains("Rename the class"), "\($0)")
            }
        }
        XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder), [])
    }
}
