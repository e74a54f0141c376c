import Annotations
import Foundation
import TestSupport
import XCTest

final class VOCFolderTests: XCTestCase {
    private func folder(_ files: [String: String]) throws -> VOCFolder {
        let path = try temporaryDirectory()
        for (name, text) in files {
            let file = path + "/" + name
            try FileManager.default.createDirectory(
                atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        }
        return VOCFolder(path: path)
    }

    private func object(_ name: String, _ corners: [String], extra: String = "") -> String {
        "<object><name>\(name)</name>\(extra)<bndbox><xmin>\(corners[0])</xmin><ymin>\(corners[1])</ymin>"
            + "<xmax>\(corners[2])</xmax><ymax>\(corners[3])</ymax></bndbox></object>"
    }

    private func picture(_ objects: String...) -> String {
        "<annotation><filename>a.jpg</filename><size><width>20</width><height>10</height><depth>3</depth></size>"
            + objects.joined() + "</annotation>"
    }

    func testBoxesBecomeZeroBased() throws {
        let part =
            "<part><name>head</name><bndbox><xmin>9</xmin><ymin>9</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></part>"
        let folder = try folder([
            "ImageSets/Main/train.txt": "a\nb  1\n\n",
            "Annotations/a.xml": picture(
                object("dog", ["1", "1", "20", "10"]),
                object(
                    "cat & co".replacingOccurrences(of: "&", with: "&amp;"), ["3", "4", "5.5", "6"],
                    extra: "<difficult>1</difficult><truncated>1</truncated>" + part)),
            "Annotations/b.xml": "<annotation><size><width>9</width><height>8</height></size></annotation>",
            "JPEGImages/b.png": "",
        ])
        let annotations = try folder.read(split: "train")
        XCTAssertEqual(annotations.classNames, ["cat & co", "dog"])
        XCTAssertEqual(annotations.fileName(0), "a.jpg")
        XCTAssertEqual(annotations.fileName(1), "b.png")
        XCTAssertEqual(annotations.imageIDs, [1, 2])
        XCTAssertEqual(annotations.imageSize(1).width, 9)
        let target = annotations.target(0)
        XCTAssertEqual(target.boxes, [Box(x0: 0, y0: 0, x1: 20, y1: 10), Box(x0: 2, y0: 3, x1: 5.5, y1: 6)])
        XCTAssertEqual(target.labels, [2, 1])
        XCTAssertEqual(target.isDifficult, [false, true])
        XCTAssertEqual(annotations.flags[1], [.difficult, .truncated])
        XCTAssertTrue(annotations.target(1).isEmpty)
    }

    /// Carriage return and line feed are one character in Swift, and not equal to a line feed.
    func testLinesOfWindows() throws {
        let folder = try folder([
            "ImageSets/Main/train.txt": "a\r\nb  1\r\n\r\n", "Annotations/a.xml": picture(),
            "Annotations/b.xml": picture(object("dog", ["1", "1", "20", "10"])),
        ])
        let truth = try folder.read(split: "train")
        XCTAssertEqual((0..<truth.imageCount).map(truth.fileName), ["a.jpg", "b.jpg"])
        func write(_ name: String, _ text: String) throws {
            try Data(text.utf8).write(to: URL(fileURLWithPath: folder.path + "/" + name))
        }
        try write("dog.txt", "b 0.5 1 1 20 10\r\na 0.25 1 1 2 2\r\n")
        XCTAssertEqual(try VOCFolder.readResults(folder: folder.path, groundTruth: truth).scores, [0.5, 0.25])
        try write("Dog.txt", "\r\nb 0.5 1 1 20 10\r\nb 0.5 1 1 20 10\r\n")
        XCTAssertThrowsError(try VOCFolder.readResults(folder: folder.path, groundTruth: truth))
    }

    func testTheTwentyClassesAreTheDefaultWhereTheyFit() throws {
        let folder = try folder([
            "ImageSets/Main/val.txt": "a", "Annotations/a.xml": picture(object("dog", ["1", "1", "2", "2"])),
        ])
        XCTAssertEqual(try folder.read(split: "val").classNames, VOCFolder.standardClassNames)
        XCTAssertEqual(try folder.read(split: "val").labels, [12])
        XCTAssertEqual(try folder.read(split: "val", classNames: ["dog"]).labels, [1])
        XCTAssertThrowsError(try folder.read(split: "val", classNames: ["cow"])) {
            XCTAssertTrue("\($0)".contains("class \"dog\" is not one of cow"), "\($0)")
        }
    }

    func testMalformedFilesNameFileElementAndLine() throws {
        let cases: [(xml: String, says: String)] = [
            ("", "not well-formed"),
            ("<annotation>", "not well-formed"),
            ("<annotation><size></annotation>", "not well-formed"),
            ("<annotation><size><width>3</width>", "not well-formed"),
            ("not xml", "not well-formed"),
            ("<html></html>", "<html>"),
            (picture("<object><bndbox></bndbox></object>"), "no <name>"),
            (picture("<object><name>dog</name></object>"), "lacks xmin, ymin, xmax, ymax"),
            (picture("<object><name>dog</name><bndbox><xmin>1</xmin></bndbox></object>"), "lacks ymin, xmax, ymax"),
            (picture(object("dog", ["a", "1", "2", "2"])), "<xmin> holds \"a\""),
            (picture(object("dog", ["", "1", "2", "2"])), "<xmin> holds \"\""),
            (picture(object("dog", ["1", "nan", "2", "2"])), "<ymin>"),
            (picture(object("dog", ["1", "1", "1e300", "2"])), "<xmax>"),
            (picture(object("dog", ["1", "1", "2", "2"], extra: "<difficult>maybe</difficult>")), "<difficult>"),
            ("<annotation><size><width>wide</width></size></annotation>", "<width> holds \"wide\""),
            ("<!DOCTYPE x [<!ENTITY a \"b\">]><annotation></annotation>", "document type"),
        ]
        for (xml, says) in cases {
            let folder = try folder(["ImageSets/Main/train.txt": "a", "Annotations/a.xml": xml])
            XCTAssertThrowsError(try folder.read(split: "train"), xml) { error in
                XCTAssertTrue("\(error)".contains("a.xml"), "\(error)")
                XCTAssertTrue("\(error)".contains(says), "\(xml) gave: \(error)")
            }
        }
    }

    func testListsAreChecked() throws {
        let files = ["Annotations/a.xml": picture()]
        let cases: [(list: String, says: String)] = [
            ("a\na", "stands twice"), ("../a", "leaves the folder"), ("/etc/a", "leaves the folder"),
            ("a\nmissing", "missing.xml: there is no such file"),
        ]
        for (list, says) in cases {
            let folder = try folder(files.merging(["ImageSets/Main/train.txt": list]) { $1 })
            XCTAssertThrowsError(try folder.read(split: "train"), list) {
                XCTAssertTrue("\($0)".contains(says), "\(list) gave: \($0)")
            }
        }
        let folder = try folder(
            files.merging(["ImageSets/Main/train.txt": "a", "ImageSets/Main/dog_train.txt": "a 1"]) { $1 })
        XCTAssertEqual(folder.splits(), ["train"])
        XCTAssertThrowsError(try folder.read(split: "test")) {
            XCTAssertTrue("\($0)".contains("The folder has train"), "\($0)")
        }
    }

    func testNamesMayHoldSpaces() throws {
        let folder = try folder([
            "ImageSets/Main/train.txt": "my photo 1\n my photo  -1\r\nIMG 7\t1\nIMG 7 2\nplain  1\n",
            "Annotations/my photo 1.xml": picture(object("dog", ["1", "1", "20", "10"])),
            "Annotations/my photo.xml": picture(), "Annotations/IMG 7.xml": picture(),
            "Annotations/IMG 7 2.xml": picture(), "Annotations/plain.xml": picture(), "JPEGImages/IMG 7.jpg": "",
        ])
        XCTAssertEqual(try folder.imageNames(split: "train"), ["my photo 1", "my photo", "IMG 7", "IMG 7 2", "plain"])
        let truth = try folder.read(split: "train", classNames: ["dog"])
        XCTAssertEqual(truth.fileName(0), "my photo 1.jpg")
        XCTAssertEqual(truth.labels, [1])
        // Detections of such images are written and read back.
        var results = DetectionResults()
        results.append(imageID: 1, categoryID: 1, x: 1, y: 2, width: 3, height: 4, score: 0.5)
        try VOCFolder.writeResults(results, folder: folder.path, groundTruth: truth)
        let read = try VOCFolder.readResults(folder: folder.path, groundTruth: truth)
        XCTAssertEqual(read.imageIDs, [1])
        XCTAssertEqual([read.x, read.width, read.scores], [[1], [3], [0.5]])
        // An accent behind a space belongs to the name.
        try Data("x \u{301}a 1\n".utf8).write(to: URL(fileURLWithPath: folder.splitPath("train")))
        XCTAssertEqual(try folder.imageNames(split: "train").map { Array($0.utf8) }, [Array("x \u{301}a".utf8)])
        // A name that has no annotation is named whole.
        try Data("no such photo\n".utf8).write(to: URL(fileURLWithPath: folder.splitPath("train")))
        XCTAssertThrowsError(try folder.read(split: "train")) {
            XCTAssertTrue("\($0)".contains("/no such photo.xml: there is no such file"), "\($0)")
        }
    }

    func testEndingsOfPicturesInAnyCase() throws {
        let names = ["a", "b", "c", "d", "e", "f", "sub/g", "h.1"]
        var files = Dictionary(uniqueKeysWithValues: names.map { ("Annotations/\($0).xml", picture()) })
        files["ImageSets/Main/train.txt"] = names.joined(separator: "\n")
        for file in ["a.Jpg", "b.JPEG", "c.pNg", "d.JPG", "d.jpg", "d.png", "e.txt", "sub/g.PNG", "h.1.Jpeg", "h.jpg"] {
            files["JPEGImages/" + file] = ""
        }
        let read = try folder(files).read(split: "train")
        XCTAssertEqual(
            (0..<names.count).map(read.fileName),
            ["a.Jpg", "b.JPEG", "c.pNg", "d.jpg", "e.jpg", "f.jpg", "sub/g.PNG", "h.1.Jpeg"])
    }

    func testListsAndResultsInOtherEncodingsAreNamed() throws {
        let folder = try folder(["Annotations/a.xml": picture(), "Annotations/caf\u{E9}.xml": picture()])
        try FileManager.default.createDirectory(
            atPath: folder.path + "/ImageSets/Main", withIntermediateDirectories: true)
        func write(_ bytes: [UInt8], _ path: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }
        func message(_ body: () throws -> Void) -> String {
            do { try body() } catch { return "\(error)" }
            return "read"
        }
        let list = folder.splitPath("train")
        try write([0x61, 0x0A, 0x63, 0x61, 0x66, 0xE9, 0x0A], list)
        let latin1 = message { _ = try folder.read(split: "train") }
        XCTAssertTrue(latin1.hasPrefix("\(list), line 2: it holds the byte 0xE9, so it looks like Latin-1"), latin1)
        try write([0xFF, 0xFE, 0x61, 0, 0x0A, 0], list)
        let utf16 = message { _ = try folder.read(split: "train") }
        XCTAssertTrue(utf16.hasPrefix("\(list): it is UTF-16 text"), utf16)
        try write([0xEF, 0xBB, 0xBF] + Array("a\ncaf\u{E9}\n".utf8), list)
        XCTAssertEqual(try folder.imageNames(split: "train"), ["a", "caf\u{E9}"])
        try write([0xFF, 0xFE, 0x61, 0], folder.path + "/dog.txt")
        let truth = try folder.read(split: "train", classNames: ["dog"])
        let results = message { _ = try VOCFolder.readResults(folder: folder.path, groundTruth: truth) }
        XCTAssertTrue(results.contains("dog.txt: it is UTF-16 text"), results)
    }

    func testWhatIsWrittenIsReadBack() throws {
        let images = [
            ImageRecord(
                id: 1, fileName: "one.jpg", width: 40, height: 30,
                objects: [
                    ObjectRecord(id: 1, label: 1, x: 0, y: 0, width: 40, height: 30, flags: [.difficult]),
                    ObjectRecord(id: 2, label: 2, x: 3.25, y: 4, width: 5.5, height: 6, flags: [.truncated]),
                ]), ImageRecord(id: 2, fileName: "two.jpg", width: 4, height: 3),
        ]
        let made = DetectionAnnotations(source: "made", classNames: ["a<b", "c"], images: images)
        let folder = VOCFolder(path: try temporaryDirectory() + "/voc")
        try folder.write(made, split: "train")
        let read = try folder.read(split: "train", classNames: ["a<b", "c"])
        XCTAssertEqual((0..<2).map(read.image), images)
    }

    func testDevkitResultsAreWrittenAndReadBack() throws {
        let truth = DetectionAnnotations(
            source: "made", classNames: ["cat", "dog"],
            images: [ImageRecord(id: 1, fileName: "x.jpg", width: 40, height: 30)])
        var results = DetectionResults()
        results.append(imageID: 1, categoryID: 2, x: 3.5, y: 4, width: 5, height: 6.25, score: 0.125)
        let folder = try temporaryDirectory()
        try VOCFolder.writeResults(results, folder: folder, prefix: "comp4_", groundTruth: truth)
        XCTAssertEqual(
            try String(contentsOfFile: folder + "/comp4_dog.txt", encoding: .utf8), "x 0.125 4.5 5 8.5 10.25\n")
        let read = try VOCFolder.readResults(folder: folder, prefix: "comp4_", groundTruth: truth)
        XCTAssertEqual(read.x, results.x)
        XCTAssertEqual(read.height, results.height)
        XCTAssertEqual(read.categoryIDs, [2])
        for (text, says) in [
            ("y 1 1 1 1 1", "image \"y\""), ("x 1 2", "not a detection"), ("x a 1 1 1 1", "not a detection"),
            ("x 0x1 1 1 1 1", "not a detection"), ("1 1 1 1 1", "not a detection"),
            ("x nan 1 1 1 1", "not finite"), ("x 1 1 1 inf 1", "not finite"),
        ] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/comp4_cat.txt"))
            XCTAssertThrowsError(try VOCFolder.readResults(folder: folder, prefix: "comp4_", groundTruth: truth)) {
                XCTAssertTrue("\($0)".contains(says) && "\($0)".contains("line 1"), "\($0)")
            }
        }
        XCTAssertThrowsError(try VOCFolder.readResults(folder: folder, prefix: "other", groundTruth: truth))
    }

