import Annotations
import Foundation
import Support
import TestSupport
import XCTest

final class COCOInstancesTests: XCTestCase {
    private func write(_ text: String) throws -> String {
        let path = try temporaryDirectory() + "/gt.json"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    private func file(
        images: String = #"{"id": 1, "file_name": "a.jpg", "width": 20, "height": 10}"#,
        annotations: String = #"{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}"#, categories: String
    ) throws -> String {
        try write("{\"images\": [\(images)], \"annotations\": [\(annotations)], \"categories\": [\(categories)]}")
    }

    /// Roboflow's root category, under a name of its own and under that of a class.
    func testACategoryThatOnlyGroupsOthersIsLeftOutAndSaid() throws {
        for root in ["cells", "dog"] {
            let path = try file(
                categories: """
                    {"id": 0, "name": "\(root)", "supercategory": "none"}, {"id": 1, "name": "dog", "supercategory": "\(root)"},
                    {"id": 2, "name": "cat", "supercategory": "\(root)"}
                    """)
            let read = try COCOInstances(path, classNames: nil)
            XCTAssertEqual(read.annotations.classNames, ["dog", "cat"])
            XCTAssertEqual(read.annotations.categoryIDs, [1, 2])
            XCTAssertEqual(read.annotations.labels, [1])
            XCTAssertEqual(read.notes.count, 1)
            XCTAssertTrue(read.notes[0].contains("category 0 (\(root)) is left out: it has no object"), read.notes[0])
            XCTAssertEqual(try COCO.readInstances(path).classNames, [root, "dog", "cat"], "the file as it is")
        }
    }

    func testClassesAreNoGroups() throws {
        let cases: [(categories: String, known: [String]?, names: [String])] = [
            // COCO's person is its own supercategory.
            (
                #"{"id": 1, "name": "cat"}, {"id": 2, "name": "person", "supercategory": "person"}"#, nil,
                ["cat", "person"]
            ),
            // One with an object.
            (
                #"{"id": 1, "name": "x", "supercategory": "none"}, {"id": 2, "name": "y", "supercategory": "x"}"#, nil,
                ["x", "y"]
            ),
            // One that belongs to another.
            (
                #"{"id": 1, "name": "c"}, {"id": 2, "name": "x", "supercategory": "z"}, {"id": 3, "name": "y", "supercategory": "x"}"#,
                nil, ["c", "x", "y"]
            ),
            // One that a model knows.
            (
                #"{"id": 0, "name": "x", "supercategory": "none"}, {"id": 1, "name": "y", "supercategory": "x"}"#,
                ["x", "y"],
                ["x", "y"]
            ),
            // One whose name a model knows, but as that of another category.
            (
                #"{"id": 0, "name": "y", "supercategory": "none"}, {"id": 1, "name": "y", "supercategory": "y"}"#,
                ["y"], ["y"]
            ),
        ]
        for (categories, known, names) in cases {
            XCTAssertEqual(
                try COCOInstances(file(categories: categories), classNames: known).annotations.classNames, names,
                categories)
        }
    }

    func testNullIsAMissingValue() throws {
        let path = try file(
            images: #"{"id": 1, "file_name": null, "width": null, "height": 10}"#,
            annotations: #"""
                {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "area": null, "segmentation": null, "iscrowd": null},
                {"id": 2, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 5], "area": 9, "ignore": null}
                """#, categories: #"{"id": 1, "name": null, "supercategory": null}"#)
        let annotations = try COCO.readInstances(path)
        XCTAssertEqual(annotations.area, [12, 9])
        XCTAssertEqual(annotations.imageSize(0), ImageSize(width: 0, height: 10))
        XCTAssertEqual(annotations.fileName(0), "")
        XCTAssertEqual(annotations.classNames, ["category 1"])
        XCTAssertEqual(annotations.flags, [[], []])
    }

    func testNamesOfAnotherMachineAreMappedAndCounted() throws {
        let images = #"""
            {"id": 1, "file_name": "C:\\data\\images\\a%20b.jpg"}, {"id": 2, "file_name": "c.jpg"}
            """#
        let path = try file(images: images, categories: #"{"id": 1, "name": "x"}"#)
        let map = FileNameMap(
            prefixes: [.init(from: #"C:\data\images\"#, to: "train/")], decodesPercent: true, readsBackslashes: true)
        let read = try COCOInstances(path, classNames: nil, fileNames: .inFolder(map))
        XCTAssertEqual((0..<2).map(read.annotations.fileName), ["train/a b.jpg", "c.jpg"])
        XCTAssertEqual(
            read.notes,
            [
                #"\#(path): 1 of 2 file names were changed as told, such as "C:\data\images\a%20b.jpg" to "train/a b.jpg""#
            ])
        let leaving = FileNameMap(prefixes: [.init(from: "c", to: "../c")])
        XCTAssertThrowsError(try COCO.readInstances(path, fileNames: .inFolder(leaving))) {
            XCTAssertTrue("\($0)".contains("images[1]: file name \"../c.jpg\" leaves the image folder"), "\($0)")
        }
    }

    func testWorkThatOpensNoImageTakesAnyName() throws {
        let path = try file(
            images: #"""
                {"id": 1, "file_name": "/data/set/a.jpg", "width": -4, "height": 9000000000}, {"id": 2, "file_name": "../b.jpg"}
                """#, categories: #"{"id": 1, "name": "x"}"#)
        XCTAssertThrowsError(try COCO.readInstances(path))
        let annotations = try COCO.readInstances(path, fileNames: .unopened)
        XCTAssertEqual((0..<2).map(annotations.fileName), ["/data/set/a.jpg", "../b.jpg"])
        XCTAssertEqual(annotations.imageSize(1), ImageSize(width: 0, height: 0))
    }

    /// A corner of COCO 2017 itself: ids with gaps, crowds, images without objects.
    func testCOCO128() throws {
        let folder = try sharedFolder() + "/data/coco128/annotations"
        for (part, images, empty) in [("train2017", 128, 2), ("val2017", 128, 0)] {
            let path = "\(folder)/instances_\(part).json"
            let read = try COCOInstances(path, classNames: nil)
            XCTAssertEqual(read.notes, [])
            XCTAssertEqual(read.annotations.imageCount, images)
            XCTAssertEqual(read.annotations.classCount, 80)
            XCTAssertEqual(read.annotations.categoryIDs.last, 90)
            let json = try XCTUnwrap(loadJSON(path) as? [String: Any])
            XCTAssertEqual(read.annotations.objectCount, (json["annotations"] as? [Any])?.count)
            XCTAssertTrue(read.annotations.flags.contains(.crowd))
            XCTAssertEqual((0..<images).count { read.annotations.objects($0).isEmpty }, empty)
        }
    }
}
