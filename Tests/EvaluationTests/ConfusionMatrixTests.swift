import Annotations
import Evaluation
import XCTest

final class ConfusionMatrixTests: XCTestCase {
    private func object(_ x: Double, _ label: Int, flags: ObjectFlags = []) -> ObjectRecord {
        ObjectRecord(id: Int(x) + label, label: label, x: x, y: 0, width: 100, height: 100, flags: flags)
    }

    private func matrix(
        _ objects: [ObjectRecord], _ found: [(label: Int, x: Double, score: Double)], threshold: Double = 0.5
    ) throws -> [[Int]] {
        let truth = DetectionAnnotations(
            source: "truth", classNames: ["a", "b"],
            images: [ImageRecord(id: 1, fileName: "1.jpg", width: 2000, height: 100, objects: objects)])
        var results = DetectionResults()
        for row in found {
            results.append(
                imageID: 1, categoryID: row.label, x: row.x, y: 0, width: 100, height: 100, score: row.score)
        }
        let matching = try DetectionMatching(groundTruth: truth, results: results)
        return ConfusionMatrix(matching, scoreThreshold: threshold).counts
    }

    func testEveryCell() throws {
        let objects = [object(0, 1), object(200, 1), object(400, 2), object(600, 2), object(800, 2)]
        let found: [(Int, Double, Double)] = [
            (1, 0, 0.9), (2, 200, 0.8), (2, 400, 0.7), (1, 600, 0.6), (1, 1500, 0.9), (2, 1700, 0.8), (2, 1700, 0.7),
        ]
        XCTAssertEqual(try matrix(objects, found), [[1, 1, 0], [1, 1, 1], [1, 2, 0]])
    }

    func testScoresBelowTheThresholdAreNotThere() throws {
        XCTAssertEqual(try matrix([object(0, 1)], [(1, 0, 0.4)]), [[0, 0, 1], [0, 0, 0], [0, 0, 0]])
        XCTAssertEqual(try matrix([object(0, 1)], [(1, 0, 0.4)], threshold: 0.4), [[1, 0, 0], [0, 0, 0], [0, 0, 0]])
    }

    /// Whoever finds it as what it is has it, whatever the score.
    func testTheOwnClassComesFirst() throws {
        XCTAssertEqual(
            try matrix([object(0, 1)], [(2, 0, 0.9), (1, 10, 0.6)]), [[1, 0, 0], [0, 0, 0], [0, 1, 0]])
    }

    func testAnObjectIsTakenOnce() throws {
        XCTAssertEqual(
            try matrix([object(0, 1)], [(2, 0, 0.9), (2, 10, 0.8)]), [[0, 1, 0], [0, 0, 0], [0, 1, 0]])
    }

    func testCrowdsAreNotCounted() throws {
        XCTAssertEqual(
            try matrix([object(0, 1, flags: [.crowd])], [(1, 0, 0.9), (2, 0, 0.8)]),
            [[0, 0, 0], [0, 0, 0], [0, 1, 0]])
    }

    func testRowsAndColumnsAddUp() throws {
        for seed in 1...100 {
            let scenes = RandomScenes(seed: UInt64(seed), flags: [.crowd])
            let matching = try DetectionMatching(groundTruth: scenes.truth, results: scenes.results)
            let counts = ConfusionMatrix(matching, scoreThreshold: 0.3).counts
            for k in scenes.classNames.indices {
                XCTAssertEqual(counts[k].reduce(0, +), matching.objectCounts[k], "seed \(seed)")
                let shown = matching.ranked[k].count { matching.results.scores[$0] >= 0.3 }
                XCTAssertEqual(counts.map { $0[k] }.reduce(0, +), shown, "seed \(seed)")
            }
            XCTAssertEqual(counts[4][4], 0)
        }
    }
}
