import Annotations
import Foundation
import Support
import TestSupport
import XCTest

final class YOLOLabelsTests: XCTestCase {
    private let size = ImageSize(width: 100, height: 50)

    private func read(_ text: String, keypointNumbers: Int? = nil) throws -> YOLOLabels.Content {
        let path = try temporaryDirectory() + "/a.txt"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return try YOLOLabels.read(path, size: size, classNames: ["cat", "dog"], keypointNumbers: keypointNumbers)
    }

    func testLabelsOfAPicture() {
        for (image, labels) in [
            ("set/images/train/a.jpg", "set/labels/train/a.txt"), ("images/a.b.png", "labels/a.b.txt"),
            ("images/x/images/a.jpg", "images/x/labels/a.txt"), ("set/a.jpg", "set/a.txt"), ("images", "images.txt"),
            ("/images/a", "/labels/a.txt"), ("", ".txt"),
        ] { XCTAssertEqual(YOLOLabels.path(ofImage: image), labels) }
    }

    func testBoxes() throws {
        let content = try read("0 0.5 0.5 1 1\r\n1.0\t0.25 0.5 0.1 0.2  \n\n")
        XCTAssertEqual(
            content.objects,
            [
                ObjectRecord(id: 1, label: 1, x: 0, y: 0, width: 100, height: 50),
                ObjectRecord(id: 2, label: 2, x: 20, y: 20, width: 10, height: 10),
            ])
        XCTAssertEqual(try read("").objects, [])
    }

    func testOutlinesAndKeypoints() throws {
        let outline = try read("0 0.1 0.2 0.5 0.4 0.3 0.8")
        XCTAssertEqual(outline.objects, [ObjectRecord(id: 1, label: 1, x: 10, y: 10, width: 40, height: 30)])
        XCTAssertEqual([outline.outlines, outline.keypoints], [1, 0])
        let pose = try read("0 0.5 0.5 1 1 0.1 0.2 7\n0 0.5 0.5 1 1", keypointNumbers: 3)
        XCTAssertEqual(pose.objects.map(\.width), [100, 100])
        XCTAssertEqual([pose.outlines, pose.keypoints], [0, 1])
    }

    func testMistakesNameTheLineAndWhatToDo() throws {
        for (text, words) in [
            ("0 0.5 0.5 1", "line 1: it holds 4 numbers, and a box has five"),
            ("0 0.5 0.5 1 1 0.9", "Take the sixth out if it is a score"),
            ("0 .1 .1 .2 .2 .3 .3 .4", "it holds 8 numbers"),
            ("\n2 0.5 0.5 1 1", "line 2: class 2 is not among the 2 of data.yaml, which count from 0"),
            ("-1 0.5 0.5 1 1", "class -1"), ("0.5 0.5 0.5 1 1", "class 0.5"), ("1e300 0.5 0.5 1 1", "class 1e300"),
            ("0 50 25 10 10", "50.0 lies outside of 0…1. Divide pixels by the picture's 100 × 50"),
            ("0 0.5 0.5 1.2 1", "1.2 lies outside of 0…1. Write shares"), ("0 0.5 -0.5 1 1", "-0.5 lies outside"),
            ("0 0,5 0,5 1 1", "\"0,5\" is no number"), ("0 nan 0.5 1 1", "\"nan\" is no number"),
            ("cat 0.5 0.5 1 1", "\"cat\" is no number"), ("0 0x1 0 1 1", "\"0x1\" is no number"),
        ] {
            XCTAssertThrowsError(try read(text), text) {
                XCTAssertTrue("\($0)".contains(words), "\($0)")
                XCTAssertTrue($0 is AnnotationError)
            }
        }
    }

    func testTextIsReadBack() throws {
        let objects = [
            ObjectRecord(id: 1, label: 2, x: 0, y: 0, width: 100, height: 50),
            ObjectRecord(id: 2, label: 1, x: 33.33, y: 7.0001, width: 1.5, height: 20.25),
        ]
        let written = YOLOLabels.text(of: objects, size: size)
        XCTAssertTrue(written.text.hasPrefix("1 0.5 0.5 1 1\n"))
        XCTAssertEqual([written.clipped, written.leftOut], [0, 0])
        XCTAssertEqual(try read(written.text).objects, objects)
    }

    func testBoxesOutside() {
        let objects = [(-50.0, 100.0), (90, 40), (200, 10), (10, -5)].map {
            ObjectRecord(id: 1, label: 1, x: $0.0, y: 0, width: $0.1, height: 50)
        }
        let written = YOLOLabels.text(of: objects, size: size)
        // The centre of the first lies on the edge, so it stays; the second is clipped to its last ten pixels.
        XCTAssertEqual(written.text, "0 0 0.5 1 1\n0 0.95 0.5 0.1 1\n")
        XCTAssertEqual([written.clipped, written.leftOut], [1, 2])
    }
}
