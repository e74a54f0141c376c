import Workflows
import XCTest

final class TimelineSegmentsTests: XCTestCase {
    /// Segments of scores of one second each; `a` and `b` are the scores of two classes, and a third has the rest.
    private func segments(
        _ scores: [(a: Float, b: Float)], bridge: Double = 0, shortest: Double = 0
    ) -> [TimelineSegment] {
        var segments = TimelineSegments(.init(enter: 0.5, leave: 0.3, bridge: bridge, shortest: shortest))
        for (index, score) in scores.enumerated() {
            segments.add(
                start: Double(index), end: Double(index + 1),
                scores: [score.a, score.b, 0.45 * (1 - score.a - score.b)])
        }
        return segments.finish()
    }

    private func spans(_ segments: [TimelineSegment]) -> [[Double]] {
        segments.map { [$0.start, $0.end, Double($0.label)] }
    }

    /// It begins at 0.5 and goes on down to 0.3.
    func testHysteresis() {
        let found = segments([(0.4, 0), (0.6, 0), (0.4, 0), (0.31, 0), (0.2, 0), (0.4, 0)])
        XCTAssertEqual(spans(found), [[1, 4, 0]])
        XCTAssertEqual(found[0].score, (0.6 + 0.4 + 0.31) / 3, accuracy: 1e-6)
        XCTAssertEqual(found[0].peak, 0.6, accuracy: 1e-6)
    }

    /// Another class that is sure takes over, though the first is above the lower bound yet.
    func testAnotherClassTakesOver() {
        XCTAssertEqual(spans(segments([(0.7, 0.2), (0.4, 0.45), (0.35, 0.6), (0.1, 0.8)])), [[0, 2, 0], [2, 4, 1]])
    }

    func testGapsAndShortSegments() {
        let scores: [(a: Float, b: Float)] = [(0.8, 0), (0.8, 0), (0.1, 0), (0.6, 0), (0.1, 0.7), (0.8, 0), (0.8, 0)]
        XCTAssertEqual(spans(segments(scores)), [[0, 2, 0], [3, 4, 0], [4, 5, 1], [5, 7, 0]])
        XCTAssertEqual(spans(segments(scores, bridge: 1)), [[0, 4, 0], [4, 5, 1], [5, 7, 0]])
        XCTAssertEqual(spans(segments(scores, shortest: 1.5)), [[0, 2, 0], [5, 7, 0]])
        // What was dropped in between lets those beside it meet.
        let met = segments(scores, bridge: 1, shortest: 1.5)
        XCTAssertEqual(spans(met), [[0, 7, 0]])
        XCTAssertEqual(met[0].score, (0.8 * 2 + 0.6 + 0.8 * 2) / 5, accuracy: 1e-6)
    }

    func testNothing() {
        XCTAssertEqual(segments([]), [])
        XCTAssertEqual(segments([(0.1, 0.1), (0.4, 0.3)]), [])
    }
}
