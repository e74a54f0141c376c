import Annotations
import Doctor
import Foundation
import Media
import TestSupport
import XCTest

final class VOCExaminationTests: XCTestCase {
    private func object(_ name: String, _ box: [Int]) -> String {
        "<object><name>\(name)</name><bndbox><xmin>\(box[0])</xmin><ymin>\(box[1])</ymin><xmax>\(box[2])</xmax>"
            + "<ymax>\(box[3])</ymax></bndbox></object>"
    }

    private func picture(_ name: String, width: Int = 40, _ objects: String...) -> String {
        "<annotation><filename>\(name)</filename><size><width>\(width)</width><height>30</height></size>"
            + objects.joined() + "</annotation>"
    }

    /// A VOC folder with pictures a.jpg and b.jpg of 40 × 30; `files` replace or add to a healthy set.
    private func folder(_ files: [String: String] = [:]) throws -> VOCFolder {
        let path = try temporaryDirectory()
        var all = [
            "ImageSets/Main/train.txt": "a\n", "ImageSets/Main/val.txt": "b\n", "ImageSets/Main/trainval.txt": "a\nb\n",
            "Annotations/a.xml": picture("a.jpg", object("cat", [1, 1, 40, 30])),
            "Annotations/b.xml": picture("b.jpg", object("cat", [5, 6, 15, 16])),
        ]
        all.merge(files) { $1 }
        for (name, text) in all {
            let file = path + "/" + name
            try FileManager.default.createDirectory(
                atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        }
        let voc = VOCFolder(path: path)
        try FileManager.default.createDirectory(atPath: voc.imageFolder, withIntermediateDirectories: true)
        let image = ByteImage(width: 40, height: 30, channels: 3)
        for name in ["a.jpg", "b.jpg"] { try ImageFile.writeJPEG(image, to: voc.imageFolder + "/" + name) }
        return voc
    }

    func testAHealthyFolderHasNoFindings() throws {
        let report = try DatasetDoctor.check(voc: folder())
        XCTAssertEqual(report.findings, [])
        XCTAssertEqual(report.imageCount, 2)
        XCTAssertEqual(report.picturesChecked, 2)
        XCTAssertEqual(report.objectCount, 2)
    }

    func testEveryCheckFindsItsFaultAndNothingElse() throws {
        let cases: [(FindingKind, [String: String])] = [
            (.unreadableAnnotations, ["Annotations/a.xml": "<annotation>"]),
            (.unreadableAnnotations, ["Annotations/a.xml": picture("a.jpg", "<object><name>cat</name></object>")]),
            (.singlePixelBox, ["Annotations/a.xml": picture("a.jpg", object("cat", [7, 7, 7, 7]))]),
            (.degenerateBox, ["Annotations/a.xml": picture("a.jpg", object("cat", [8, 7, 7, 17]))]),
            (.degenerateBox, ["Annotations/a.xml": picture("a.jpg", object("cat", [8, 7, 17, 5]))]),
            (.boxOutside, ["Annotations/a.xml": picture("a.jpg", object("cat", [50, 7, 57, 17]))]),
            (.boxBeyondEdge, ["Annotations/a.xml": picture("a.jpg", object("cat", [30, 7, 57, 17]))]),
            (
                .duplicateBox,
                ["Annotations/a.xml": picture("a.jpg", object("cat", [3, 7, 9, 17]), object("cat", [3, 7, 9, 17]))]
            ),
            (
                .nearlySameBox,
                ["Annotations/a.xml": picture("a.jpg", object("cat", [3, 7, 29, 27]), object("cat", [3, 7, 29, 28]))]
            ),
            (.emptyImage, ["Annotations/a.xml": picture("a.jpg")]),
            (.fileNameMismatch, ["Annotations/a.xml": picture("c.jpg", object("cat", [1, 1, 40, 30]))]),
            (.sizeMismatch, ["Annotations/a.xml": picture("a.jpg", width: 44, object("cat", [1, 1, 40, 30]))]),
            (
                .missingSize,
                [
                    "Annotations/a.xml":
                        "<annotation><filename>a.jpg</filename>\(object("cat", [1, 1, 9, 9]))</annotation>"
                ]
            ),
            (.duplicateClassName, ["Annotations/a.xml": picture("a.jpg", object("Cat", [1, 1, 40, 30]))]),
            (.duplicateListing, ["ImageSets/Main/train.txt": "a\na\n"]),
            (.overlappingSplits, ["ImageSets/Main/train.txt": "a\nb\n"]),
            (.pathLeavesFolder, ["ImageSets/Main/train.txt": "a\n../../x\n"]),
            (.unlistedImage, ["JPEGImages/c.jpg": "not listed"]),
        ]
        for (kind, files) in cases {
            let report = try DatasetDoctor.check(voc: folder(files))
            XCTAssertEqual(report.findings.map(\.kind), [kind], "\(files) gave \(report.findings)")
            XCTAssertEqual(report.affectsTraining, kind.severity == .error, "\(kind)")
        }
    }

    /// VOC's far edges are inclusive, so that equal corners are one pixel apart: data that training reads without a word.
    func testABoxThatIsOnePixelWideIsLegal() throws {
        for box in [[7, 3, 7, 20], [7, 3, 30, 3]] {
            let voc = try folder(["Annotations/a.xml": picture("a.jpg", object("cat", box))])
            XCTAssertEqual(DatasetDoctor.check(voc: voc).findings, [])
            let read = try voc.read(split: "train").object(0)
            XCTAssertEqual([read.width, read.height].min(), 1)
        }
    }

    func testLinesOfWindows() throws {
        let voc = try folder(["ImageSets/Main/trainval.txt": "a\r\nb\r\na\r\n"])
        let report = DatasetDoctor.check(voc: voc, splits: ["trainval"])
        XCTAssertEqual(report.findings.map(\.record), ["line 3"])
    }

    /// One bad file is a finding, and the others are examined.
    func testFilesThatAreNotWellFormedAreFindings() throws {
        let good = picture("a.jpg", object("cat", [1, 1, 40, 30]))
        for (name, bad, place) in [
            ("a doubled end tag", good.replacingOccurrences(of: "</object>", with: "</object></object>"), "line 1"),
            ("a byte that is not UTF-8", good.replacingOccurrences(of: "<size>", with: "<!-- # --><size>"), "line 1"),
            ("an entity", good.replacingOccurrences(of: "cat", with: "&cat;"), "line 1"),
            ("a document type", "<!DOCTYPE a>\n" + good, "line 1"),
        ] {
            let voc = try folder()
            let bytes = bad.utf8.map { $0 == UInt8(ascii: "#") ? 0xE9 : $0 }
            try Data(bytes).write(to: URL(fileURLWithPath: voc.annotationPath("a")))
            let report = DatasetDoctor.check(voc: voc)
            XCTAssertEqual(report.findings.map(\.kind), [.unreadableAnnotations], name)
            XCTAssertEqual(report.findings.map(\.record), [place], name)
            XCTAssertEqual(report.objectCount, 1, name)
            XCTAssertThrowsError(try voc.read(split: "train"), name) { XCTAssertTrue("\($0)".contains(place), name) }
        }
        let read = try folder(["Annotations/a.xml": good.replacingOccurrences(of: "<size>", with: "<?pi?><size>")])
        XCTAssertEqual(DatasetDoctor.check(voc: read).findings, [])
    }

    func testListsInOtherEncodingsAreFindings() throws {
        let voc = try folder()
        try Data([0xFF, 0xFE, 0x61, 0, 0x0A, 0]).write(to: URL(fileURLWithPath: voc.splitPath("train")))
        let report = DatasetDoctor.check(voc: voc, splits: ["train"])
        XCTAssertEqual(report.findings.map(\.kind), [.unreadableAnnotations])
        XCTAssertTrue(report.findings[0].problem.contains("UTF-16"), report.findings[0].problem)
    }

    /// The small inputs of other people's tools, where they are at hand.
    func testTheCasesOfOthers() throws {
        let cases = try sharedFolder() + "/cases"
        let pixels = DatasetDoctor.check(voc: VOCFolder(path: cases + "/voc0"), options: .init(pictures: .skip))
        // Objects 3 and 4 have xmin = xmax and xmax below xmin - 1.
        XCTAssertEqual(
            pixels.findings.filter { $0.kind == .degenerateBox }.map { ($0.file as NSString).lastPathComponent },
            ["4.xml"])
        let latin1 = DatasetDoctor.check(voc: VOCFolder(path: cases + "/voc_latin1"))
        XCTAssertEqual(latin1.findings.filter { $0.severity == .error }.map(\.kind), [.unreadableAnnotations])
        XCTAssertEqual(latin1.findings.first?.record, "line 1")
        func read(_ name: String) throws -> VOCPicture { try VOCPicture(path: "\(cases)/voc_\(name).xml") }
        XCTAssertThrowsError(try read("doubled_end_tag")) { XCTAssertTrue("\($0)".contains("line 26: "), "\($0)") }
        XCTAssertEqual(try read("pi_without_data").objects.map(\.name), ["x"])
        let cdata = try read("cdata").objects
        XCTAssertEqual(cdata.map(\.name), ["person"])
        XCTAssertEqual(cdata.map(\.isDifficult), [true])
    }

    func testMissingFilesAreFound() throws {
        let noPicture = try folder()
        try FileManager.default.removeItem(atPath: noPicture.imageFolder + "/b.jpg")
        XCTAssertEqual(DatasetDoctor.check(voc: noPicture).findings.map(\.kind), [.missingImage])
        let noAnnotation = try folder()
        try FileManager.default.removeItem(atPath: noAnnotation.annotationPath("b"))
        XCTAssertEqual(DatasetDoctor.check(voc: noAnnotation).findings.map(\.kind), [.unreadableAnnotations])
        let empty = VOCFolder(path: try temporaryDirectory())
        XCTAssertEqual(DatasetDoctor.check(voc: empty).findings.map(\.kind), [.unreadableAnnotations])
        XCTAssertEqual(
            DatasetDoctor.check(voc: try folder(), splits: ["nope"]).findings.map(\.kind), [.unreadableAnnotations])
    }

    func testClassesCanBeGiven() throws {
        let report = try DatasetDoctor.check(voc: folder(), classNames: ["dog"])
        XCTAssertEqual(report.count(of: .unknownClass), 2)
        XCTAssertEqual(report.count(of: .unusedClass), 1)
    }

    func testTheBloodCellsMistakes() throws {
        let folder = VOCFolder(path: try sharedFolder() + "/data/bccd")
        let report = DatasetDoctor.check(voc: folder)
        XCTAssertEqual(report.imageCount, 364)
        XCTAssertEqual(report.objectCount, 4888)
        XCTAssertEqual(report.count(of: .error), 0)
        let points = report.findings.filter { $0.kind == .singlePixelBox }
        XCTAssertEqual(
            points.map { ($0.file as NSString).lastPathComponent }, ["BloodImage_00343.xml", "BloodImage_00338.xml"])
        XCTAssertTrue(points[0].record.hasPrefix("object 4 (line 50)"), points[0].record)
        XCTAssertTrue(points[1].record.hasPrefix("object 13 "), points[1].record)
        XCTAssertEqual(report.count(of: .nearlySameBox), 8)
    }
}
