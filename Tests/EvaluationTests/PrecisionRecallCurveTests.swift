import Annotations
import Evaluation
import XCTest

final class PrecisionRecallCurveTests: XCTestCase {
    private func curve(_ rows: [(x: Double, score: Double)], objects: [Double]) throws -> PrecisionRecallCurve {
        let truth = DetectionAnnotations(
            source: "truth", classNames: ["a"],
            images: [
                ImageRecord(
                    id: 1, fileName: "1.jpg", width: 900, height: 100,
                    objects: objects.enumerated().map {
                        ObjectRecord(id: $0 + 1, label: 1, x: $1, y: 0, width: 10, height: 10)
                    })
            ])
        var results = DetectionResults()
        for row in rows {
            results.append(imageID: 1, categoryID: 1, x: row.x, y: 0, width: 10, height: 10, score: row.score)
        }
        return PrecisionRecallCurve.curves(of: try DetectionMatching(groundTruth: truth, results: results))[0]
    }

    /// Wrong, right, right, wrong, right of four objects.
    func testAWorkedCurve() throws {
        let curve = try curve(
            [(500, 0.9), (0, 0.8), (100, 0.7), (510, 0.6), (200, 0.5)], objects: [0, 100, 200, 300])
        XCTAssertEqual(curve.points.map(\.score), [0.8, 0.7, 0.5])
        XCTAssertEqual(curve.points.map(\.recall), [0.25, 0.5, 0.75])
        XCTAssertEqual(curve.points.map(\.precision), [1.0 / 2, 2.0 / 3, 3.0 / 5])
        XCTAssertEqual(curve.envelope.map(\.recall), [0.5, 0.75])
        XCTAssertEqual(curve.envelope.map(\.precision), [2.0 / 3, 3.0 / 5])
        // Recall 0 … 0.50 at 2/3, 0.51 … 0.75 at 3/5, nothing above.
        XCTAssertEqual(curve.ap, (51 * 2.0 / 3 + 25 * 3.0 / 5) / 101, accuracy: 1e-12)
        XCTAssertEqual(try XCTUnwrap(curve.best).score, 0.5)
        XCTAssertEqual(try XCTUnwrap(curve.best).f1, 2.0 / 3, accuracy: 1e-12)
        XCTAssertEqual(curve.objects, 4)
        XCTAssertEqual(curve.detections, 5)
    }

    func testNothingToFindAndNothingFound() throws {
        XCTAssertEqual(try curve([(0, 1)], objects: []).ap, -1)
        let nothing = try curve([], objects: [0])
        XCTAssertEqual(nothing.ap, 0)
        XCTAssertNil(nothing.best)
        XCTAssertTrue(nothing.envelope.isEmpty)
    }
}
