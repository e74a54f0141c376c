import Benchmarks
import Foundation
import TestSupport
import XCTest

/// Figures of a case whose other program took 100 ms in every round, and this package 100 ms over the ratio.
func figures(
    _ ratios: [Double], name: String = "nms", program: String = "eager PyTorch, jemalloc",
    versions: String = "torch 2.13.0"
) -> PeerFigures {
    PeerFigures(
        name: name, date: "2026-01-31", libtorch: "2.13.0", program: program, versions: versions,
        ownTimes: ratios.map { 100 / $0 }, peerTimes: ratios.map { _ in 100 }, ownMemory: 300, peerMemory: 500)
}

final class PeerComparisonTests: XCTestCase {
    private func verdict(_ then: [Double]?, _ now: [Double]) -> PeerComparison.Verdict {
        PeerComparison(then: then.map { figures($0) }, now: figures(now)).verdict
    }

    func testTheLargerSpreadDecides() {
        // Then 1.5, from 1.4 to 1.6: it may be 0.2 less.
        let then = [1.6, 1.4, 1.5]
        XCTAssertEqual(verdict(then, [1.31, 1.31, 1.31]), .kept)
        XCTAssertEqual(verdict(then, [1.29, 1.29, 1.29]), .fell)
        XCTAssertEqual(verdict(then, [1.69, 1.69, 1.69]), .kept)
        XCTAssertEqual(verdict(then, [1.71, 1.71, 1.71]), .rose)
        // A spread of 0.4 today allows as much.
        XCTAssertEqual(verdict(then, [1.0, 1.2, 1.4]), .kept)
        XCTAssertEqual(verdict(then, [0.9, 1.09, 1.3]), .fell)
    }

    func testRoundsThatAgreeByChanceAllowThreeInAHundred() {
        XCTAssertEqual(verdict([2, 2, 2], [1.95, 1.95, 1.95]), .kept)
        XCTAssertEqual(verdict([2, 2, 2], [1.93, 1.93, 1.93]), .fell)
    }

    func testRoundsThatDifferByAQuarterAreSaidToBeUnsteady() {
        let words = ", unsteady: measure it again with nothing beside it; not in the file"
        XCTAssertTrue(PeerComparison(then: nil, now: figures([1.8, 2, 2.31])).text.hasSuffix(words))
        XCTAssertFalse(PeerComparison(then: nil, now: figures([1.8, 2, 2.29])).text.contains("unsteady"))
    }

    func testAnotherProgramOrNoFigureIsNoMeasure() {
        let then = figures([2], program: "eager PyTorch")
        let slow = PeerComparison(then: then, now: figures([1]))
        XCTAssertEqual(slow.verdict, .otherProgram)
        XCTAssertTrue(slow.text.hasSuffix("; then beside eager PyTorch, which is no measure for this"))
        XCTAssertEqual(verdict(nil, [1]), .new)
        XCTAssertTrue(PeerComparison(then: nil, now: figures([1])).text.hasSuffix("; not in the file"))
    }

    func testTheLineSaysThenAndNow() throws {
        let fell = PeerComparison(
            then: figures([1.6, 1.5, 1.4]), now: figures([1.25, 1.2, 1.15], versions: "torch 3"))
        XCTAssertEqual(
            fell.text,
            "nms: Vertebra 83 ms, 300 MiB; eager PyTorch, jemalloc 100 ms, 500 MiB; ratio 1.20 (1.15 to 1.25); then 1.50, may differ by "
                + "0.20: FELL (then with torch 2.13.0, now with torch 3)")
        let line = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(fell.line.utf8)) as? [String: Any])
        XCTAssertEqual(line["case"] as? String, "nms")
        XCTAssertEqual(line["verdict"] as? String, "fell")
        XCTAssertEqual(line["ratio"] as? Double, 1.2)
        XCTAssertEqual(line["ratio_then"] as? Double ?? 0, 1.5, accuracy: 1e-9)
        XCTAssertEqual(line["spread"] as? Double, 0.1)
        XCTAssertEqual(line["vertebra_ms"] as? [Double], fell.now.ownTimes)
    }
}
