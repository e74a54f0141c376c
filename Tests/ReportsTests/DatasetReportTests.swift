import Annotations
import Foundation
import Media
import Reports
import TestSupport
import XCTest

final class DatasetReportTests: XCTestCase {
    func testThePageStandsAlone() throws {
        let folder = try temporaryDirectory()
        let evil = "<script>alert('a & \"b\"')</script>"
        try ImageFile.writeJPEG(Canvas(width: 60, height: 40).image(), to: folder + "/a.jpg")
        let objects = [
            ObjectRecord(id: 1, label: 1, x: 5, y: 5, width: 20, height: 10),
            ObjectRecord(id: 2, label: 2, x: -1e30, y: 0, width: 2e30, height: 40, flags: .crowd),
        ]
        let images = ["a.jpg", "gone.jpg"].enumerated().map { i, name in
            ImageRecord(id: i + 1, fileName: name, width: 60, height: 40, objects: i == 0 ? objects : [])
        }
        let annotations = DetectionAnnotations(source: "set", classNames: ["cat", evil], images: images)
        var report = DatasetReport(title: evil, statistics: DetectionStatistics([annotations]))
        report.facts = [.init("format", evil)]
        let sizes = InputSizes([annotations])
        report.inputs = [sizes.fit(.shortestEdge(80, longest: 120), name: "80-120")]
        report.suggestion = "Take \(evil)."
        report.anchors = AnchorClusters(boxes: [(width: 20, height: 10)], count: 1)
        report.anchorInput = "80-120"
        report.pictures = images.map { .init(path: folder + "/" + $0.fileName, image: $0) }
        let page = report.html()
        for id in ["summary", "classes", "charts", "inputs", "anchors", "pictures"] {
            XCTAssertTrue(page.contains("<section id=\"\(id)\">"), id)
            XCTAssertTrue(page.contains("<a href=\"#\(id)\">"), id)
        }
        XCTAssertFalse(page.contains("<script"), "names are text, never parts of the page")
        XCTAssertTrue(page.contains("20 × 10"))
        XCTAssertEqual(page.components(separatedBy: "src=\"data:image/jpeg").count - 1, 1)
        XCTAssertTrue(page.contains("gone.jpg can&#39;t be read"), "the reason stands in a picture's place")
        for outside in ["http:", "https:", "<link", "@import", "url(", "nan"] {
            XCTAssertFalse(page.contains(outside), outside)
        }
    }

    func testASetOfNothing() {
        let page = DatasetReport(title: "empty", statistics: DetectionStatistics([])).html()
        for id in ["inputs", "anchors", "pictures"] { XCTAssertFalse(page.contains("<section id=\"\(id)\">"), id) }
    }
}
