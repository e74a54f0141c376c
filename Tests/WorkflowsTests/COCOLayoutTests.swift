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
            notes, ["\(folder)/result.json: keypoints are not kept"])
    }

    /// Outlines of each form stay what they are from COCO to COCO, whatever is done to the set, and polygons to YOLO and back.
    func testOutlinesAreKept() throws {
        let size = ImageSize(width: 100, height: 50)
        let polygons = "[[10, 10, 50, 10.5, 50, 40, 10, 30.25], [20,20, 21,20, 21,21]]"
        let runs = "{\"size\": [50, 100], \"counts\": [100, 20, 4880]}"
        let text = "{\"counts\": \"a0\\\\1\\\"x\", \"size\": [50, 100]}"
        let wanted: [ObjectOutline?] = [
            .polygons([[10, 10, 50, 10.5, 50, 40, 10, 30.25], [20, 20, 21, 20, 21, 21]]), .runs([100, 20, 4880], size),
            .compressedRuns("a0\\1\"x", size), nil, nil, nil,
        ]
        let segmentations = [polygons, runs, text, "[]", "[[1, 2, 3]]", "7"]
        let annotations = segmentations.enumerated().map { i, value in
            "{\"id\": \(i + 1), \"image_id\": 5, \"category_id\": 3, \"bbox\": [10, 10, 40, 30], \"segmentation\": \(value)}"
        }.joined(separator: ", ")
        for escaped in [false, true] {
            try withTemporaryFolder { folder in
                // A record with an escape is read by another reader than the plain ones.
                let name = escaped ? "\\u0061.jpg" : "a.jpg"
                let text = """
                    {"images": [{"id": 5, "file_name": "\(name)", "width": 100, "height": 50}],
                    "annotations": [\(escaped ? annotations.replacingOccurrences(of: "bbox", with: "b\\u0062ox") : annotations)],
                    "categories": [{"id": 3, "name": "cat"}]}
                    """
                try DetectionSetFiles.write(["set/result.json": text], pictures: ["set/a.jpg": size], to: folder)
                let set = try DetectionSet.read(folder + "/set")
                func outlines(_ set: DetectionSet) -> [ObjectOutline?] {
                    (0..<set.objectCount).map { set.parts[0].annotations.object($0).outline }
                }
                XCTAssertEqual(outlines(set), wanted)
                XCTAssertEqual(
                    set.notes,
                    [
                        "\(folder)/set/result.json: 2 outlines (segmentation) are neither polygons of three or more points nor masks, "
                            + "and are not kept"
                    ])
                _ = try SetWriter(format: .coco).write(DetectionSet.merged([set]), to: folder + "/coco")
                XCTAssertEqual(outlines(try DetectionSet.read(folder + "/coco")), wanted)
                let yolo = try SetWriter(format: .yolo).write(set, to: folder + "/yolo")
                XCTAssertEqual(
                    yolo.notes.filter { $0.contains("outlines") && !$0.hasPrefix("/") }.map { String($0.prefix(12)) },
                    ["1 outlines o", "2 outlines a"])
                let back = try DetectionSet.read(folder + "/yolo")
                XCTAssertEqual(outlines(back).map { $0 != nil }, [true, false, false, false, false, false])
                XCTAssertEqual(back.parts[0].annotations.x, set.parts[0].annotations.x)
                XCTAssertEqual(back.parts[0].annotations.height, set.parts[0].annotations.height)
                for format in [DetectionFormat.voc, .csv] {
                    let notes = try SetWriter(format: format).write(set, to: "\(folder)/\(format)").notes
                    XCTAssertTrue(notes.contains { $0.hasPrefix("3 outlines are not kept: ") }, "\(notes)")
                }
                // Those who train and score don't hold them.
                let plain = try COCO.readInstances(folder + "/set/result.json")
                XCTAssertNil(plain.object(0).outline)
            }
        }
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
