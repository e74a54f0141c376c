import Annotations
import Foundation
import Support
import TestSupport
import Workflows
import XCTest

final class VOCLayoutTests: XCTestCase {
    private let size = ImageSize(width: 40, height: 30)

    private func xml(_ fileName: String, _ name: String = "dog", more: String = "") -> String {
        """
        <annotation><filename>\(fileName)</filename><size><width>40</width><height>30</height><depth>3</depth></size>
        <object><name>\(name)</name><pose>Unspecified</pose><difficult>0</difficult>\(more)<bndbox><xmin>2</xmin>
        <ymin>3</ymin><xmax>10</xmax><ymax>20</ymax></bndbox></object></annotation>
        """
    }

    func testLayouts() throws {
        for (files, pictures, parts) in [
            (
                ["ImageSets/Main/train.txt": "a\n", "Annotations/a.xml": xml("a.jpg")], ["JPEGImages/a.jpg"], ["train"]
            ),
            (
                [
                    "VOC2007/ImageSets/Main/val.txt": "a\n", "VOC2007/Annotations/a.xml": xml("a.jpg"),
                ], ["VOC2007/JPEGImages/a.jpg"], ["val"]
            ), (["a.xml": xml("a.jpg")], ["a.jpg"], ["train"]),
            (["Annotations/a.xml": xml("a")], ["images/a.png"], ["train"]),
            (["Annotations/x.xml": xml("C:\\data\\a.jpg")], ["images/a.jpg"], ["train"]),
            (
                ["train/a.xml": xml("a.jpg"), "valid/b.xml": xml("b.jpg")], ["train/a.jpg", "valid/b.jpg"],
                ["train", "val"]
            ),
        ] {
            try withTemporaryFolder { folder in
                try DetectionSetFiles.write(
                    files, pictures: Dictionary(uniqueKeysWithValues: pictures.map { ($0, size) }), to: folder)
                let set = try DetectionSet.read(folder)
                XCTAssertEqual(set.parts.map(\.name), parts, "\(pictures)")
                XCTAssertEqual(set.parts.flatMap(\.pictures), pictures.map { folder + "/" + $0 })
                XCTAssertEqual(set.parts[0].annotations.target(0).boxes, [Box(x0: 1, y0: 2, x1: 10, y1: 20)])
            }
        }
    }

    func testClassesAreThoseFoundUnlessAListNamesThem() throws {
        let folder = try temporaryDirectory()
        try DetectionSetFiles.write(["a.xml": xml("a.jpg", "dog"), "b.xml": xml("b.jpg", "cat")], to: folder)
        XCTAssertEqual(try DetectionSet.read(folder).classNames, ["cat", "dog"])
        try DetectionSetFiles.write(["classes.txt": "dog\r\nbird\ncat\n"], to: folder)
        XCTAssertEqual(try DetectionSet.read(folder).classNames, ["dog", "bird", "cat"])
        try DetectionSetFiles.write(["classes.txt": "dog\n"], to: folder)
        XCTAssertThrowsError(try DetectionSet.read(folder)) {
            XCTAssertTrue("\($0)".contains("b.xml, line 2: class \"cat\" is not in"), "\($0)")
        }
        try DetectionSetFiles.write(["classes.txt": "dog\ncat\ndog\n"], to: folder)
        XCTAssertThrowsError(try DetectionSet.read(folder)) {
            XCTAssertTrue("\($0)".contains("classes.txt, line 3: \"dog\" stands on line 1 as well"), "\($0)")
        }
    }

    func testAListThatJoinsOthersIsLeftOut() throws {
        let folder = try temporaryDirectory()
        try DetectionSetFiles.write(
            [
                "ImageSets/Main/train.txt": "a\n", "ImageSets/Main/val.txt": "b\n",
                "ImageSets/Main/trainval.txt": "a\nb\n", "Annotations/a.xml": xml("a.jpg"),
                "Annotations/b.xml": xml("b.jpg"),
            ], pictures: ["JPEGImages/c.jpg": size], to: folder)
        let set = try DetectionSet.read(folder)
        XCTAssertEqual(set.parts.map(\.name), ["train", "val"])
        XCTAssertTrue(set.notes[0].hasSuffix("trainval.txt is left out: it joins train and val"), "\(set.notes)")
        XCTAssertTrue(set.notes[1].contains("1 pictures are in no XML file or list"), "\(set.notes)")
    }

    func testWhatIsNotKeptIsSaid() throws {
        let folder = try temporaryDirectory()
        let more = "<occluded>0</occluded><polygon><x1>3</x1></polygon><part><name>head</name></part>"
        try DetectionSetFiles.write(["a.xml": xml("a.jpg", more: more)], to: folder)
        XCTAssertEqual(
            try DetectionSet.read(folder).notes, ["\(folder): what objects say in part, polygon is not kept"])
    }

    func testMistakes() throws {
        for (text, words) in [
            ("<annotation><object>", "a.xml, line 1: this is not well-formed XML"),
            (xml("a.jpg").replacingOccurrences(of: "<xmax>10</xmax>", with: ""), "lacks xmax"),
            (xml("a.jpg").replacingOccurrences(of: "<width>40", with: "<width>-1"), "<size> is -1 × 30"),
            (xml("a.jpg").replacingOccurrences(of: "<width>40", with: "<width>1e300"), "is not a number of pixels"),
        ] {
            try withTemporaryFolder { folder in
                try DetectionSetFiles.write(["a.xml": text], to: folder)
                XCTAssertThrowsError(try DetectionSet.read(folder), text) {
                    XCTAssertTrue("\($0)".contains(words), "\($0)")
                }
            }
        }
    }
}
