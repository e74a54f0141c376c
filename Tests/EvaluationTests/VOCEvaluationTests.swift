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

    /// Against an evaluator written from the devkit's definition, on 1-based inclusive corners, step by step.
    func testRandomCasesAgreeWithTheDefinition() throws {
        for seed in 0..<40 {
            let u = goldenFill(name: "voc\(seed)", count: 4000, lo: 0, hi: 1)
            var at = 0
            func next(_ limit: Int) -> Int {
                at += 1
                return Int(u[at] * Float(limit))
            }
            var images: [[ObjectRecord]] = []
            var found = DetectionResults()
            for image in 1...8 {
                images.append(
                    (0..<next(6)).map { _ in
                        ObjectRecord(
                            id: 1, label: 1, x: Double(next(40)), y: Double(next(40)), width: Double(1 + next(30)),
                            height: Double(1 + next(30)), flags: next(4) == 0 ? [.difficult] : [])
                    })
                for object in images[image - 1] {
                    for _ in 0..<next(3) {
                        found.append(
                            imageID: image, categoryID: 1, x: object.x + Double(next(5)), y: object.y + Double(next(3)),
                            width: object.width, height: object.height + Double(next(4)),
                            score: Double(next(10)) / 10)
                    }
                }
                for _ in 0..<next(4) {
                    found.append(
                        imageID: image, categoryID: 1, x: Double(next(60)), y: Double(next(60)),
                        width: Double(1 + next(30)), height: Double(1 + next(30)), score: Double(next(10)) / 10)
                }
            }
            let truth = truth(images)
            for method in VOCEvaluation.Method.allCases {
                let expected = ReferenceVOC.averagePrecision(images, found, threshold: 0.5, method)
                XCTAssertEqual(try ap(truth, found, method), expected, accuracy: 1e-12, "seed \(seed), \(method)")
            }
        }
    }
}

/// The devkit's evaluation in its own terms: corners 1-based and inclusive, every precision and recall kept.
private enum ReferenceVOC {
    private static func corners(_ x: Double, _ y: Double, _ width: Double, _ height: Double) -> [Double] {
        [x + 1, y + 1, x + width, y + height]
    }

    private static func overlap(_ a: [Double], _ b: [Double]) -> Double {
        let width = min(a[2], b[2]) - max(a[0], b[0]) + 1
        let height = min(a[3], b[3]) - max(a[1], b[1]) + 1
        if width <= 0 || height <= 0 { return -.infinity }
        let areaA = (a[2] - a[0] + 1) * (a[3] - a[1] + 1)
        let areaB = (b[2] - b[0] + 1) * (b[3] - b[1] + 1)
        return width * height / (areaA + areaB - width * height)
    }

    static func averagePrecision(
        _ images: [[ObjectRecord]], _ found: DetectionResults, threshold: Double, _ method: VOCEvaluation.Method
    ) -> Double {
        let positives = images.joined().count { !$0.flags.contains(.difficult) }
        var order = Array(0..<found.count)
        // An insertion sort, which is stable.
        for i in order.indices.dropFirst() {
            var j = i
            while j > 0, found.scores[order[j - 1]] < found.scores[order[j]] {
                order.swapAt(j, j - 1)
                j -= 1
            }
        }
        var used = images.map { [Bool](repeating: false, count: $0.count) }
        var truePositives = 0.0
        var falsePositives = 0.0
        var recalls: [Double] = []
        var precisions: [Double] = []
        for i in order {
            let image = found.imageIDs[i] - 1
            let box = corners(found.x[i], found.y[i], found.width[i], found.height[i])
            let overlaps = images[image].map { overlap(box, corners($0.x, $0.y, $0.width, $0.height)) }
            if let best = overlaps.max(), let j = overlaps.firstIndex(of: best), best >= threshold {
                if !images[image][j].flags.contains(.difficult) {
                    if used[image][j] { falsePositives += 1 } else { truePositives += 1 }
                    used[image][j] = true
                }
            } else {
                falsePositives += 1
            }
            recalls.append(truePositives / Double(positives))
            precisions.append(truePositives / max(truePositives + falsePositives, .leastNormalMagnitude))
        }
        if positives == 0 { return -1 }
        switch method {
        case .elevenPoint:
            return (0...10).reduce(0.0) { sum, level in
                let best = zip(recalls, precisions).filter { $0.0 * 10 >= Double(level) - 1e-9 }.map(\.1).max() ?? 0
                return sum + best / 11
            }
        case .allPoint:
            let recall = [0] + recalls + [1]
            var precision = [0] + precisions + [0]
            for i in precision.indices.dropLast().reversed() { precision[i] = max(precision[i], precision[i + 1]) }
            return (1..<recall.count).reduce(0.0) { $0 + (recall[$1] - recall[$1 - 1]) * precision[$1] }
        }
    }
}
