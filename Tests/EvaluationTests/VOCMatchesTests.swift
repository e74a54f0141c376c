import Evaluation
import XCTest

final class VOCMatchesTests: XCTestCase {
    func testCopiesScoreAsWrittenCopies() throws {
        var meaningful = 0
        for seed in 1...80 {
            let scenes = RandomScenes(distinctlyScored: UInt64(seed), flags: [.difficult])
            let matches = try VOCMatches(groundTruth: scenes.truth, results: scenes.results)
            for (number, method) in [(0, VOCEvaluation.Method.allPoint), (1, .elevenPoint), (2, .allPoint)] {
                let copies = BootstrapResamples(seed: UInt64(seed)).copies(number, of: scenes.images.count)
                let (truth, results) = scenes.written(copies)
                let expected = try VOCEvaluation.evaluate(groundTruth: truth, results: results, method: method)
                XCTAssertEqual(
                    matches.averagePrecisions(method, copies: copies), expected.classes.map(\.ap), "seed \(seed)")
                if expected.meanAP > 0.02, expected.meanAP < 0.98 { meaningful += 1 }
            }
        }
        XCTAssertGreaterThan(meaningful, 100, "the cases are too easy or too hard to tell right from wrong")
    }
}
