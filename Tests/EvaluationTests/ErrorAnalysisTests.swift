import Annotations
import Evaluation
import XCTest

/// Boxes of 100 × 100 pixels, moved along x: moved by 25 they overlap by 0.6, by 50 by 1/3, by 90 by 0.053.
final class ErrorAnalysisTests: XCTestCase {
    private typealias Row = (image: Int, label: Int, x: Double, score: Double)

    private func analysis(
        _ images: [[(label: Int, x: Double)]], _ found: [Row], crowds: Set<Int> = []
    ) throws -> ErrorAnalysis {
        var id = 0
        let truth = DetectionAnnotations(
            source: "truth", classNames: ["a", "b"],
            images: images.enumerated().map { place, objects in
                ImageRecord(
                    id: place + 1, fileName: "\(place).jpg", width: 2000, height: 100,
                    objects: objects.map { object in
                        id += 1
                        return ObjectRecord(
                            id: id, label: object.label, x: object.x, y: 0, width: 100, height: 100,
                            flags: crowds.contains(id) ? [.crowd] : [])
                    })
            })
        var results = DetectionResults()
        for row in found {
            results.append(
                imageID: row.image, categoryID: row.label, x: row.x, y: 0, width: 100, height: 100, score: row.score)
        }
        return ErrorAnalysis(try DetectionMatching(groundTruth: truth, results: results))
    }

    private func gain(_ analysis: ErrorAnalysis, _ kind: ErrorAnalysis.Kind) -> Double {
        ErrorCosts(analysis).costs.first { $0.kind == kind }?.gain ?? .nan
    }

    private func kinds(_ analysis: ErrorAnalysis) -> [ErrorAnalysis.Kind] { analysis.findings.map(\.kind) }

    func testClassification() throws {
        let analysis = try analysis([[(1, 0)]], [(1, 2, 25, 0.9)])
        XCTAssertEqual(analysis.findings, [.init(kind: .classification, detection: 0, object: 0)])
        XCTAssertEqual(analysis.missed, [])
        XCTAssertEqual(ErrorCosts(analysis).ap, 0)
        XCTAssertEqual(gain(analysis, .classification), 1, accuracy: 1e-12)
        XCTAssertEqual(gain(analysis, .missed), 0)
    }

    func testLocalization() throws {
        let analysis = try analysis([[(1, 0)]], [(1, 1, 50, 0.9)])
        XCTAssertEqual(analysis.findings, [.init(kind: .localization, detection: 0, object: 0)])
        XCTAssertEqual(analysis.missed, [])
        XCTAssertEqual(gain(analysis, .localization), 1, accuracy: 1e-12)
        XCTAssertEqual(gain(analysis, .classification), 0)
    }

    /// Class b: wrong at 0.9, right at 0.8, so AP 1/2; class a: nothing found.
    func testBoth() throws {
        let analysis = try analysis([[(1, 0)], [(2, 0)]], [(1, 2, 50, 0.9), (2, 2, 0, 0.8)])
        XCTAssertEqual(analysis.findings, [.init(kind: .both, detection: 0, object: 0)])
        XCTAssertEqual(analysis.missed, [0])
        XCTAssertEqual(ErrorCosts(analysis).ap, 0.25, accuracy: 1e-12)
        XCTAssertEqual(gain(analysis, .both), 0.25, accuracy: 1e-12)
        // Nothing is asked of class a any more, so it leaves the mean.
        XCTAssertEqual(gain(analysis, .missed), 0.25, accuracy: 1e-12)
    }

    /// Right, duplicate, right of two: precision 1 up to recall 0.5, then 2/3.
    func testDuplicate() throws {
        let analysis = try analysis([[(1, 0), (1, 500)]], [(1, 1, 0, 0.9), (1, 1, 25, 0.8), (1, 1, 500, 0.7)])
        XCTAssertEqual(analysis.findings, [.init(kind: .duplicate, detection: 1, object: 0)])
        let ap = (51 + 50 * 2.0 / 3) / 101
        XCTAssertEqual(ErrorCosts(analysis).ap, ap, accuracy: 1e-12)
        XCTAssertEqual(gain(analysis, .duplicate), 1 - ap, accuracy: 1e-12)
        XCTAssertEqual(ErrorCosts(analysis).falsePositiveGain, 1 - ap, accuracy: 1e-12)
        XCTAssertEqual(ErrorCosts(analysis).falseNegativeGain, 0)
    }

