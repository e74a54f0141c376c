import Annotations
import Evaluation
import Foundation
import TestSupport
import XCTest

final class COCOEvaluationTests: XCTestCase {
    private func groundTruth(_ images: [ImageRecord], classes: [String] = ["a"]) -> DetectionAnnotations {
        DetectionAnnotations(source: "ground truth", classNames: classes, images: images)
    }

    private func object(
        _ id: Int, _ x: Double, _ y: Double, _ width: Double, _ height: Double, label: Int = 1,
        flags: ObjectFlags = []
    ) -> ObjectRecord {
        ObjectRecord(id: id, label: label, x: x, y: y, width: width, height: height, flags: flags)
    }

    private func image(_ id: Int, _ objects: [ObjectRecord]) -> ImageRecord {
        ImageRecord(id: id, fileName: "\(id).jpg", width: 640, height: 480, objects: objects)
    }

    private func results(_ rows: [(image: Int, x: Double, y: Double, w: Double, h: Double, score: Double)])
        -> DetectionResults
    {
        var results = DetectionResults()
        for row in rows {
            results.append(
                imageID: row.image, categoryID: 1, x: row.x, y: row.y, width: row.w, height: row.h, score: row.score)
        }
        return results
    }

    func testGoldenNumbersAreThoseOfPycocotools() throws {
        let folder = Golden.url("coco").path
        let expected = try XCTUnwrap(loadJSON(folder + "/expected.json") as? [String: Any])
        let stats = try XCTUnwrap(expected["stats"] as? [String: Double])
        for threads in [1, 2, 3] {
            let scores = try COCOEvaluation.evaluate(
                annotationsPath: folder + "/gt.json", resultsPath: folder + "/dt.json", threads: threads)
            let ours: [String: Double] = [
                "AP": scores.ap, "AP50": scores.ap50, "AP75": scores.ap75, "APs": scores.apSmall,
                "APm": scores.apMedium, "APl": scores.apLarge, "AR1": scores.ar1, "AR10": scores.ar10,
                "AR100": scores.ar100, "ARs": scores.arSmall, "ARm": scores.arMedium, "ARl": scores.arLarge,
            ]
            XCTAssertEqual(stats.count, 12)
            for (name, value) in stats {
                XCTAssertEqual(try XCTUnwrap(ours[name]), value, accuracy: 1e-12, name)
            }
            let perClass = try XCTUnwrap(expected["per_category_AP"] as? [String: Double])
            XCTAssertEqual(perClass.count, scores.classes.count)
            for row in scores.classes {
                XCTAssertEqual(row.ap, try XCTUnwrap(perClass[String(row.categoryID)]), accuracy: 1e-12, row.name)
            }
            XCTAssertEqual(
                scores.precisionSum, try XCTUnwrap(expected["precision_sum"] as? Double), accuracy: 1e-12 * 21474)
            XCTAssertEqual(
                scores.recallSum, try XCTUnwrap(expected["recall_sum"] as? Double), accuracy: 1e-12 * 513)
        }
    }

    /// Both files are read at the same time, and what is wrong is said as if one came after the other.
    func testOfTwoBrokenFilesTheAnnotationsAreNamed() throws {
        let folder = try temporaryDirectory()
        let files = ["sound": Golden.url("coco").path + "/gt.json", "broken": folder + "/broken.json"]
        try Data("[{".utf8).write(to: URL(fileURLWithPath: folder + "/broken.json"))
        for threads in [1, 2, nil] {
            for (annotations, named) in [("broken", "an object"), ("sound", "results")] {
                XCTAssertThrowsError(
                    try COCOEvaluation.evaluate(
                        annotationsPath: try XCTUnwrap(files[annotations]), resultsPath: folder + "/broken.json",
                        threads: threads)
                ) {
                    XCTAssertTrue("\($0)".contains(named), "\($0)")
                }
            }
        }
    }

