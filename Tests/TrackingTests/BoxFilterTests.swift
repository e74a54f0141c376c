import Annotations
import Tracking
import XCTest

final class BoxFilterTests: XCTestCase {
    func testABoxIsItsOwnFirstGuess() {
        let filter = BoxFilter(Box(x0: 10, y0: 20, x1: 40, y1: 80))
        XCTAssertEqual(filter.centerX.position, 25)
        XCTAssertEqual(filter.centerY.position, 50)
        XCTAssertEqual(filter.area.position, 1800)
        XCTAssertEqual(filter.aspect.position, 0.5)
        XCTAssertEqual(filter.box, Box(x0: 10, y0: 20, x1: 40, y1: 80))
    }

    /// One prediction and one correction with SORT's matrices: P₀ = diag(10, 10, 10, 10, 10⁴, 10⁴, 10⁴),
    /// Q = diag(1, 1, 1, 1, 0.01, 0.01, 0.0001), R = diag(1, 1, 10, 10).
    func testCovariancesOfSORT() {
        var filter = BoxFilter(Box(x0: 0, y0: 0, x1: 20, y1: 10))
        filter.predict()
        XCTAssertEqual(filter.centerX.positionVariance, 10_011)
        XCTAssertEqual(filter.area.positionVariance, 10_011)
        XCTAssertEqual(filter.area.velocityVariance, 10_000.0001, accuracy: 1e-9)
        XCTAssertEqual(filter.aspect.positionVariance, 11)
        // A box of this size, 5 to the right and 2 down.
        filter.correct(Box(x0: 5, y0: 2, x1: 25, y1: 12))
        XCTAssertEqual(filter.centerX.position, 10 + 5 * 10_011 / 10_012, accuracy: 1e-9)
        XCTAssertEqual(filter.centerY.velocity, 2 * 10_000 / 10_012, accuracy: 1e-9)
        XCTAssertEqual(filter.centerX.positionVariance, 10_011 / 10_012, accuracy: 1e-9)
        XCTAssertEqual(filter.area.positionVariance, 10_011 * 10 / 10_021, accuracy: 1e-9)
        XCTAssertEqual(filter.aspect.positionVariance, 110 / 21, accuracy: 1e-9)
        XCTAssertEqual(filter.aspect.velocity, 0)
        XCTAssertEqual(filter.area.position, 200)
    }

    /// A shrinking box does not pass zero, and an unseen one does not grow.
    func testTheAreaStaysSensible() {
        var filter = BoxFilter(Box(x0: 0, y0: 0, x1: 20, y1: 20))
        for side in [Float(14), 8, 4] {
            filter.predict()
            filter.correct(Box(x0: 0, y0: 0, x1: side, y1: side))
        }
        XCTAssertLessThan(filter.area.velocity, -20)
        for _ in 0..<10 { filter.predict() }
        XCTAssertGreaterThan(filter.area.position, 0)
        XCTAssertEqual(filter.area.velocity, 0)

        var growing = BoxFilter(Box(x0: 0, y0: 0, x1: 20, y1: 20))
        growing.predict()
        growing.correct(Box(x0: 0, y0: 0, x1: 30, y1: 30))
        let area = growing.area.position
        growing.predict(grows: false)
        XCTAssertEqual(growing.area.position, area)
    }
}
