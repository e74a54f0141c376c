import NN
import Tensors
import XCTest

final class PixelNormalizationTests: XCTestCase {
    private let normalization = PixelNormalization(mean: [0.5, 0.25, 0], deviation: [0.5, 0.25, 1])

    /// 0, a half and 1 in each channel, by hand.
    func testEachChannelHasItsOwnMeanAndDeviation() {
        let expected: [Float] = [-1, 0, 1, -1, 1, 3, 0, 0.5, 1]
        for shape in [[3, 1, 3], [1, 3, 1, 3], [1, 3, 1, 1, 3]] {
            let pixels = Tensor([0, 0.5, 1, 0, 0.5, 1, 0, 0.5, 1] as [Float], shape: shape)
            normalization.normalizeInPlace(pixels, isByte: false)
            XCTAssertEqual(pixels.array(Float.self), expected, "\(shape)")
        }
    }

    func testBytesEqualFractions() {
        let bytes = Tensor((0..<12).map { Float($0 * 20) }, shape: [3, 2, 2])
        let fractions = Tensor((0..<12).map { Float($0 * 20) / 255 }, shape: [3, 2, 2])
        normalization.normalizeInPlace(bytes, isByte: true)
        normalization.normalizeInPlace(fractions, isByte: false)
        for (a, b) in zip(bytes.array(Float.self), fractions.array(Float.self)) {
            XCTAssertEqual(a, b, accuracy: 1e-6)
        }
    }
}
