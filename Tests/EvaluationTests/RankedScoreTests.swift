import Annotations
import Evaluation
import XCTest

/// Scores are sorted by their bytes. What that must equal is sorted by comparing them.
final class RankedScoreTests: XCTestCase {
    private struct Generator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 11
        }
    }

    func testScoresOfEveryKindAreSortedAsTheyCompare() throws {
        let kinds = [
            -Double.infinity, -1e300, -2.5, -2.4999999999999996, -1e-300, -0.0, 0.0, Double.leastNonzeroMagnitude,
            1e-300, 0.1, 0.1.nextUp, 1, 255, 256, 1e300, .infinity,
        ]
        for (count, seed) in [(12, 1), (47, 2), (48, 3), (49, 4), (3000, 5), (3000, 6)] {
            var random = Generator(state: UInt64(seed))
            var results = DetectionResults()
            let images = (1...count).map { id in
                ImageRecord(
                    id: id, fileName: "", width: 100, height: 100,
                    objects: [ObjectRecord(id: id, label: 1, x: 10, y: 10, width: 20, height: 20)])
            }
            for id in 1...count {
                for _ in 0..<(1 + random.next() % 2) {
                    let isRight = random.next() % 2 == 0
                    let score =
                        random.next() % 3 == 0
                        ? kinds[Int(random.next() % UInt64(kinds.count))] : Double(random.next() % 100_000) / 100_000
                    results.append(
                        imageID: id, categoryID: 1, x: isRight ? 10 : 60, y: 10, width: 20, height: 20, score: score)
                }
            }
            let truth = DetectionAnnotations(source: "drawn", classNames: ["a"], images: images)
            let scores = try COCOEvaluation.evaluate(groundTruth: truth, results: results)
            let matching = try DetectionMatching(groundTruth: truth, results: results, iouThreshold: 0.5)
            let curve = PrecisionRecallCurve.curves(of: matching)[0]
            XCTAssertEqual(scores.ap50, curve.ap, accuracy: 1e-12, "\(count) images")
            XCTAssertGreaterThan(curve.ap, 0.1)
        }
    }

    /// As many detections of a class on one image as count, and more.
    func testManyDetectionsOfOneImageAreSortedAsTheyCompare() throws {
        for count in [40, 60, 100, 140] {
            var results = DetectionResults()
            let objects = (0..<70).map {
                ObjectRecord(id: $0 + 1, label: 1, x: Double(10 * $0), y: 0, width: 8, height: 8)
            }
            var random = Generator(state: UInt64(count))
            for i in 0..<count {
                results.append(
                    imageID: 1, categoryID: 1, x: Double(10 * i), y: 0, width: 8, height: 8,
                    score: Double(random.next() % 1000) / 1000)
            }
            let truth = DetectionAnnotations(
                source: "drawn", classNames: ["a"],
                images: [ImageRecord(id: 1, fileName: "", width: 2000, height: 10, objects: objects)])
            let scores = try COCOEvaluation.evaluate(groundTruth: truth, results: results)
            let matching = try DetectionMatching(groundTruth: truth, results: results, iouThreshold: 0.5)
            XCTAssertEqual(
                scores.ap50, PrecisionRecallCurve.curves(of: matching)[0].ap, accuracy: 1e-12, "\(count) detections")
        }
    }
}