    func testPerfectDetectionsScoreOne() throws {
        let truth = groundTruth([image(1, [object(1, 10, 10, 50, 50), object(2, 100, 10, 150, 150)])])
        let scores = try COCOEvaluation.evaluate(
            groundTruth: truth, results: results([(1, 10, 10, 50, 50, 0.9), (1, 100, 10, 150, 150, 0.8)]))
        XCTAssertEqual(scores.ap, 1, accuracy: 1e-12)
        XCTAssertEqual(scores.ar100, 1)
        XCTAssertEqual(scores.ar1, 0.5)
        XCTAssertEqual(scores.apSmall, -1)
        XCTAssertEqual(scores.apMedium, 1, accuracy: 1e-12)
        XCTAssertEqual(scores.apLarge, 1, accuracy: 1e-12)
    }

    func testAWrongDetectionInFrontHalvesThePrecision() throws {
        let truth = groundTruth([image(1, [object(1, 10, 10, 50, 50)])])
        let scores = try COCOEvaluation.evaluate(
            groundTruth: truth, results: results([(1, 300, 10, 50, 50, 0.9), (1, 10, 10, 50, 50, 0.8)]))
        XCTAssertEqual(scores.ap, 0.5, accuracy: 1e-12)
        XCTAssertEqual(scores.ar1, 0)
        XCTAssertEqual(scores.ar10, 1)
    }

    /// A 10×10 box shifted by 1 overlaps by 90/110 = 0.818: right up to threshold 0.80, seven of the ten.
    func testTheThresholdsThatAnOverlapPasses() throws {
        let truth = groundTruth([image(1, [object(1, 10, 10, 10, 10)])])
        let scores = try COCOEvaluation.evaluate(groundTruth: truth, results: results([(1, 11, 10, 10, 10, 0.9)]))
        XCTAssertEqual(scores.ap, 0.7, accuracy: 1e-12)
        XCTAssertEqual(scores.ap75, 1, accuracy: 1e-12)
        XCTAssertEqual(scores.ar100, 0.7, accuracy: 1e-12)
    }

    func testACrowdTakesAnyNumberAndCountsNeitherWay() throws {
        let truth = groundTruth([
            image(1, [object(1, 0, 0, 200, 200, flags: [.crowd]), object(2, 300, 300, 50, 50)])
        ])
        let scores = try COCOEvaluation.evaluate(
            groundTruth: truth,
            results: results([(1, 0, 0, 20, 20, 0.9), (1, 50, 50, 20, 20, 0.8), (1, 300, 300, 50, 50, 0.7)]))
        XCTAssertEqual(scores.ap, 1, accuracy: 1e-12)
        XCTAssertEqual(scores.classes[0].objects, 1)
    }

    func testIgnoreAloneHasNoEffect() throws {
        let truth = groundTruth([image(1, [object(1, 0, 0, 50, 50, flags: [.ignore])])])
        XCTAssertEqual(try COCOEvaluation.evaluate(groundTruth: truth, results: results([])).ap, 0)
    }

    func testAnObjectWithIDZeroIsNeverFound() throws {
        for (id, ap) in [(1, 1.0), (0, 0.0)] {
            let truth = groundTruth([image(1, [object(id, 0, 0, 50, 50)])])
            let scores = try COCOEvaluation.evaluate(groundTruth: truth, results: results([(1, 0, 0, 50, 50, 0.9)]))
            XCTAssertEqual(scores.ap, ap, accuracy: 1e-12)
        }
    }

    func testTiesFollowImageIDsAndFileOrder() throws {
        // Among two equal scores the one on the image with the lower id goes first, whatever the files' order.
        let truth = groundTruth([image(9, [object(1, 0, 0, 50, 50)]), image(2, [])])
        let wrongFirst = try COCOEvaluation.evaluate(
            groundTruth: truth, results: results([(9, 0, 0, 50, 50, 0.5), (2, 0, 0, 50, 50, 0.5)]))
        XCTAssertEqual(wrongFirst.ap, 0.5, accuracy: 1e-12)
        let same = groundTruth([image(1, [object(1, 0, 0, 50, 50)]), image(2, [])])
        let rightFirst = try COCOEvaluation.evaluate(
            groundTruth: same, results: results([(2, 0, 0, 50, 50, 0.5), (1, 0, 0, 50, 50, 0.5)]))
        XCTAssertEqual(rightFirst.ap, 1, accuracy: 1e-12)
    }

