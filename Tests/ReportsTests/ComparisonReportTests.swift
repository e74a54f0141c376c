import Annotations
import Evaluation
import Foundation
import Media
import Reports
import TestSupport
import XCTest

final class ComparisonReportTests: XCTestCase {
    private let evil = "<b>run & \"co\"</b>"

    private func object(_ id: Int, _ x: Double, flags: ObjectFlags = []) -> ObjectRecord {
        ObjectRecord(id: id, label: 1, x: x, y: 10, width: 40, height: 40, flags: flags)
    }

    /// Image 1: the second run finds one object more; image 2: it imagines one; image 3: both alike; image 4, which has no file: it
    /// loses one.
    private func detections(in folder: String) throws -> DetectionComparison {
        let truth = DetectionAnnotations(
            source: "truth", classNames: ["cat", "never"],
            images: [
                ImageRecord(
                    id: 1, fileName: "one.jpg", width: 300, height: 60, objects: [object(1, 0), object(2, 100)]),
                ImageRecord(id: 2, fileName: "two.jpg", width: 300, height: 60, objects: [object(3, 0)]),
                ImageRecord(id: 3, fileName: "same.jpg", width: 300, height: 60, objects: [object(4, 0)]),
                ImageRecord(id: 4, fileName: "gone.jpg", width: 300, height: 60, objects: [object(5, 0)]),
            ])
        for name in ["one.jpg", "two.jpg", "same.jpg"] {
            try ImageFile.writeJPEG(Canvas(width: 300, height: 60).image(), to: "\(folder)/\(name)")
        }
        func results(_ rows: [(image: Int, x: Double)]) -> DetectionResults {
            var results = DetectionResults()
            for row in rows {
                results.append(
                    imageID: row.image, categoryID: 1, x: row.x, y: 10, width: 40, height: 40, score: 0.9)
            }
            return results
        }
        return try DetectionComparison(
            [
                .init(name: evil, results: results([(1, 0), (2, 0), (3, 0), (4, 0)])),
                .init(name: "other", results: results([(1, 0), (1, 100), (2, 0), (2, 200), (3, 0)])),
            ], groundTruth: truth, resamples: BootstrapResamples(count: 50))
    }

    private func sections(_ page: String) -> [String] {
        page.matches(of: /<section id="([a-z]+)">/).map { String($0.1) }
    }

    func testEverySectionIsThereAndStandsAlone() throws {
        let folder = try temporaryDirectory()
        let detections = try detections(in: folder)
        var report = ComparisonReport(title: "other against \(evil)", comparison: detections.comparison)
        report.pictures = .detections(detections, imageFolder: folder, damagedImages: .refuse)
        var facts = ComparisonTable.Facts()
        facts.backbone = "resnet18"
        report.facts = [facts, facts]
        report.notes = ["a note on \(evil)"]
        report.settings = [.init(key: "model.backbone", values: [evil, "iresnet18"])]
        report.charts = [
            .init(title: "Loss", lines: [.init(name: evil, points: (0..<500).map { (Double($0), 1) })]),
            .init(
                title: "AP", lines: [evil, "other"].map { .init(name: $0, points: [(1, 0.2), (2, 0.4)]) },
                hasDots: true),
            .init(title: "Nothing", lines: [.init(name: "other", points: [])]),
        ]
        let page = report.html()
        XCTAssertEqual(
            sections(page), ["result", "measures", "chance", "training", "classes", "images", "settings"])
        XCTAssertFalse(page.contains("<b>run"), "names are text, never parts of the page")
        XCTAssertTrue(page.contains("&lt;b&gt;run &amp; &quot;co&quot;&lt;/b&gt;"))
        for outside in ["http:", "https:", "<link", "<script", "@import", "url(", "nan", "inf,"] {
            XCTAssertFalse(page.contains(outside), outside)
        }
        XCTAssertEqual(page.components(separatedBy: "src=\"").count, page.components(separatedBy: "src=\"data:").count)
        XCTAssertEqual(page.components(separatedBy: "<polyline").count - 1, 3, "a chart without points is left out")
        XCTAssertFalse(page.contains("Nothing"))
        // The second run's line has another colour and dashes, and so has its key.
        XCTAssertEqual(page.components(separatedBy: "stroke=\"#d55e00\" stroke-width=\"1.8\"").count - 1, 1)
        XCTAssertEqual(page.components(separatedBy: "stroke-dasharray=\"7 3\"").count - 1, 2)
        XCTAssertTrue(page.contains("<td>model.backbone</td>"))
        XCTAssertTrue(page.contains("<p class=\"note\">a note on"))
        XCTAssertTrue(page.contains("title=\"\(detections.comparison.mainMeasure.intervalText(1))\""))
    }

