import Evaluation
import XCTest

final class COCOMatchesTests: XCTestCase {
    func testEachImageOnceScoresAsTheEvaluationToTheLastBit() throws {
        for seed in 1...60 {
            let scenes = RandomScenes(seed: UInt64(seed), flags: [.crowd])
            let matches = try COCOMatches(groundTruth: scenes.truth, results: scenes.results, threads: 1 + seed % 2)
            let expected = try COCOEvaluation.evaluate(groundTruth: scenes.truth, results: scenes.results)
            XCTAssertEqual(matches.scores(), expected, "seed \(seed)")
            let once = [Int32](repeating: 1, count: scenes.images.count)
            XCTAssertEqual(matches.scores(copies: once), expected, "seed \(seed), counted")
        }
    }

    /// What is scored from one matching, against an evaluation of annotations and results in which the images really stand that
    /// many times.
    func testCopiesScoreAsWrittenCopies() throws {
        var meaningful = 0
        for seed in 1...80 {
            let scenes = RandomScenes(distinctlyScored: UInt64(seed))
            let matches = try COCOMatches(groundTruth: scenes.truth, results: scenes.results)
            for number in 0..<3 {
                let copies = BootstrapResamples(seed: UInt64(seed)).copies(number, of: scenes.images.count)
                let (truth, results) = scenes.written(copies)
                let expected = try COCOEvaluation.evaluate(groundTruth: truth, results: results)
                XCTAssertEqual(matches.scores(copies: copies), expected, "seed \(seed), \(copies)")
                if expected.ap > 0.02, expected.ap < 0.98 { meaningful += 1 }
            }
        }
        XCTAssertGreaterThan(meaningful, 100, "the cases are too easy or too hard to tell right from wrong")
    }
}
