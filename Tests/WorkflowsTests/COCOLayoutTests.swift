import Annotations
import Foundation
import Support
import TestSupport
import Workflows
import XCTest

final class COCOLayoutTests: XCTestCase {
    private let size = ImageSize(width: 40, height: 30)

    private func json(_ fileName: String, categories: String = #"[{"id": 3, "name": "cat"}, {"id": 7, "name": "dog"}]"#)
        -> String
    {
        """
        {"images": [{"id": 5, "file_name": "\(fileName)", "width": 40, "height": 30}],
        "annotations": [{"id": 9, "image_id": 5, "category_id": 7, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0,
        "segmentation": []}], "categories": \(categories)}
        """
    }

    func testLayouts() throws {
        for (files, pictures, parts) in [
            (
                ["annotations/instances_train2017.json": json("a.jpg"), "annotations/captions_train2017.json": "{}"],
                ["train2017/a.jpg"], ["train"]
            ),
            (
                ["train/_annotations.coco.json": json("a.jpg"), "valid/_annotations.coco.json": json("b.jpg")],
                ["train/a.jpg", "valid/b.jpg"], ["train", "val"]
            ), (["annotations/instances_default.json": json("a.jpg")], ["images/default/a.jpg"], ["train"]),
            (["annotations/instances_val.json": json("val/a.jpg")], ["images/val/a.jpg"], ["val"]),
            (["annotations/instances_val.json": json("a.jpg")], ["images/a.jpg"], ["val"]),
            (["result.json": json("images/a.jpg")], ["images/a.jpg"], ["train"]),
            (["_annotations.coco.json": json("a.jpg")], ["a.jpg"], ["train"]),
        ] {
            try withTemporaryFolder { folder in
                try DetectionSetFiles.write(
                    files, pictures: Dictionary(uniqueKeysWithValues: pictures.map { ($0, size) }), to: folder)
                let set = try DetectionSet.read(folder)
                XCTAssertEqual(set.parts.map(\.name), parts, "\(pictures)")
                XCTAssertEqual(set.parts.flatMap(\.pictures), pictures.map { folder + "/" + $0 })
                XCTAssertEqual(set.classNames, ["cat", "dog"])
                XCTAssertEqual(set.notes, [], "empty outlines are none")
            }
        }
    }

    /// Ids of categories, images and annotations are those of the file that was read.
    func testIDsAreKept() throws {
        let folder = try temporaryDirectory()
        try DetectionSetFiles.write(
            ["set/train/_annotations.coco.json": json("a.jpg")], pictures: ["set/train/a.jpg": size], to: folder)
        _ = try SetWriter(format: .coco).write(DetectionSet.read(folder + "/set"), to: folder + "/made")
        let made = try COCO.readInstances(folder + "/made/annotations/instances_train.json")
        XCTAssertEqual(made.categoryIDs, [3, 7])
        XCTAssertEqual(made.imageIDs, [5])
        XCTAssertEqual(made.annotationIDs, [9])
    }

    func testWhatIsNotKeptIsSaid() throws {
        let folder = try temporaryDirectory()
        let text = json("a.jpg").replacingOccurrences(
            of: "[]}]", with: "[[1, 2, 3, 4, 5, 6]], \"keypoints\": [1, 1, 2]}]")
        try DetectionSetFiles.write(["result.json": text], to: folder)
        let notes = try DetectionSet.read(folder + "/result.json").notes
        XCTAssertEqual(
            notes, ["\(folder)/result.json: outlines (segmentation), keypoints are not kept; areas are"])
    }

    /// Parts that list other classes get all of them, by name.
    func testClassesOfPartsAreJoined() throws {
        let folder = try temporaryDirectory()
        try DetectionSetFiles.write(
            [
                "train/_annotations.coco.json": json("a.jpg"),
                "valid/_annotations.coco.json": json(
                    "b.jpg", categories: #"[{"id": 7, "name": "cow"}, {"id": 8, "name": "cat"}]"#),
            ], to: folder)
        let set = try DetectionSet.read(folder)
        XCTAssertEqual(set.classNames, ["cat", "dog", "cow"])
        XCTAssertEqual(set.parts.map(\.annotations.labels), [[2], [3]])
    }

    func testMistakes() throws {
        for (text, words) in [
            ("{", "result.json"), (json(""), "images[0]: image 5 names no file"),
            (json("../../a.jpg"), "leaves the image folder"),
            (json("a.jpg", categories: #"[{"id": 6, "name": "a"}, {"id": 7, "name": "a"}]"#), "both called \"a\""),
            (#"{"images": [], "annotations": [], "categories": []}"#, "there is no image in it"),
            (json("a.jpg").replacingOccurrences(of: "[1, 2, 3, 4]", with: "[1, 2, 3]"), "annotations[0]"),
        ] {
            try withTemporaryFolder { folder in
                try DetectionSetFiles.write(["result.json": text], to: folder)
                XCTAssertThrowsError(try DetectionSet.read(folder), text) {
                    XCTAssertTrue("\($0)".contains(words), "\($0)")
                }
            }
        }
    }
}
