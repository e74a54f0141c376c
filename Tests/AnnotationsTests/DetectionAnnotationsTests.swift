import Annotations
import Support
import XCTest

final class DetectionAnnotationsTests: XCTestCase {
    private let annotations = DetectionAnnotations(
        source: "made", classNames: ["cat", "dog"], categoryIDs: [17, 18],
        images: [
            ImageRecord(
                id: 7, fileName: "a.jpg", width: 100, height: 50,
                objects: [
                    ObjectRecord(id: 1, label: 2, x: 1, y: 2, width: 3, height: 4),
                    ObjectRecord(id: 2, label: 1, x: 5, y: 6, width: 7, height: 8, area: 20, flags: [.crowd]),
                ]),
            ImageRecord(id: 3, fileName: "sub/ü.png", width: 20, height: 30),
            ImageRecord(
                id: 9, fileName: "c.jpg", width: 9, height: 9,
                objects: [ObjectRecord(id: 5, label: 1, x: 0, y: 0, width: 9, height: 9, flags: [.difficult])]),
        ])

    func testImagesKeepTheirOrderAndNames() {
        XCTAssertEqual(annotations.imageCount, 3)
        XCTAssertEqual((0..<3).map(annotations.imageID), [7, 3, 9])
        XCTAssertEqual((0..<3).map(annotations.fileName), ["a.jpg", "sub/ü.png", "c.jpg"])
        XCTAssertEqual(annotations.imageSize(1), ImageSize(width: 20, height: 30))
    }

    func testTargetsAreGroupedByImage() {
        let first = annotations.target(0)
        XCTAssertEqual(first.boxes, [Box(x0: 1, y0: 2, x1: 4, y1: 6), Box(x0: 5, y0: 6, x1: 12, y1: 14)])
        XCTAssertEqual(first.labels, [2, 1])
        XCTAssertEqual(first.isCrowd, [false, true])
        XCTAssertEqual(first.areas, [12, 20])
        XCTAssertTrue(annotations.target(1).isEmpty)
        XCTAssertEqual(annotations.target(2).isDifficult, [true])
    }

    func testSelectingKeepsClassesAndTheGivenOrder() {
        let selected = annotations.selecting(images: [2, 0])
        XCTAssertEqual(selected.classNames, ["cat", "dog"])
        XCTAssertEqual(selected.imageIDs, [9, 7])
        XCTAssertEqual(selected.image(1), annotations.image(0))
        XCTAssertEqual(selected.objectCount, 3)
    }

    func testLeavingOutKeepsTheOtherImagesInTheirOrder() {
        let rest = annotations.leavingOut(imagesWhere: [1, 5].contains)
        XCTAssertEqual(rest.classNames, ["cat", "dog"])
        XCTAssertEqual(rest.categoryIDs, [17, 18])
        XCTAssertEqual(rest.imageIDs, [7, 9])
        XCTAssertEqual(rest.annotationIDs, [1, 2, 5])
        XCTAssertEqual((0..<rest.imageCount).map(rest.image), [annotations.image(0), annotations.image(2)])
        XCTAssertEqual(rest.source, "made")
    }

    func testLeavingOutNothingOrEverything() {
        XCTAssertEqual(annotations.leavingOut(imagesWhere: { _ in false }).imageIDs, [7, 3, 9])
        let none = annotations.leavingOut(imagesWhere: { _ in true })
        XCTAssertEqual(none.imageCount, 0)
        XCTAssertEqual(none.objectCount, 0)
        XCTAssertEqual(none.classCount, 2)
    }

    func testFilteringATarget() {
        let target = annotations.target(0)
        XCTAssertEqual(target.filter { !target.isCrowd[$0] }.labels, [2])
    }
}
