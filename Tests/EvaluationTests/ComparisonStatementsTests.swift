import Annotations
import Evaluation
import XCTest

final class ComparisonStatementsTests: XCTestCase {
    private func statements(of first: RandomScenes, _ second: RandomScenes) throws -> [String] {
        try DetectionComparison(
            [.init(name: "first", results: first.results), .init(name: "second", results: second.results)],
            groundTruth: first.truth, resamples: BootstrapResamples(count: 30)
        ).comparison.statements
    }

    func testADifferenceThatMayBeChanceIsCalledSo() throws {
        let scenes = RandomScenes(distinctlyScored: 12)
        var other = scenes
        // One detection less, of one image among several: resamples without it have no difference.
        other.detections.removeFirst(2)
        let statements = try statements(of: scenes, other)
        XCTAssertEqual(statements.count, 2)
        XCTAssertTrue(statements[0].contains("here, but that may be chance: AP "), statements[0])
        XCTAssertTrue(statements[1].contains("So few images as"), statements[1])
    }

    func testNothingToMeasureIsSaid() throws {
        var scenes = RandomScenes(distinctlyScored: 3)
        for i in scenes.images.indices { scenes.images[i].objects = [] }
        XCTAssertEqual(
            try statements(of: scenes, scenes)[0], "second can't be compared with first: there is nothing to measure.")
    }
}
