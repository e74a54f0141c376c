import Annotations
import Evaluation
import XCTest

final class GroundTruthDifferenceTests: XCTestCase {
    private func annotations(
        classes: [String] = ["cat", "dog"], files: [String] = ["1.jpg", "2.jpg"], ids: [Int] = [1, 2],
        label: Int = 1, x: Double = 0, flags: ObjectFlags = []
    ) -> DetectionAnnotations {
        DetectionAnnotations(
            source: "truth", classNames: classes,
            images: zip(files, ids).map { file, id in
                ImageRecord(
                    id: id, fileName: file, width: 100, height: 100,
                    objects: [
                        ObjectRecord(
                            id: id, label: label, x: id == 2 ? x : 0, y: 0, width: 9, height: 9, flags: flags)
                    ])
            })
    }

    private func difference(_ other: DetectionAnnotations) -> String? {
        GroundTruthDifference(other, annotations(), named: ("new", "old"))?.description
    }

    func testIdsAndOrderAreNoDifference() {
        XCTAssertNil(difference(annotations()))
        XCTAssertNil(difference(annotations(ids: [7, 5])))
        XCTAssertNil(difference(annotations(files: ["2.jpg", "1.jpg"])))
        XCTAssertNil(difference(annotations(classes: ["dog", "cat"], label: 2)))
    }

    func testWhatDiffersIsNamed() {
        XCTAssertEqual(
            difference(annotations(classes: ["cat", "cow"])),
            "their classes differ: only new has the class cow; only old has the class dog")
        XCTAssertEqual(
            difference(annotations(files: ["1.jpg", "3.jpg"])),
            "they were measured on different images: only new has the image 3.jpg; only old has the image 2.jpg")
        XCTAssertEqual(
            difference(annotations(x: 1)), "the annotated objects of 1 image differ, such as those of 2.jpg")
        XCTAssertEqual(
            difference(annotations(flags: [.crowd])), "the annotated objects of 2 images differ, such as those of 1.jpg"
        )
        XCTAssertEqual(
            difference(annotations(label: 2)), "the annotated objects of 2 images differ, such as those of 1.jpg")
        XCTAssertEqual(
            difference(annotations(files: ["", "2.jpg"])),
            "they were measured on different images: only new has the image image 1; only old has the image 1.jpg")
    }
}
