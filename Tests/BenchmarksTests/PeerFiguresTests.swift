import Benchmarks
import Foundation
import XCTest

final class PeerFiguresTests: XCTestCase {
    /// The ratio is that of the rounds, each of which sees one speed of the machine, not of the medians of the two sides.
    func testRatiosAreThoseOfTheRounds() {
        let figures = PeerFigures(
            name: "nms", date: "2026-01-31", libtorch: "2.13.0", program: "p", versions: "p 1",
            ownTimes: [100, 200, 400, 50], peerTimes: [150, 320, 640, 70], ownMemory: nil, peerMemory: nil)
        XCTAssertEqual(figures.ratios, [1.4, 1.5, 1.6, 1.6])
        XCTAssertEqual(figures.ratio, 1.55, accuracy: 1e-12)
        XCTAssertEqual(figures.spread, 0.2, accuracy: 1e-12)
        XCTAssertEqual(figures.text, "nms: Vertebra 150 ms; p 235 ms; ratio 1.55 (1.40 to 1.60)")
    }
}
