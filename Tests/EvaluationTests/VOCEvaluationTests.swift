import Annotations
import Evaluation
import TestSupport
import XCTest

final class VOCEvaluationTests: XCTestCase {
    private func truth(_ images: [[ObjectRecord]], classes: [String] = ["a"]) -> DetectionAnnotations {
        DetectionAnnotations(
            source: "truth", classNames: classes,
            images: images.enumerated().map {
                ImageRecord(id: $0 + 1, fileName: "\($0).jpg", width: 500, height: 500, objects: $1)
            })
    }

    private func object(_ x: Double, _ side: Double = 10, difficult: Bool = false, label: Int = 1) -> ObjectRecord {
        ObjectRecord(
            id: 1, label: label, x: x, y: 0, width: side, height: side, flags: difficult ? [.difficult] : [])
    }

    private func results(_ rows: [(image: Int, x: Double, score: Double)], side: Double = 10) -> DetectionResults {
        var results = DetectionResults()
        for row in rows {
            results.append(
                imageID: row.image, categoryID: 1, x: row.x, y: 0, width: side, height: side, score: row.score)
        }
        return results
    }

    private func ap(
        _ truth: DetectionAnnotations, _ results: DetectionResults, _ method: VOCEvaluation.Method,
        iouThreshold: Double = 0.5
    ) throws -> Double {
        try VOCEvaluation.evaluate(
            groundTruth: truth, results: results, iouThreshold: iouThreshold, method: method
        ).classes[0].ap
    }

    /// Three objects; right, wrong, right: precision 1 at recall 1/3, 2/3 at recall 2/3, and never more recall.
    func testAWorkedCurve() throws {
        let truth = truth([[object(0), object(100), object(200)]])
        let found = results([(1, 0, 0.9), (1, 300, 0.8), (1, 100, 0.7)])
        XCTAssertEqual(try ap(truth, found, .allPoint), (1 + 2.0 / 3) / 3, accuracy: 1e-12)
        // Recall 0, 0.1, 0.2, 0.3 at precision 1; 0.4, 0.5, 0.6 at 2/3; nothing from 0.7 on.
        XCTAssertEqual(try ap(truth, found, .elevenPoint), (4 + 3 * 2.0 / 3) / 11, accuracy: 1e-12)
    }

    /// Neither missed nor a reason to call a detection wrong.
    func testCrowdsCountAsDifficultObjects() throws {
        var crowd = object(100)
        crowd.flags = [.crowd]
        let truth = truth([[object(0), crowd]])
        XCTAssertEqual(try ap(truth, results([(1, 0, 0.9)]), .allPoint), 1)
        XCTAssertEqual(try ap(truth, results([(1, 100, 0.9), (1, 100, 0.8), (1, 0, 0.7)]), .allPoint), 1)
        let scores = try VOCEvaluation.evaluate(groundTruth: truth, results: results([]))
        XCTAssertEqual(scores.classes[0].objects, 1)
    }

    func testADuplicateIsWrong() throws {
        let truth = truth([[object(0), object(100)]])
        let found = results([(1, 0, 0.9), (1, 0, 0.8), (1, 100, 0.7)])
        XCTAssertEqual(try ap(truth, found, .allPoint), (1 + 2.0 / 3) / 2, accuracy: 1e-12)
    }

    func testDifficultObjectsCountNeitherWay() throws {
        let truth = truth([[object(0), object(100, difficult: true)]])
        let found = results([(1, 100, 0.95), (1, 100, 0.9), (1, 0, 0.8)])
        XCTAssertEqual(try ap(truth, found, .allPoint), 1)
        XCTAssertEqual(try VOCEvaluation.evaluate(groundTruth: truth, results: found).classes[0].objects, 1)
        XCTAssertEqual(try ap(truth, results([]), .allPoint), 0)
    }

    /// 1-based inclusive corners (1, 1, 10, 10) and (1, 1, 10, 5): with the devkit's +1, 50 of 100 pixels, exactly half.
    func testTheOverlapCountsPixelsInclusively() throws {
        let truth = truth([[ObjectRecord(id: 1, label: 1, x: 0, y: 0, width: 10, height: 10)]])
        var found = DetectionResults()
        found.append(imageID: 1, categoryID: 1, x: 0, y: 0, width: 10, height: 5, score: 1)
        XCTAssertEqual(try ap(truth, found, .allPoint), 1)
        XCTAssertEqual(try ap(truth, found, .allPoint, iouThreshold: 0.501), 0)
    }

    func testADetectionBelongsToTheObjectItOverlapsMostEvenIfTaken() throws {
        // The second detection overlaps object 0 most, which is taken; it does not move on to its neighbour.
        let truth = truth([[object(0, 100), object(40, 100)]])
        let found = results([(1, 0, 0.9), (1, 10, 0.8)], side: 100)
        XCTAssertEqual(try ap(truth, found, .allPoint, iouThreshold: 0.5), 0.5)
    }

    func testTheMeanIsOverClassesWithObjects() throws {
        let truth = truth([[object(0), object(100, label: 2)]], classes: ["a", "b", "c"])
        let scores = try VOCEvaluation.evaluate(groundTruth: truth, results: results([(1, 0, 0.9)]))
        XCTAssertEqual(scores.classes.map(\.ap), [1, 0, -1])
        XCTAssertEqual(scores.meanAP, 0.5)
        XCTAssertTrue(scores.table().contains("Mean average precision (all-point, IoU ≥ 0.5) = 0.500"), scores.table())
    }

    func testUnknownImagesAreRefused() {
        XCTAssertThrowsError(
            try VOCEvaluation.evaluate(groundTruth: truth([[]]), results: results([(5, 0, 1)])))
    }

    /// In MATLAB `0:0.1:1` holds 0.3 a little too high, so that 3 found of 10 reach the levels up to 0.2 only.
    func testRecallOnALevelOfTheElevenPoints() throws {
        let truth = truth([(0..<10).map { object(Double(20 * $0)) }])
        func elevenPoint(found: Int) throws -> Double {
            try ap(truth, results((0..<found).map { (1, Double(20 * $0), 0.9) }), .elevenPoint)
        }
        XCTAssertEqual(try elevenPoint(found: 2), 3.0 / 11, accuracy: 1e-12)
        XCTAssertEqual(try elevenPoint(found: 3), 3.0 / 11, accuracy: 1e-12)
        XCTAssertEqual(try elevenPoint(found: 4), 5.0 / 11, accuracy: 1e-12)
        XCTAssertEqual(try elevenPoint(found: 6), 7.0 / 11, accuracy: 1e-12)
        XCTAssertEqual(try elevenPoint(found: 7), 8.0 / 11, accuracy: 1e-12)
        XCTAssertEqual(try elevenPoint(found: 10), 1, accuracy: 1e-12)
    }
}