    func testZeroSizeBoxesNeverMatch() throws {
        let truth = groundTruth([image(1, [object(1, 10, 10, 0, 0), object(2, 50, 50, 20, 20)])])
        let scores = try COCOEvaluation.evaluate(
            groundTruth: truth, results: results([(1, 10, 10, 0, 0, 0.9), (1, 50, 50, 20, 20, 0.8)]))
        XCTAssertEqual(scores.ar100, 0.5)
        XCTAssertLessThan(scores.ap, 0.5)
    }

    func testOnlyTheBestHundredOfAnImageCount() throws {
        let truth = groundTruth([image(1, [object(1, 10, 10, 50, 50)])])
        var rows = (0..<100).map { (1, 300.0, 300.0, 20.0, 20.0, 0.5 + Double($0) * 0.001) }
        rows.append((1, 10, 10, 50, 50, 0.4))
        XCTAssertEqual(try COCOEvaluation.evaluate(groundTruth: truth, results: results(rows)).ar100, 0)
        rows.removeFirst()
        XCTAssertEqual(try COCOEvaluation.evaluate(groundTruth: truth, results: results(rows)).ar100, 1)
    }

    func testNothingToFindGivesMinusOne() throws {
        let scores = try COCOEvaluation.evaluate(
            groundTruth: groundTruth([image(1, [])]), results: results([(1, 0, 0, 9, 9, 0.5)]))
        XCTAssertEqual(scores.ap, -1)
        XCTAssertEqual(scores.classes[0].ap, -1)
        XCTAssertTrue(scores.table().contains("–"))
    }

    func testUnknownImagesAndCategoriesAreRefused() {
        let truth = groundTruth([image(1, [object(1, 0, 0, 9, 9)])])
        XCTAssertThrowsError(
            try COCOEvaluation.evaluate(groundTruth: truth, results: results([(7, 0, 0, 9, 9, 0.5)]))
        ) { XCTAssertTrue("\($0)".contains("image 7"), "\($0)") }
        var other = DetectionResults()
        other.append(imageID: 1, categoryID: 40, x: 0, y: 0, width: 9, height: 9, score: 0.5)
        XCTAssertThrowsError(try COCOEvaluation.evaluate(groundTruth: truth, results: other)) {
            XCTAssertTrue("\($0)".contains("category 40"), "\($0)")
        }
        XCTAssertEqual(
            try COCOEvaluation.evaluate(groundTruth: truth, results: other, unknownCategories: .ignore).ap, 0)
        XCTAssertThrowsError(
            try COCOEvaluation.evaluate(groundTruth: truth, results: results([(1, 0, 0, 9, 9, .nan)])))
        XCTAssertThrowsError(
            try COCOEvaluation.evaluate(groundTruth: truth, results: results([(1, 0, 0, .infinity, 9, 0.1)])))
    }

    func testTheTableHasPycocotoolsLayout() throws {
        let truth = groundTruth([image(1, [object(1, 10, 10, 10, 10)])])
        let scores = try COCOEvaluation.evaluate(groundTruth: truth, results: results([(1, 11, 10, 10, 10, 0.9)]))
        let lines = scores.table().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        XCTAssertEqual(lines[0], " Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.700")
        XCTAssertEqual(lines[1], " Average Precision  (AP) @[ IoU=0.50      | area=   all | maxDets=100 ] = 1.000")
        XCTAssertEqual(lines[6], " Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets=  1 ] = 0.700")
        XCTAssertEqual(lines[11], " Average Recall     (AR) @[ IoU=0.50:0.95 | area= large | maxDets=100 ] = -1.000")
        XCTAssertEqual(lines[13], " class   objects      AP    AP50    AP75   AR100")
        XCTAssertEqual(lines[14], " a             1   0.700   1.000   1.000   0.700")
    }

    func testScoresSurviveJSON() throws {
        let truth = groundTruth([image(1, [object(1, 10, 10, 10, 10)])])
        let scores = try COCOEvaluation.evaluate(groundTruth: truth, results: results([(1, 11, 10, 10, 10, 0.9)]))
        let decoded = try JSONDecoder().decode(COCOScores.self, from: JSONEncoder().encode(scores))
        XCTAssertEqual(decoded.ap, scores.ap)
        XCTAssertEqual(decoded.classes, scores.classes)
    }
}
