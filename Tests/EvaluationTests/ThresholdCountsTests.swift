import Annotations
import Evaluation
import XCTest

final class ThresholdCountsTests: XCTestCase {
    /// Two classes side by side, each with objects at x = 0, 100, …; a detection is right at the place of an object.
    private func counts(
        _ rows: [(category: Int, x: Double, score: Double)], thresholds: Int
    ) throws -> [ThresholdCounts] {
        let objects = [(1, 0.0), (1, 100), (1, 200), (2, 0)]
        let truth = DetectionAnnotations(
            source: "truth", classNames: ["a", "b"],
            images: [
                ImageRecord(
                    id: 1, fileName: "1.jpg", width: 900, height: 100,
                    objects: objects.enumerated().map {
                        ObjectRecord(id: $0 + 1, label: $1.0, x: $1.1, y: 0, width: 10, height: 10)
                    })
            ])
        var results = DetectionResults()
        for row in rows {
            results.append(
                imageID: 1, categoryID: row.category, x: row.x, y: 0, width: 10, height: 10, score: row.score)
        }
        return ThresholdCounts.counts(
            of: try DetectionMatching(groundTruth: truth, results: results), thresholds: thresholds)
    }

    /// Scores at 1, between thresholds, on one, and at 0.
    func testAWorkedExample() throws {
        let found = try counts(
            [(1, 0, 1), (1, 500, 0.8), (1, 100, 0.75), (1, 510, 0.49), (2, 0, 0), (2, 700, 0.25)], thresholds: 5)
        XCTAssertEqual(found.map(\.name), ["a", "b"])
        XCTAssertEqual(found[0].right, [2, 2, 2, 2, 1])
        XCTAssertEqual(found[0].wrong, [2, 2, 1, 1, 0])
        XCTAssertEqual(found[0].missed, [1, 1, 1, 1, 2])
        XCTAssertEqual(found[1].right, [1, 0, 0, 0, 0])
        XCTAssertEqual(found[1].wrong, [1, 1, 0, 0, 0])
        let all = ThresholdCounts(sumOf: found, name: "all")
        XCTAssertEqual(all.objects, 4)
        XCTAssertEqual(all.right, [3, 2, 2, 2, 1])
        XCTAssertEqual(all.missed, [1, 2, 2, 2, 3])
    }

    /// Hundredths are no numbers of binary digits: a score of 0.29 is at the threshold 29/100, not below it.
    func testScoresOnThresholds() throws {
        for hundredths in 0...100 {
            let found = try counts([(1, 0, Double(hundredths) / 100)], thresholds: 101)
            XCTAssertEqual(found[0].right.reduce(0, +), hundredths + 1, "\(hundredths)")
        }
    }

    func testNothingFound() throws {
        let found = try counts([], thresholds: 3)
        XCTAssertEqual(found[0].right, [0, 0, 0])
        XCTAssertEqual(found[0].missed, [3, 3, 3])
        XCTAssertEqual(ThresholdCounts(sumOf: [], name: "none").right, [])
    }
}