    func testBackground() throws {
        let analysis = try analysis([[(1, 0)], []], [(1, 1, 90, 0.9), (2, 1, 0, 0.8), (1, 1, 0, 0.7)])
        XCTAssertEqual(kinds(analysis), [.background, .background])
        XCTAssertEqual(analysis.findings.map(\.object), [nil, nil])
        XCTAssertEqual(ErrorCosts(analysis).ap, 1.0 / 3, accuracy: 1e-12)
        XCTAssertEqual(gain(analysis, .background), 2.0 / 3, accuracy: 1e-12)
    }

    /// Two of four objects found: recall 0.5.
    func testMissed() throws {
        let analysis = try analysis([[(1, 0), (1, 300), (1, 600), (1, 900)]], [(1, 1, 0, 0.9), (1, 1, 300, 0.8)])
        XCTAssertEqual(analysis.findings, [])
        XCTAssertEqual(analysis.missed, [2, 3])
        let costs = ErrorCosts(analysis)
        XCTAssertEqual(costs.ap, 51.0 / 101, accuracy: 1e-12)
        XCTAssertEqual(gain(analysis, .missed), 50.0 / 101, accuracy: 1e-12)
        XCTAssertEqual(costs.falseNegativeGain, 50.0 / 101, accuracy: 1e-12)
        XCTAssertEqual(costs.falseNegatives, 2)
        XCTAssertTrue(costs.table().contains(" missed                      2      0.495"), costs.table())
    }

    /// As in the authors' program, a near object of the class goes before one of another class under the box.
    func testAPlaceGoesBeforeAClass() throws {
        let analysis = try analysis([[(1, 0), (2, 50)]], [(1, 1, 50, 0.9)])
        XCTAssertEqual(analysis.findings, [.init(kind: .localization, detection: 0, object: 0)])
        XCTAssertEqual(analysis.missed, [1])
    }

    func testOnTheThresholds() throws {
        func kind(_ label: Int, height: Double) throws -> [ErrorAnalysis.Kind] {
            let truth = DetectionAnnotations(
                source: "truth", classNames: ["a", "b"],
                images: [
                    ImageRecord(
                        id: 1, fileName: "1.jpg", width: 10, height: 10,
                        objects: [ObjectRecord(id: 1, label: 1, x: 0, y: 0, width: 10, height: 10)])
                ])
            var results = DetectionResults()
            results.append(imageID: 1, categoryID: label, x: 0, y: 0, width: 10, height: height, score: 1)
            return kinds(ErrorAnalysis(try DetectionMatching(groundTruth: truth, results: results)))
        }
        // An overlap of exactly 0.5 is enough to be right, or of the wrong class.
        XCTAssertEqual(try kind(1, height: 5), [])
        XCTAssertEqual(try kind(2, height: 5), [.classification])
        // One of exactly 0.1 is near for the own class, and background for another.
        XCTAssertEqual(try kind(1, height: 1), [.localization])
        XCTAssertEqual(try kind(2, height: 1), [.background])
    }

    /// The best of all detections that come near is the one that is mended; the others are left out.
    func testAnObjectIsMendedOnce() throws {
        let analysis = try analysis([[(1, 0)]], [(1, 2, 0, 0.7), (1, 1, 50, 0.9), (1, 2, 10, 0.8)])
        XCTAssertEqual(kinds(analysis), [.classification, .localization, .classification])
        XCTAssertEqual(gain(analysis, .localization), 1, accuracy: 1e-12)
        XCTAssertEqual(gain(analysis, .classification), 0)
        XCTAssertEqual(analysis.missed, [])
    }

    /// An object that was found needs no mending: the wrong class on it only goes away.
    func testAFoundObjectIsNotFoundTwice() throws {
        let analysis = try analysis([[(1, 0), (2, 500)]], [(1, 1, 0, 0.9), (1, 2, 0, 0.8), (1, 2, 500, 0.7)])
        XCTAssertEqual(kinds(analysis), [.classification])
        XCTAssertEqual(ErrorCosts(analysis).ap, 0.75, accuracy: 1e-12)
        XCTAssertEqual(gain(analysis, .classification), 0.25, accuracy: 1e-12)
    }

    func testCrowdsAreNoErrors() throws {
        let analysis = try analysis([[(1, 0), (1, 500)]], [(1, 1, 0, 0.9), (1, 1, 500, 0.8)], crowds: [1])
        XCTAssertEqual(analysis.findings, [])
        XCTAssertEqual(analysis.missed, [])
        XCTAssertEqual(ErrorCosts(analysis).ap, 1, accuracy: 1e-12)
    }

    func testWithoutObjectsNothingIsGained() throws {
        let costs = ErrorCosts(try analysis([[]], [(1, 1, 0, 0.9)]))
        XCTAssertEqual(costs.ap, -1)
        XCTAssertEqual(costs.costs.map(\.gain), [0, 0, 0, 0, 0, 0])
        XCTAssertEqual(costs.falsePositives, 1)
    }
}
