import Annotations
import Support
import TestSupport
import Workflows
import XCTest

final class SetMergingTests: XCTestCase {
    func testClassesPartsAndNames() throws {
        let folder = try temporaryDirectory()
        let size = ImageSize(width: 10, height: 10)
        try DetectionSetFiles.write(
            [
                "one/data.yaml": "train: images/train\nnames: [cat, dog]\n", "one/labels/train/a.txt": "1 .5 .5 1 1",
                "two/data.yaml": "train: images/train\nval: images/val\nnames: [cow, dog, Cat]\n",
                "two/labels/train/a.txt": "0 .5 .5 1 1\n1 .5 .5 .5 .5", "two/labels/val/b.txt": "2 .5 .5 1 1",
            ],
            pictures: [
                "one/images/train/a.jpg": size, "two/images/train/a.jpg": size, "two/images/val/b.jpg": size,
            ], to: folder)
        let merged = try DetectionSet.merged([
            DetectionSet.read(folder + "/one"), DetectionSet.read(folder + "/two"),
        ])
        XCTAssertEqual(merged.classNames, ["cat", "dog", "cow", "Cat"])
        XCTAssertEqual(merged.notes, ["cat and Cat look like one class, and stay apart: rename one to join them"])
        _ = try SetWriter(format: .coco).write(merged, to: folder + "/made")
        let made = try DetectionSet.read(folder + "/made")
        XCTAssertEqual(made.parts.map(\.name), ["train", "val"])
        let train = made.parts[0].annotations
        XCTAssertEqual((0..<2).map(train.fileName), ["a.jpg", "a_2.jpg"])
        XCTAssertEqual(train.imageIDs, [1, 2])
        XCTAssertEqual(train.annotationIDs, [1, 2, 3])
        XCTAssertEqual(train.labels, [2, 3, 2])
        XCTAssertEqual(made.parts[1].annotations.labels, [4])
        XCTAssertThrowsError(try SetWriter(format: .coco).write(merged, to: folder + "/two", replacing: true)) {
            XCTAssertTrue("\($0)".contains("holds files of the set to read"), "\($0)")
        }
    }
}