    func testDetectionsOfAnUnknownClassAreRefused() throws {
        let truth = DetectionAnnotations(
            source: "made", classNames: ["cat"], images: [ImageRecord(id: 1, fileName: "x.jpg", width: 40, height: 30)])
        let folder = try temporaryDirectory()
        func write(_ text: String, _ name: String) throws {
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        }
        try write("x 1 1 1 1 1\n", "cat.txt")
        try write("How these came about.\n", "README.txt")
        try write("\n", "cow.txt")
        XCTAssertEqual(try VOCFolder.readResults(folder: folder, groundTruth: truth).count, 1)
        try write("\nx 1 1 1 1 1\n", "cats.txt")
        XCTAssertThrowsError(try VOCFolder.readResults(folder: folder, groundTruth: truth)) {
            XCTAssertTrue("\($0)".hasPrefix("\(folder)/cats.txt: it holds detections of \"cats\""), "\($0)")
            XCTAssertTrue("\($0)".contains("the classes of made are cat."), "\($0)")
        }
    }

    /// The two forms of the blood cells hold the same objects: the COCO form kept VOC's numbers without their shift.
    func testBothFormsOfTheBloodCellsAgree() throws {
        let path = try sharedFolder() + "/data/bccd"
        let coco = try COCO.readInstances(path + "/coco/instances_train.json")
        let voc = try VOCFolder(path: path).read(split: "train", classNames: coco.classNames)
        XCTAssertEqual(voc.imageCount, coco.imageCount)
        XCTAssertEqual(voc.labels, coco.labels)
        XCTAssertEqual(voc.x.map { $0 + 1 }, coco.x)
        XCTAssertEqual(voc.width.map { $0 - 1 }, coco.width)
        XCTAssertEqual((0..<205).map(voc.fileName), (0..<205).map(coco.fileName))
    }
}
