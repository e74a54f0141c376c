import Evaluation
import XCTest

final class BootstrapResamplesTests: XCTestCase {
    func testAChoiceHasAsManyImagesAndDependsOnSeedAndNumberAlone() {
        let resamples = BootstrapResamples(count: 400, seed: 3)
        var drawn = [Int](repeating: 0, count: 50)
        for number in 0..<400 {
            let copies = resamples.copies(number, of: 50)
            XCTAssertEqual(copies.reduce(0, +), 50)
            for (i, times) in copies.enumerated() { drawn[i] += Int(times) }
        }
        // 400 draws of each image are expected, with a standard deviation below 20.
        for times in drawn { XCTAssertEqual(Double(times), 400, accuracy: 100) }
        XCTAssertEqual(resamples.copies(7, of: 50), BootstrapResamples(seed: 3).copies(7, of: 50))
        XCTAssertNotEqual(resamples.copies(7, of: 50), resamples.copies(8, of: 50))
        XCTAssertNotEqual(resamples.copies(7, of: 50), BootstrapResamples(seed: 4).copies(7, of: 50))
        XCTAssertEqual(resamples.copies(0, of: 0), [])
    }
}
