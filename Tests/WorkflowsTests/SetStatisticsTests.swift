import Annotations
import Foundation
import Support
import TestSupport
import Workflows
import XCTest

final class SetStatisticsTests: XCTestCase {
    func testInputs() {
        let image = ImageSize(width: 400, height: 200)
        for (text, size) in [
            ("300x200", ImageSize(width: 300, height: 200)), ("640", ImageSize(width: 640, height: 320)),
            ("100-1000", ImageSize(width: 200, height: 100)), ("100-150", ImageSize(width: 150, height: 75)),
        ] { XCTAssertEqual(SetStatistics.Input(text)?.rule.size(of: image), size, text) }
        for text in ["", "x", "300x", "8", "640.5", "-640", "900-800", "1x1x1", "99999999999999999999"] {
            XCTAssertNil(SetStatistics.Input(text), text)
        }
    }

    func testCountsTextAndPage() throws {
        let folder = try temporaryDirectory()
        let set = try DetectionSetFiles.varied(in: folder)
        let statistics = try SetStatistics(set, input: SetStatistics.Input("640"), anchors: 2)
        let text = statistics.text
        for words in [
            "4 images, 5 objects, 3 classes", "train: 3 images, 3 objects", "zebra           3       3",
            "bee             0       0", "crowds: 1", "difficult objects: 1",
            "suggested for Faster R-CNN: input.shorter_side",
            "anchors at 640: ", "300x300",
        ] { XCTAssertTrue(text.contains(words), "\(words) in \(text)") }
        let page = statistics.page(pictures: 4).html()
        for id in ["summary", "classes", "charts", "inputs", "anchors", "pictures"] {
            XCTAssertTrue(page.contains("<section id=\"\(id)\">"), id)
        }
        XCTAssertEqual(page.components(separatedBy: "src=\"data:image/jpeg").count - 1, 4)
        let json = try JSONSerialization.jsonObject(with: Data(prettyJSON(statistics).utf8)) as? [String: Any]
        XCTAssertEqual((json?["counts"] as? [String: Any])?["objects"] as? Int, 5)
    }

    /// Boxes of two sizes at twice their image's size are two anchors of twice these sizes.
    func testAnchorsAreOfTheInput() throws {
        let objects = (0..<10).map { i in
            ObjectRecord(
                id: i + 1, label: 1, x: 0, y: 0, width: i < 5 ? 10 : 60, height: i < 5 ? 20 : 30)
        }
        let image = ImageRecord(id: 1, fileName: "a.jpg", width: 150, height: 100, objects: objects)
        let annotations = DetectionAnnotations(source: "set", classNames: ["x"], images: [image])
        let set = try DetectionSet(
            source: "set", format: .coco, parts: [.init(name: "train", annotations: annotations, folder: "set")])
        let text = try SetStatistics(set, input: SetStatistics.Input("300x200"), anchors: 9).text
        XCTAssertTrue(text.contains("anchors at 300x200: 20×40, 120×60\n"), text)
        XCTAssertTrue(text.contains("mean IoU of a box with its anchor 1.000; 100.0 %"), text)
    }

    func testASetWithoutObjects() throws {
        let image = ImageRecord(id: 1, fileName: "a.jpg", width: 0, height: 0)
        let annotations = DetectionAnnotations(source: "set", classNames: [], images: [image])
        let set = try DetectionSet(
            source: "set", format: .coco, parts: [.init(name: "train", annotations: annotations, folder: "set")])
        let statistics = try SetStatistics(set)
        XCTAssertTrue(statistics.text.contains("1 images, 0 objects, 0 classes"))
        XCTAssertFalse(statistics.text.contains("anchors"))
        XCTAssertTrue(statistics.page(pictures: 3).html().contains("can&#39;t be read"), "the missing picture is said")
    }
}
