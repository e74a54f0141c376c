import Media
import XCTest

final class ColorRampTests: XCTestCase {
    func testColoursAreMixedBetweenTheStops() {
        let ramp = ColorRamp([.init(0, .black), .init(0.5, Color(red: 1, green: 0, blue: 0)), .init(1, .white)])
        XCTAssertEqual(ramp.color(0), .black)
        XCTAssertEqual(ramp.color(0.25), Color(red: 0.5, green: 0, blue: 0))
        XCTAssertEqual(ramp.color(0.5), Color(red: 1, green: 0, blue: 0))
        XCTAssertEqual(ramp.color(0.75), Color(red: 1, green: 0.5, blue: 0.5))
        XCTAssertEqual([ramp.color(1), ramp.color(7)], [.white, .white])
        XCTAssertEqual([ramp.color(-1), ramp.color(.nan)], [.black, .black])
    }

    /// Blue is cold and red is hot; what is in between grows lighter up to yellow, so that warmer looks brighter.
    func testHeatGoesFromBlueToRed() {
        let (cold, hot) = (ColorRamp.heat.color(0), ColorRamp.heat.color(1))
        XCTAssertGreaterThan(cold.blue, 2 * cold.red)
        XCTAssertGreaterThan(hot.red, 2 * hot.blue)
        let luminances = (0...70).map { ColorRamp.heat.color(Double($0) / 100).luminance }
        XCTAssertTrue(zip(luminances, luminances.dropFirst()).allSatisfy { $0 < $1 })
    }
}