    func testGainsAndLossesAreShownSideBySide() throws {
        let folder = try temporaryDirectory()
        let detections = try detections(in: folder)
        var report = ComparisonReport(title: "pictures", comparison: detections.comparison)
        XCTAssertFalse(sections(report.html()).contains("images"), "without pictures, there is no such section")
        report.pictures = .detections(detections, imageFolder: folder, damagedImages: .refuse)
        var page = report.html()
        XCTAssertTrue(page.contains("other is better than &lt;b&gt;run &amp; &quot;co&quot;&lt;/b&gt;: 1 image</h3>"))
        XCTAssertTrue(page.contains("other is worse than &lt;b&gt;run &amp; &quot;co&quot;&lt;/b&gt;: 2 images</h3>"))
        XCTAssertEqual(page.components(separatedBy: "data:image/jpeg;base64,").count - 1, 6, "three of each image")
        XCTAssertTrue(page.contains("\(folder)/gone.jpg"), "an image that can't be read is named")
        XCTAssertTrue(page.contains("<b>other</b><br>1 found, 1 wrong"))
        XCTAssertFalse(page.contains("same.jpg"))
        let (lost, imagined) = try (XCTUnwrap(page.range(of: "<h4>gone")), XCTUnwrap(page.range(of: "<h4>two")))
        XCTAssertLessThan(lost.lowerBound, imagined.lowerBound, "a missed object is worse than an imagined one of 0.9")
        report.pictureCount = 1
        page = report.html()
        XCTAssertTrue(page.contains(": 2 images, the first 1</h3>"))
        XCTAssertFalse(page.contains("<h4>two"))
        report.pictureCount = 0
        XCTAssertFalse(sections(report.html()).contains("images"))
    }

    func testClipsAreStripsOfFrames() throws {
        func predictions(_ guess: Int) -> ClassPredictions {
            ClassPredictions(
                classes: ["up", "down"],
                images: [.init(name: "clip.mp4", label: 0, likeliest: [guess], probability: 0.8, loss: Double(guess))])
        }
        let compared = try ClassificationComparison(
            [.init(name: "a", predictions: predictions(0)), .init(name: "b", predictions: predictions(1))],
            kind: .videos, resamples: BootstrapResamples(count: 5))
        var report = ComparisonReport(title: "clips", comparison: compared.comparison)
        var asked: [Int] = []
        report.pictures = .frames { image in
            asked.append(image)
            return (0..<20).map { ByteImage(width: 32, height: 32, filledWith: UInt8(10 * $0)) }
        }
        let page = report.html()
        XCTAssertEqual(asked, [0])
        XCTAssertTrue(page.contains("b is worse than a: 1 video</h3>"))
        XCTAssertTrue(page.contains("<b>clip.mp4</b><br>annotated: up · a: up 80 % · b: down 80 %"))
        let encoded = try XCTUnwrap(page.firstMatch(of: /base64,([A-Za-z0-9+\/=]+)"/)).1
        let bytes = try XCTUnwrap(Data(base64Encoded: String(encoded)))
        let strip = try ImageFile.decode([UInt8](bytes), name: "strip")
        XCTAssertEqual([strip.width, strip.height], [8 * 100 + 4, 104], "eight frames of twenty")
    }

    func testNothingChanged() throws {
        let predictions = ClassPredictions(
            classes: ["a"], images: [.init(name: "1", label: 0, likeliest: [0], probability: 1, loss: 0)])
        let compared = try ClassificationComparison(
            ["a", "b"].map { .init(name: $0, predictions: predictions) }, kind: .images,
            resamples: BootstrapResamples(count: 5))
        var report = ComparisonReport(title: "same", comparison: compared.comparison)
        report.pictures = .frames { _ in [] }
        let page = report.html()
        XCTAssertTrue(page.contains("No image came out differently."))
        XCTAssertTrue(page.contains("b is as good as a here"))
    }
}
