import NN
import Tensors
import XCTest

final class GradientClippingTests: XCTestCase {
    func testTheCommonNormIsLimited() {
        let a = parameter([0, 0], gradient: [3, 0])
        let b = parameter([0], gradient: [4])
        let untouched = Parameter(Tensor([Float(1)]))
        XCTAssertEqual(clipGradientNorm([a, untouched, b], maxNorm: 1), 5, accuracy: 1e-6)
        assertEqual(a.grad ?? a.tensor, [0.6, 0], tolerance: 1e-6)
        assertEqual(b.grad ?? b.tensor, [0.8], tolerance: 1e-6)
        XCTAssertNil(untouched.grad)
    }

    func testSmallGradientsStayAsTheyAre() {
        let a = parameter([0, 0], gradient: [0.3, 0.4])
        XCTAssertEqual(clipGradientNorm([a], maxNorm: 1), 0.5, accuracy: 1e-6)
        XCTAssertEqual(a.grad?.array(Float.self), [0.3, 0.4])
        XCTAssertEqual(clipGradientNorm([], maxNorm: 1), 0)
    }

    func testGradientsThatArentFiniteAreAnErrorOnRequest() {
        let a = parameter([0, 0], gradient: [.nan, 1])
        XCTAssertThrowsError(try clipGradientNorm([a], maxNorm: 1, errorIfNonFinite: true)) {
            XCTAssertTrue($0 is NonFiniteGradientError)
        }
        XCTAssertEqual(a.grad?.array(Float.self)[1], 1)
        XCTAssertTrue(clipGradientNorm([a], maxNorm: 1).isNaN)
    }
}
