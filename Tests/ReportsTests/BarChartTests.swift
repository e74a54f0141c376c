import Annotations
import Reports
import XCTest

/// The bars of a data set's page.
final class BarChartTests: XCTestCase {
    /// The drawings of the page's charts by their titles.
    private func charts() -> [String: String] {
        let objects = [
            ObjectRecord(id: 1, label: 1, x: 5, y: 5, width: 20, height: 10),
            ObjectRecord(id: 2, label: 1, x: 5, y: 5, width: 4, height: 40),
        ]
        let image = ImageRecord(id: 1, fileName: "a.jpg", width: 60, height: 48, objects: objects)
        let annotations = DetectionAnnotations(source: "set", classNames: ["cat"], images: [image])
        let page = DatasetReport(title: "set", statistics: DetectionStatistics([annotations])).html()
        let figures = page.components(separatedBy: "<figcaption>").dropFirst()
        return Dictionary(
            figures.map { figure in
                let parts = figure.components(separatedBy: "</figcaption>")
                return (parts[0], parts[1].components(separatedBy: "</svg>")[0])
            }, uniquingKeysWith: { first, _ in first })
    }

    func testShortNamesStandLevel() throws {
        let sizes = try XCTUnwrap(charts()["Most frequent image sizes"])
        XCTAssertTrue(sizes.contains("text-anchor=\"middle\">60×48</text>"), sizes)
        XCTAssertFalse(sizes.contains("rotate"), sizes)
        XCTAssertTrue(sizes.contains("width=\"60\""), "a bar alone is not as wide as the chart: \(sizes)")
    }

    /// A turned name ends under its bar and begins to the left of it, where there must be room.
    func testTurnedNamesHaveRoomToTheLeft() throws {
        let ratios = try XCTUnwrap(charts()["Objects by width to height"])
        let names = ratios.components(separatedBy: "translate(").dropFirst()
        XCTAssertEqual(names.count, 7)
        for text in names {
            let end = try XCTUnwrap(Double(text.prefix { $0 != " " }))
            let name = text.components(separatedBy: "text-anchor=\"end\">")[1].prefix { $0 != "<" }
            XCTAssertGreaterThan(end, Double(name.count) * 5.6 * 0.88, String(name))
        }
    }
}
