import Annotations
import Evaluation
import XCTest

final class DetectionMatchingTests: XCTestCase {
    private func matching(
        _ objects: [ObjectRecord], _ found: [(label: Int, x: Double, score: Double)], classes: [String] = ["a", "b"]
    ) throws -> DetectionMatching {
        let truth = DetectionAnnotations(
            source: "truth", classNames: classes,
            images: [ImageRecord(id: 7, fileName: "7.jpg", width: 900, height: 100, objects: objects)])
        var results = DetectionResults()
        for row in found {
            results.append(
                imageID: 7, categoryID: row.label, x: row.x, y: 0, width: 100, height: 100, score: row.score)
        }
        return try DetectionMatching(groundTruth: truth, results: results)
    }

    private func object(_ x: Double, label: Int = 1, flags: ObjectFlags = []) -> ObjectRecord {
        ObjectRecord(id: 1 + Int(x), label: label, x: x, y: 0, width: 100, height: 100, flags: flags)
    }

    func testTheBestScoreChoosesFirst() throws {
        let matching = try matching(
            [object(0), object(300)], [(1, 10, 0.5), (1, 0, 0.4), (1, 0, 0.9), (2, 300, 0.8)])
        XCTAssertEqual(matching.outcomes, [.wrong, .wrong, .right(object: 0), .wrong])
        XCTAssertEqual(matching.finders, [2, nil])
        XCTAssertEqual(matching.ranked, [[2, 0, 1], [3]])
        XCTAssertEqual(matching.objectCounts, [2, 0])
    }

    func testATakenObjectLeavesTheNextBest() throws {
        // Both overlap both objects by half or more; the second has to take the farther one.
        let matching = try matching([object(0), object(20)], [(1, 0, 0.9), (1, 0, 0.8)])
        XCTAssertEqual(matching.outcomes, [.right(object: 0), .right(object: 1)])
    }

    func testCrowdsTakeAnyNumberAndAreNotAskedFor() throws {
        let matching = try matching(
            [object(0, flags: [.crowd]), object(300)], [(1, 0, 0.9), (1, 20, 0.8), (2, 0, 0.7), (1, 300, 0.6)])
        XCTAssertEqual(matching.outcomes, [.ignored, .ignored, .wrong, .right(object: 1)])
        XCTAssertEqual(matching.objectCounts, [1, 0])
        XCTAssertFalse(matching.isCounted(object: 0))
        XCTAssertTrue(matching.isFound(object: 1, scoreThreshold: 0.6))
        XCTAssertFalse(matching.isFound(object: 1, scoreThreshold: 0.61))
    }

    func testTheBestHundredOfAClassCount() throws {
        let matching = try matching(
            [object(0), object(300, label: 2)], (0..<101).map { (1, 600, 1 - Double($0) / 200) } + [(2, 300, 0.1)])
        XCTAssertEqual(matching.outcomes[99], .wrong)
        XCTAssertEqual(matching.outcomes[100], .ignored)
        XCTAssertEqual(matching.outcomes[101], .right(object: 1))
    }

    func testTheAPIsThatOfTheEvaluation() throws {
        var meaningful = 0
        for seed in 1...200 {
            let scenes = RandomScenes(seed: UInt64(seed), flags: [.crowd])
            let scores = try COCOEvaluation.evaluate(groundTruth: scenes.truth, results: scenes.results)
            for threshold in [0.5, 0.75] {
                let matching = try DetectionMatching(
                    groundTruth: scenes.truth, results: scenes.results, iouThreshold: threshold)
                for (curve, score) in zip(PrecisionRecallCurve.curves(of: matching), scores.classes) {
                    XCTAssertEqual(
                        curve.ap, threshold == 0.5 ? score.ap50 : score.ap75, accuracy: 1e-12,
                        "seed \(seed), \(score.name)")
                    if curve.ap > 0.02, curve.ap < 0.98 { meaningful += 1 }
                }
            }
        }
        XCTAssertGreaterThan(meaningful, 500)
    }

    func testUnknownImagesAreRefused() {
        var results = DetectionResults()
        results.append(imageID: 1, categoryID: 1, x: 0, y: 0, width: 1, height: 1, score: 1)
        let truth = DetectionAnnotations(source: "truth", classNames: ["a"], images: [])
        XCTAssertThrowsError(try DetectionMatching(groundTruth: truth, results: results)) {
            XCTAssertTrue("\($0)".contains("detection 0 is of image 1"), "\($0)")
        }
    }
}
