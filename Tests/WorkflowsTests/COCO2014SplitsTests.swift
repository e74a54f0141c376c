import Annotations
import Foundation
import TestSupport
import Workflows
import XCTest

final class COCO2014SplitsTests: XCTestCase {
    private let names = ["cat", "dog"]

    private func image(_ id: Int, _ part: String, width: Int = 640, objects: Int) -> ImageRecord {
        ImageRecord(
            id: id, fileName: "COCO_\(part)_\(id).jpg", width: width, height: 480,
            objects: (0..<objects).map {
                ObjectRecord(
                    id: 10 * id + $0, label: 1 + $0 % 2, x: 1, y: 2, width: 30, height: 40.25, area: 77.5,
                    flags: $0 == 0 ? [.crowd] : [])
            })
    }

    private func write(_ images: [ImageRecord], _ split: String, in folder: String, names: [String]? = nil) throws {
        try COCO.writeInstances(
            DetectionAnnotations(source: split, classNames: names ?? self.names, categoryIDs: [1, 90], images: images),
            to: "\(folder)/annotations/instances_\(split).json")
    }

    /// Two images to train on, four to validate on, of which the second and the last are val2017's.
    private func folder() throws -> String {
        let folder = try temporaryDirectory()
        try FileManager.default.createDirectory(atPath: folder + "/annotations", withIntermediateDirectories: true)
        try write([image(1, "train2014", objects: 2), image(2, "train2014", objects: 0)], "train2014", in: folder)
        try write((3...6).map { image($0, "val2014", objects: $0) }, "val2014", in: folder)
        try write([image(6, "val2017", objects: 6), image(4, "val2017", objects: 4)], "val2017", in: folder)
        return folder
    }

    func testTheThreeFiles() throws {
        let folder = try folder()
        let splits = COCO2014Splits(folder: folder)
        let made = try splits.make()
        XCTAssertEqual(made.map(\.path), [splits.minival, splits.valMinusMinival, splits.training])
        XCTAssertEqual(made.map(\.images), [2, 2, 4])
        XCTAssertEqual(made.map(\.objects), [10, 8, 10])
        XCTAssertEqual(
            made[0].summary, "\(folder)/annotations/instances_minival2014.json: 2 images, 10 objects")

        let (minival, rest, training) = (
            try COCO.readInstances(splits.minival), try COCO.readInstances(splits.valMinusMinival),
            try COCO.readInstances(splits.training)
        )
        XCTAssertEqual(minival.imageIDs, [4, 6], "in val2014's order")
        XCTAssertEqual(minival.image(0), image(4, "val2014", objects: 4), "val2014's own annotations")
        XCTAssertEqual(rest.imageIDs, [3, 5])
        XCTAssertEqual(rest.fileName(0), "COCO_val2014_3.jpg")
        XCTAssertEqual(training.imageIDs, [1, 2, 3, 5])
        XCTAssertEqual(
            (0..<4).map(training.fileName),
            [
                "train2014/COCO_train2014_1.jpg", "train2014/COCO_train2014_2.jpg", "val2014/COCO_val2014_3.jpg",
                "val2014/COCO_val2014_5.jpg",
            ])
        XCTAssertEqual(training.image(3).objects, image(5, "val2014", objects: 5).objects)
        for annotations in [minival, rest, training] {
            XCTAssertEqual(annotations.classNames, names)
            XCTAssertEqual(annotations.categoryIDs, [1, 90])
        }
    }

    private func message(_ folder: String, replacing: Bool = false) -> String {
        do {
            _ = try COCO2014Splits(folder: folder).make(replacing: replacing)
            return "no error"
        } catch { return "\(error)" }
    }

    func testFilesThatAreThereStay() throws {
        let folder = try folder()
        XCTAssertEqual(message(folder), "no error")
        XCTAssertEqual(
            message(folder),
            "\(folder)/annotations/instances_minival2014.json: it exists already. Keep it, or replace it with --replace."
        )
        XCTAssertEqual(message(folder, replacing: true), "no error")
    }

    /// Where the third can't be written the first two go as well.
    func testAllThreeOrNone() throws {
        let folder = try folder()
        let splits = COCO2014Splits(folder: folder)
        try FileManager.default.createDirectory(atPath: splits.training, withIntermediateDirectories: true)
        XCTAssertThrowsError(try splits.make(replacing: true)) {
            XCTAssertTrue("\($0)".hasPrefix("\(splits.training): it is a folder"), "\($0)")
        }
        XCTAssertEqual(
            try FileManager.default.contentsOfDirectory(atPath: folder + "/annotations").sorted(),
            ["train2014", "trainvalminusminival2014", "val2014", "val2017"].map { "instances_\($0).json" })
    }

    func testWhatIsMissingIsNamed() throws {
        for (split, year) in [("train2014", 2014), ("val2014", 2014), ("val2017", 2017)] {
            let folder = try folder()
            let path = "\(folder)/annotations/instances_\(split).json"
            try FileManager.default.removeItem(atPath: path)
            XCTAssertEqual(
                message(folder),
                "\(path): there is no such file. Unpack COCO's annotations_trainval\(year).zip in \(folder); "
                    + "datasets/coco/README.md says where it is from.")
        }
    }

    func testFilesThatDoNotBelongTogether() throws {
        let folder = try folder()
        let path = "\(folder)/annotations/instances_val2017.json"
        try write([image(4, "val2017", objects: 1), image(9, "val2017", objects: 1)], "val2017", in: folder)
        XCTAssertTrue(
            message(folder).hasPrefix(
                "\(path), images[1]: image id 9 is not in \(folder)/annotations/instances_val2014.json. Download both"),
            message(folder))
        try write([image(4, "val2017", width: 500, objects: 1)], "val2017", in: folder)
        XCTAssertTrue(message(folder).contains("image id 4 has 500×480 pixels, and in"), message(folder))
        try write([image(4, "val2017", objects: 1)], "val2017", in: folder, names: ["cat", "horse"])
        XCTAssertTrue(message(folder).contains("its classes are not those of"), message(folder))
        // An image of train2014 in val2014.
        try write([image(4, "val2017", objects: 4)], "val2017", in: folder)
        try write([image(1, "train2014", objects: 2), image(3, "train2014", objects: 1)], "train2014", in: folder)
        XCTAssertTrue(message(folder).contains("image id 3 is in "), message(folder))
        XCTAssertFalse(
            FileManager.default.fileExists(atPath: COCO2014Splits(folder: folder).minival), "nothing is written")
    }
}
