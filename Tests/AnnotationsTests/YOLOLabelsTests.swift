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
        let triangle = ObjectOutline.polygons([[10, 10, 50, 20, 30, 40]])
        XCTAssertEqual(
            outline.objects,
            [ObjectRecord(id: 1, label: 1, x: 10, y: 10, width: 40, height: 30, area: 500, outline: triangle)])
        XCTAssertEqual(outline.keypoints, 0)
        // The corners of the box, in any order, say no more than the box.
        let corners = try read("0 0.5 0.8 0.1 0.8 0.1 0.2 0.5 0.2").objects
        XCTAssertEqual(corners, [ObjectRecord(id: 1, label: 1, x: 10, y: 10, width: 40, height: 30)])
        let pose = try read("0 0.5 0.5 1 1 0.1 0.2 7\n0 0.5 0.5 1 1", keypointNumbers: 3)
        XCTAssertEqual(pose.objects.map(\.width), [100, 100])
        XCTAssertEqual(pose.keypoints, 1)
        XCTAssertEqual(pose.objects.map(\.outline), [nil, nil])
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

    private func object(_ outline: ObjectOutline?, x: Double = 10, width: Double = 40) -> ObjectRecord {
        ObjectRecord(
            id: 1, label: 1, x: x, y: 10, width: width, height: 30, area: outline?.area, outline: outline)
    }

    func testOutlinesAreReadBack() throws {
        let triangle = ObjectOutline.polygons([[10, 10, 50, 20, 30.25, 40]])
        var objects = [object(triangle), object(nil)]
        objects[1].id = 2
        let written = YOLOLabels.text(of: objects, size: size)
        // Beside an outline a box has four corners, since others take every line of such a file for an outline.
        XCTAssertEqual(
            written.text, "0 0.1 0.2 0.5 0.4 0.3025 0.8\n0 0.1 0.2 0.5 0.2 0.5 0.8 0.1 0.8\n")
        XCTAssertEqual([written.joined, written.boxed], [0, 0])
        XCTAssertEqual(try read(written.text).objects, objects)
    }

    func testOutlinesThatLabelsCannotHold() throws {
        // A bounding box half a pixel wider is the outline's; one that is wider than that is not.
        let triangle = ObjectOutline.polygons([[10, 10, 50, 20, 30, 40]])
        XCTAssertEqual(YOLOLabels.text(of: [object(triangle, width: 40.5)], size: size).boxed, 0)
        let wider = YOLOLabels.text(of: [object(triangle, width: 40.6)], size: size)
        XCTAssertEqual(wider.boxed, 1)
        XCTAssertEqual(wider.text, "0 0.303 0.5 0.406 0.6\n")
        let mask = YOLOLabels.text(of: [object(.runs([10, 20], size))], size: size)
        XCTAssertEqual([mask.boxed, mask.joined], [1, 0])
        // What lies outside moves to the edge.
        let outside = YOLOLabels.text(
            of: [object(.polygons([[-10, 10, 50, 20, 30, 40]]), x: -10, width: 60)], size: size)
        XCTAssertEqual(outside.text, "0 0 0.2 0.5 0.4 0.3 0.8\n")
    }

    /// Three squares become one polygon that encloses what they enclosed.
    func testPolygonsAreJoined() throws {
        func square(_ x: Double) -> [Double] { [x, 10, x + 8, 10, x + 8, 40, x, 40] }
        let three = ObjectOutline.polygons([square(10), square(26), square(42)])
        let written = YOLOLabels.text(of: [object(three)], size: size)
        XCTAssertEqual(written.joined, 1)
        let read = try read(written.text).objects[0]
        XCTAssertEqual([read.x, read.y, read.width, read.height], [10, 10, 40, 30])
        XCTAssertEqual(read.area, 3 * 8 * 30, accuracy: 1e-6)
        guard case .polygons(let polygons) = read.outline else { return XCTFail("no polygons") }
        XCTAssertEqual(polygons.count, 1)
    }
}
