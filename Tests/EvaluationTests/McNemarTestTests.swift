import Evaluation
import XCTest

final class McNemarTestTests: XCTestCase {
    /// Twice the tail of a binomial distribution: of six coins, at most one shows heads in 7 of 64 cases.
    func testByHand() {
        XCTAssertEqual(McNemarTest(firstOnly: 1, secondOnly: 5).pValue, 14.0 / 64, accuracy: 1e-12)
        XCTAssertEqual(McNemarTest(firstOnly: 5, secondOnly: 1).pValue, 14.0 / 64, accuracy: 1e-12)
        XCTAssertEqual(McNemarTest(firstOnly: 0, secondOnly: 10).pValue, 2.0 / 1024, accuracy: 1e-12)
        XCTAssertEqual(McNemarTest(firstOnly: 3, secondOnly: 3).pValue, 1)
        XCTAssertEqual(McNemarTest(firstOnly: 0, secondOnly: 0).pValue, 1)
    }

    /// With many images the test nears the normal distribution: 100 of 10,000 is one standard deviation from the middle.
    func testManyImages() {
        let test = McNemarTest(firstOnly: 4950, secondOnly: 5050)
        XCTAssertEqual(test.pValue, 0.3222, accuracy: 0.001)
        XCTAssertLessThan(McNemarTest(firstOnly: 0, secondOnly: 100_000).pValue, 1e-300)
    }
}
