import Annotations
import Foundation
import Support
import TestSupport
import Workflows
import XCTest

final class YOLOLayoutTests: XCTestCase {
    private let size = ImageSize(width: 100, height: 50)

    func testUltralyticsLayout() throws {
        let folder = try temporaryDirectory()
        try DetectionSetFiles.write(
            [
                "data.yaml": "train: images/train\nval: images/val\nnames: [cat, dog]\n",
                "labels/train/a.txt": "1 0.5 0.5 0.2 0.4\r\n0\t0.1 0.1 0.2 0.2\n\n",
                "labels/train/deep/b.txt": "0 0.25 0.5 0.5 1\n",
            ],
            pictures: ["images/train/a.jpg": size, "images/train/deep/b.png": size, "images/val/c.JPG": size],
            to: folder)
        let set = try DetectionSet.read(folder)
        XCTAssertEqual(set.parts.map(\.name), ["train", "val"])
        let train = set.parts[0].annotations
        XCTAssertEqual((0..<2).map(train.fileName), ["a.jpg", "deep/b.png"])
        XCTAssertEqual(train.imageSize(0), size)
        XCTAssertEqual(
            train.object(0), ObjectRecord(id: 1, label: 2, x: 40, y: 15, width: 20, height: 20))
        XCTAssertEqual(
            train.object(1), ObjectRecord(id: 2, label: 1, x: 0, y: 0, width: 20, height: 10))
        XCTAssertEqual(train.target(1).boxes, [Box(x0: 0, y0: 0, x1: 50, y1: 50)])
        XCTAssertTrue(set.parts[1].annotations.objects(0).isEmpty, "no file of labels is no object")
    }

    /// Shares are those of the picture as it is seen: a camera that was held upright stores it lying.
    func testPicturesAreUpright() throws {
        let folder = try temporaryDirectory()
        try DetectionSetFiles.write(
            ["data.yaml": "train: images\nnames: [cat]\n", "labels/a.txt": "0 0.5 0.25 0.2 0.5\n"],
            pictures: ["images/a.jpg": size], to: folder)
        let url = URL(fileURLWithPath: folder + "/images/a.jpg")
        // An APP1 segment of 34 bytes: a TIFF header, and a directory of one entry, the orientation 6 as a short.
        let exif: [UInt8] =
            [0xFF, 0xE1, 0, 34] + Array("Exif\0\0II*\0".utf8) + [8, 0, 0, 0, 1, 0]
            + [0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0]
        var bytes = try Data(contentsOf: url)
        bytes.insert(contentsOf: exif, at: 2)
        try bytes.write(to: url)
        let annotations = try DetectionSet.read(folder).parts[0].annotations
        XCTAssertEqual(annotations.imageSize(0), ImageSize(width: 50, height: 100))
        XCTAssertEqual(annotations.target(0).boxes, [Box(x0: 20, y0: 0, x1: 30, y1: 50)])
    }

    func testRoboflowLayoutAndListsOfClasses() throws {
        for (files, pictures) in [
            (
                ["data.yaml": "train: ../train/images\nnames: ['cat']\n", "train/labels/a.txt": "0 .5 .5 1 1"],
                ["train/images/a.jpg"]
            ), (["classes.txt": "cat\n", "labels/a.txt": "0 .5 .5 1 1"], ["images/a.jpg"]),
            (["classes.txt": "cat\n", "a.txt": "0 .5 .5 1 1"], ["a.jpg"]),
            (["labels/classes.txt": "cat\n", "labels/a.txt": "0 .5 .5 1 1"], ["images/a.jpg"]),
            (
                [
                    "data.yaml": "train: train.txt\nnames: [cat]", "train.txt": "./images/a.jpg\n",
                    "labels/a.txt": "0 .5 .5 1 1",
                ],
                ["images/a.jpg", "images/b.jpg"]
            ),
        ] {
            try withTemporaryFolder { folder in
                try DetectionSetFiles.write(
                    files, pictures: Dictionary(uniqueKeysWithValues: pictures.map { ($0, size) }), to: folder)
                let set = try DetectionSet.read(folder)
                XCTAssertEqual(set.classNames, ["cat"], "\(files)")
                XCTAssertEqual(set.imageCount, 1, "\(files)")
                XCTAssertEqual(set.parts[0].annotations.width, [100], "\(files)")
            }
        }
    }

    func testOutlinesAndKeypoints() throws {
        let folder = try temporaryDirectory()
        let yaml = "train: images\nnames: [cat]\n"
        try DetectionSetFiles.write(
            ["data.yaml": yaml, "labels/a.txt": "0 0.1 0.2 0.5 0.2 0.5 0.8 0.1 0.6\n"],
            pictures: ["images/a.jpg": size],
            to: folder)
        let outlines = try DetectionSet.read(folder)
        XCTAssertEqual(outlines.parts[0].annotations.target(0).boxes, [Box(x0: 10, y0: 10, x1: 50, y1: 40)])
        XCTAssertEqual(outlines.notes, [])
        XCTAssertEqual(
            outlines.parts[0].annotations.object(0).outline, .polygons([[10, 10, 50, 10, 50, 40, 10, 30]]))
        try DetectionSetFiles.write(
            ["data.yaml": yaml + "kpt_shape: [1, 3]\n", "labels/a.txt": "0 0.5 0.5 0.2 0.4 0.5 0.5 2\n"], to: folder)
        let keypoints = try DetectionSet.read(folder)
        XCTAssertEqual(keypoints.parts[0].annotations.width, [20])
        XCTAssertTrue(keypoints.notes[0].hasSuffix("the keypoints of 1 objects are not kept"))
    }

    func testMistakesNameTheirFile() throws {
        let yaml = "train: images\nnames: [cat]\n"
        for (files, words) in [
            (
                ["labels/a.txt": "0 0.5 0.5 0.1 0.1\n1 0.5 0.5 0.1 0.1"],
                "labels/a.txt, line 2: class 1 is not among the 1"
            ),
            (["labels/lost.txt": "0 0.5 0.5 0.1 0.1"], "labels/lost.txt: there is no picture of these labels"),
            (["images/b.webp": "RIFF0000WEBP"], "images/b.webp: its size can't be read: it is not a JPEG or PNG"),
            (["images/b.jpg": ""], "images/b.jpg: its size can't be read: it is empty"),
            (["data.yaml": "train: none\nnames: [cat]\n", "none/x": ""], "none: there is no picture in it"),
            (
                ["data.yaml": "train: list.txt\nnames: [cat]\n", "list.txt": "images/a.jpg\n../b.jpg"],
                "list.txt, line 2"
            ),
            (
                ["data.yaml": "train: list.txt\nnames: [cat]\n", "list.txt": "images/c.jpg"],
                "images/c.jpg: there is no such"
            ),
        ] {
            try withTemporaryFolder { folder in
                try DetectionSetFiles.write(["data.yaml": yaml], pictures: ["images/a.jpg": size], to: folder)
                try DetectionSetFiles.write(files, to: folder)
                XCTAssertThrowsError(try DetectionSet.read(folder), words) {
                    XCTAssertTrue("\($0)".contains(words), "\($0)")
                }
            }
        }
    }
}
