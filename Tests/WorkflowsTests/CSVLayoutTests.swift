import Annotations
import Foundation
import Support
import TestSupport
import Workflows
import XCTest

final class CSVLayoutTests: XCTestCase {
    private let size = ImageSize(width: 40, height: 30)

    func testATableWithPartsAndOneForEachPart() throws {
        let head = "filename,width,height,class,xmin,ymin,xmax,ymax"
        for (files, pictures, names) in [
            (
                [
                    "boxes.csv":
                        "path,xmin,ymin,xmax,ymax,class,split\nimgs/a.jpg,1,2,3,4,dog,train\nimgs/b.jpg,5,6,7,8,cat,valid\n"
                ],
                ["imgs/a.jpg", "imgs/b.jpg"], ["a.jpg", "b.jpg"]
            ),
            (
                [
                    "train/_annotations.csv": head + "\na.jpg,40,30,dog,1,2,3,4\n",
                    "valid/_annotations.csv": head + "\nb.jpg,40,30,cat,5,6,7,8\n",
                ], ["train/a.jpg", "valid/b.jpg"], ["a.jpg", "b.jpg"]
            ),
        ] {
            try withTemporaryFolder { folder in
                try DetectionSetFiles.write(
                    files, pictures: Dictionary(uniqueKeysWithValues: pictures.map { ($0, size) }), to: folder)
                let set = try DetectionSet.read(folder)
                XCTAssertEqual(set.parts.map(\.name), ["train", "val"])
                XCTAssertEqual(set.parts.map { $0.annotations.fileName(0) }, names)
                XCTAssertEqual(set.parts.flatMap(\.pictures), pictures.map { folder + "/" + $0 })
                XCTAssertEqual(set.classNames, ["cat", "dog"])
                XCTAssertEqual(set.parts[1].annotations.target(0).boxes, [Box(x0: 5, y0: 6, x1: 7, y1: 8)])
            }
        }
    }

    /// Lines of a picture need not follow each other; pictures beside the table or in `images` are found.
    func testLinesOfAPicture() throws {
        let folder = try temporaryDirectory()
        try DetectionSetFiles.write(
            ["boxes.csv": "image;x;y;w;h;label\nb.jpg;1;2;3;4;dog\na.jpg;;;;;\nb.jpg;5;6;7;8;dog\n"],
            pictures: ["images/a.jpg": size, "images/b.jpg": size], to: folder)
        let set = try DetectionSet.read(folder + "/boxes.csv").knowingSizes(required: true)
        let annotations = set.parts[0].annotations
        XCTAssertEqual((0..<2).map(annotations.fileName), ["b.jpg", "a.jpg"])
        XCTAssertEqual(
            annotations.target(0).boxes, [Box(x0: 1, y0: 2, x1: 4, y1: 6), Box(x0: 5, y0: 6, x1: 12, y1: 14)])
        XCTAssertEqual(annotations.imageSize(1), size)
        XCTAssertEqual(set.parts[0].pictures[1], folder + "/images/a.jpg")
    }

    func testPathsOfAnotherMachine() throws {
        let folder = try temporaryDirectory()
        try DetectionSetFiles.write(
            ["boxes.csv": "path,xmin,ymin,xmax,ymax,class\nC:\\data\\a.jpg,1,2,3,4,dog\n"], pictures: ["a.jpg": size],
            to: folder)
        let map = FileNameMap(prefixes: [.init(from: "C:/data/")], readsBackslashes: true)
        let set = try DetectionSet.read(folder, DetectionSet.Reading(fileNames: map))
        XCTAssertEqual(set.parts[0].pictures, [folder + "/a.jpg"])
        let elsewhere = try DetectionSet.read(
            folder + "/boxes.csv", DetectionSet.Reading(imageFolder: folder, fileNames: map))
        XCTAssertEqual(elsewhere.parts[0].pictures, [folder + "/a.jpg"])
    }

    func testMistakes() throws {
        let head = "path,xmin,ymin,xmax,ymax,class,width,height,split\n"
        for (rows, words) in [
            ("/a.jpg,1,2,3,4,dog,,,", "line 2: \"/a.jpg\" leaves the folder"),
            (
                "a.jpg,1,2,3,4,dog,40,30,\na.jpg,1,2,3,4,dog,40,31,",
                "line 3: the picture has 40 × 31 pixels, and on line 2 40 × 30"
            ),
            (
                "a.jpg,1,2,3,4,dog,,,train\na.jpg,1,2,3,4,dog,,,val",
                "line 3: \"a.jpg\" is in val, and on another line in train"
            ),
            ("", "there is no image in it"),
        ] {
            try withTemporaryFolder { folder in
                try DetectionSetFiles.write(["boxes.csv": head + rows], to: folder)
                XCTAssertThrowsError(try DetectionSet.read(folder), rows) {
                    XCTAssertTrue("\($0)".contains(words), "\($0)")
                }
            }
        }
        let folder = try temporaryDirectory()
        try DetectionSetFiles.write(["boxes.csv": head + "a.jpg,1,2,3,4,dog,,,", "classes.txt": "cat\n"], to: folder)
        XCTAssertThrowsError(try DetectionSet.read(folder)) {
            XCTAssertTrue("\($0)".contains("line 2: class \"dog\" is not in \(folder)/classes.txt"), "\($0)")
        }
    }
}
