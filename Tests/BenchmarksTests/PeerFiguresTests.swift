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
    /// PyTorch without jemalloc is no rival to be proud of beating, so a line says that it ran so.
    func testALineSaysThatPyTorchRanWithoutJemalloc() {
        func text(_ program: String) -> String {
            PeerFigures(
                name: "nms", date: "2026-01-31", libtorch: "2.13.0", program: program, versions: "p 1", ownTimes: [1],
                peerTimes: [2], ownMemory: nil, peerMemory: nil
            ).text
        }
        XCTAssertTrue(text("eager PyTorch").contains("install libjemalloc2"))
        XCTAssertFalse(text("eager PyTorch, jemalloc").contains("install"))
        XCTAssertFalse(text("OpenVINO").contains("install"))
    }
}
