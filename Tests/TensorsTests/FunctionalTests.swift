import Tensors
import XCTest

/// Max pooling by the kernels that training uses, against libtorch's in float64.
final class FunctionalTests: XCTestCase {
    private struct Pooling {
        let input, kernel, stride, padding: [Int]
        var ceilMode = false
    }

    /// The stem's, windows side by side, windows that leave pixels out, a single one, a last window that sticks out, one
    /// that begins in the padding, kernels longer one way, and clips.
    private let cases = [
        Pooling(input: [2, 64, 15, 12], kernel: [3, 3], stride: [2, 2], padding: [1, 1]),
        Pooling(input: [3, 32, 8, 6], kernel: [2, 2], stride: [2, 2], padding: [0, 0]),
        Pooling(input: [1, 16, 9, 11], kernel: [2, 2], stride: [3, 4], padding: [0, 0]),
        Pooling(input: [1, 16, 3, 3], kernel: [3, 3], stride: [1, 1], padding: [0, 0]),
        Pooling(input: [2, 16, 8, 8], kernel: [3, 3], stride: [2, 2], padding: [0, 0], ceilMode: true),
        Pooling(input: [1, 16, 3, 4], kernel: [2, 2], stride: [3, 3], padding: [1, 1], ceilMode: true),
        Pooling(input: [1, 48, 7, 9], kernel: [5, 1], stride: [1, 2], padding: [2, 0]),
        Pooling(input: [2, 32, 5, 9, 8], kernel: [2, 3, 3], stride: [2, 2, 2], padding: [1, 1, 1]),
        Pooling(input: [1, 16, 4, 6, 7], kernel: [1, 3, 3], stride: [1, 2, 2], padding: [0, 1, 1]),
    ]

    private func pool(_ c: Pooling, _ x: Tensor) -> Tensor {
        c.kernel.count == 2
            ? F.maxPool2d(x, kernelSize: c.kernel, stride: c.stride, padding: c.padding, ceilMode: c.ceilMode)
            : F.maxPool3d(x, kernelSize: c.kernel, stride: c.stride, padding: c.padding, ceilMode: c.ceilMode)
    }

    func testMaxPoolingAndItsGradientEqualLibtorchs() throws {
        Random.seed(2)
        for c in cases {
            let format: MemoryFormat = c.kernel.count == 2 ? .channelsLast : .channelsLast3D
            // Few numbers, so that many are equal: the first of them gets the gradient.
            let values = (Tensor.rand(c.input) * 6).floor() - 3
            for (numbers, name) in [(Tensor.randn(c.input), "noise"), (values, "ties")] {
                for dtype in [DType.float32, .bfloat16] {
                    let input = numbers.to(dtype).to(memoryFormat: format)
                    func pass(_ dtype: DType) throws -> (Tensor, Tensor) {
                        let x = input.to(dtype).requiringGrad()
                        let y = pool(c, x)
                        let upstream = Tensor(
                            (0..<y.count).map { Float($0 % 7 + 1) }, shape: y.shape)
                        let found = gradients(of: [(y.to(.float64) * upstream.to(.float64)).sum()], for: [x])
                        return (y.detached(), try XCTUnwrap(found[0]))
                    }
                    let (own, exact) = (try pass(dtype), try pass(.float64))
                    let place = "\(c), \(name), \(dtype)"
                    XCTAssertEqual(own.0.shape, exact.0.shape, place)
                    XCTAssertTrue(own.0.isChannelsLast, place)
                    XCTAssertEqual(own.0.to(.float64).array(Double.self), exact.0.array(Double.self), place)
                    // Sums of a few small whole numbers.
                    XCTAssertEqual(own.1.to(.float64).array(Double.self), exact.1.array(Double.self), place)
                }
            }
        }
    }

    func testMaxPoolingPassesNaNAndInfinity() {
        var numbers = [Float](repeating: -.infinity, count: 16 * 16)
        numbers[5 * 16] = .nan
        let x = Tensor(numbers, shape: [1, 4, 4, 16]).permute([0, 3, 1, 2]).requiringGrad()
        let y = F.maxPool2d(x, kernelSize: [2, 2], stride: [2, 2]).detached()
        XCTAssertTrue(y[0, 0, 0, 0].item().isNaN)
        XCTAssertEqual(y[0, 0, 1, 1].item(), -.infinity)
        XCTAssertEqual(y[0, 1, 0, 0].item(), -.infinity)
    }
}
