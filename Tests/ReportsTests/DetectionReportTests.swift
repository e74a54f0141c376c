import Annotations
import Evaluation
import Foundation
import Media
import Reports
import TestSupport
import XCTest

final class DetectionReportTests: XCTestCase {
    private let evil = "<script>alert('a & \"b\"')</script>"

    private func object(_ id: Int, _ label: Int, _ x: Double, flags: ObjectFlags = []) -> ObjectRecord {
        ObjectRecord(id: id, label: label, x: x, y: 10, width: 40, height: 40, flags: flags)
    }

    /// Image 1: found, a wrong class, a missed object; image 2: all found; image 3 has no file.
    private func report(folder: String) throws -> DetectionReport {
        let truth = DetectionAnnotations(
            source: "truth", classNames: ["cat", evil, "empty"],
            images: [
                ImageRecord(
                    id: 1, fileName: "one & two.jpg", width: 300, height: 60,
                    objects: [object(1, 1, 0), object(2, 1, 100), object(3, 2, 200, flags: [.difficult])]),
                ImageRecord(id: 2, fileName: "good.jpg", width: 300, height: 60, objects: [object(4, 2, 0)]),
                ImageRecord(id: 3, fileName: "gone.jpg", width: 300, height: 60, objects: [object(5, 1, 0)]),
            ])
        for name in ["one & two.jpg", "good.jpg"] {
            try ImageFile.writeJPEG(Canvas(width: 300, height: 60).image(), to: "\(folder)/\(name)")
        }
        var results = DetectionResults()
        for row in [(1, 1, 0.0, 0.9), (1, 2, 100, 0.8), (2, 2, 0, 0.9), (1, 1, 250, 0.2)] {
            results.append(
                imageID: row.0, categoryID: row.1, x: row.2, y: 10, width: 40, height: 40, score: row.3)
        }
        return try DetectionReport(title: "run \(evil)", groundTruth: truth, results: results, imageFolder: folder)
    }

    func testEverySectionIsThereAndStandsAlone() throws {
        var report = try report(folder: temporaryDirectory())
        report.facts = [.init("model", "resnet18 \(evil)")]
        report.settings = "task: detection # \(evil)"
        report.losses = [.init(name: "loss \(evil)", points: (0..<1000).map { (Double($0), 3 / Double($0 + 1)) })]
        report.metrics = [.init(name: "AP", points: [(1, 0.2), (2, 0.4)])]
        report.learningRate = .init(name: "learning rate", points: [(1, 0.001), (2, .nan), (3, 0)])
        let page = report.html()
        for id in ["summary", "training", "classes", "curves", "confusion", "errors", "pictures", "settings"] {
            XCTAssertTrue(page.contains("<section id=\"\(id)\">"), id)
            XCTAssertTrue(page.contains("<a href=\"#\(id)\">"), id)
        }
        for label in ["2e-4", "1e-3", "0", "800"] { XCTAssertTrue(page.contains("\">\(label)</text>"), label) }
        XCTAssertFalse(page.contains("<script"), "names are text, never parts of the page")
        XCTAssertTrue(page.contains("&lt;script&gt;alert(&#39;a &amp; &quot;b&quot;&#39;)&lt;/script&gt;"))
        for outside in ["http:", "https:", "<link", "@import", "url(", "nan", "inf,"] {
            XCTAssertFalse(page.contains(outside), outside)
        }
        // Every source is data, every reference a place on the page.
        XCTAssertEqual(page.components(separatedBy: "src=\"").count, page.components(separatedBy: "src=\"data:").count)
        XCTAssertEqual(page.components(separatedBy: "href=\"").count, page.components(separatedBy: "href=\"#").count)
        XCTAssertEqual(page.components(separatedBy: "<polyline").count - 1, 3 + 2 * 2)
    }

    /// A hundred steps end with the axis, whose last number must not reach beyond the drawing of 370 units; a single
    /// evaluation stands at the end of an axis from 0.
    func testTheAxesOfAShortTraining() throws {
        var report = try report(folder: temporaryDirectory())
        report.losses = [.init(name: "sum", points: (1...100).map { (Double($0), 1) })]
        report.metrics = [.init(name: "AP", points: [(4, 0.2)])]
        let page = report.html()
        let last = try XCTUnwrap(page.firstMatch(of: /<text x="([0-9.]+)"[^>]*>100</))
        XCTAssertLessThanOrEqual(try XCTUnwrap(Double(last.1)) + 3.2 * 3, 370)
        for epoch in 0...4 { XCTAssertTrue(page.contains("text-anchor=\"middle\">\(epoch)</text>"), "\(epoch)") }
        XCTAssertFalse(page.contains("text-anchor=\"middle\">5</text>"))
    }

    func testTheNumbersAreTheEvaluations() throws {
        let report = try report(folder: temporaryDirectory())
        let coco = try COCOEvaluation.evaluate(
            groundTruth: report.errors.matching.groundTruth, results: report.errors.matching.results)
        XCTAssertEqual(report.coco, coco)
        XCTAssertEqual(report.costs.ap, coco.ap50, accuracy: 1e-12)
        XCTAssertEqual(report.curves.map(\.ap), coco.classes.map(\.ap50))
        let page = report.html()
        let percent = String(format: "%.1f", coco.ap50 * 100)
        XCTAssertTrue(page.contains("<div class=\"tile\"><b>\(percent)</b>AP50</div>"), percent)
        XCTAssertTrue(
            page.contains("<tr><td>cat</td><td>3</td><td>2</td><td>33.7<span"), "1 of 3 found, before the wrong one")
        XCTAssertTrue(page.contains("Objects marked difficult: 1."))
        XCTAssertEqual(report.confusion.counts, [[1, 1, 0, 1], [0, 1, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]])
        XCTAssertTrue(page.contains("50% of the row\">1</td>"))
    }

    func testTheWorstImagesComeFirstAndFilesThatAreNotThereAreNamed() throws {
        let folder = try temporaryDirectory()
        var report = try report(folder: folder)
        var page = report.html()
        let first = try XCTUnwrap(
            page.range(of: "<b>one &amp; two.jpg</b><br>1 found, 1 wrong (1 classification), 2 missed"))
        let second = try XCTUnwrap(page.range(of: "<b>gone.jpg</b><br>0 found, 1 missed"))
        XCTAssertLessThan(first.lowerBound, second.lowerBound)
        XCTAssertTrue(page.contains("\(folder)/gone.jpg"), "an image that can't be read is named")
        XCTAssertFalse(page.contains("<b>good.jpg</b>"))
        XCTAssertEqual(page.components(separatedBy: "data:image/jpeg;base64,").count - 1, 1)

        report.pictureCount = 0
        page = report.html()
        XCTAssertFalse(page.contains("id=\"pictures\""))
        report.pictureCount = 1
        report.scoreThreshold = 0.85
        page = report.html()
        XCTAssertTrue(page.contains("1 found, 2 missed"), "what is below the threshold is not there")
    }

    func testNothingAtAll() throws {
        let truth = DetectionAnnotations(source: "truth", classNames: ["a"], images: [])
        let report = try DetectionReport(
            title: "nothing", groundTruth: truth, results: DetectionResults(), imageFolder: temporaryDirectory())
        let page = report.html()
        XCTAssertTrue(page.contains("<b>–</b>AP50"))
        XCTAssertTrue(page.contains("No class has an object here."))
        XCTAssertTrue(page.contains("No image has an error at this score."))
        XCTAssertFalse(page.contains("id=\"training\""))
    }
}
