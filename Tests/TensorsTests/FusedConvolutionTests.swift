import Tensors
import XCTest

final class FusedConvolutionTests: XCTestCase {
    private struct Case {
        let input, weight, stride, padding, dilation: [Int]
        var groups = 1
    }

    /// Plain, pointwise, strided, grouped, dilated, large enough for Winograd's algorithm, and over time.
    private let cases = [
        Case(input: [2, 3, 20, 17], weight: [16, 3, 7, 7], stride: [2, 2], padding: [3, 3], dilation: [1, 1]),
        Case(input: [1, 24, 9, 9], weight: [40, 24, 1, 1], stride: [1, 1], padding: [0, 0], dilation: [1, 1]),
        Case(input: [1, 24, 9, 9], weight: [40, 24, 1, 1], stride: [2, 2], padding: [0, 0], dilation: [1, 1]),
        Case(
            input: [1, 32, 8, 9], weight: [32, 4, 3, 3], stride: [1, 1], padding: [1, 1], dilation: [1, 1], groups: 8),
        Case(input: [1, 5, 11, 9], weight: [7, 5, 3, 3], stride: [1, 1], padding: [2, 2], dilation: [2, 2]),
        Case(input: [1, 128, 50, 47], weight: [144, 128, 3, 3], stride: [1, 1], padding: [1, 1], dilation: [1, 1]),
        Case(
            input: [1, 6, 4, 8, 7], weight: [9, 6, 3, 3, 3], stride: [1, 2, 2], padding: [1, 1, 1], dilation: [1, 1, 1]),
    ]

    private func composed(_ c: Case, _ x: Tensor, _ weight: Tensor, _ bias: Tensor?) -> Tensor {
        c.stride.count == 2
            ? F.conv2d(
                x, weight: weight, bias: bias, stride: c.stride, padding: c.padding, dilation: c.dilation,
                groups: c.groups)
            : F.conv3d(
                x, weight: weight, bias: bias, stride: c.stride, padding: c.padding, dilation: c.dilation,
                groups: c.groups)
    }

    private func assertClose(_ a: Tensor, _ b: Tensor, _ message: String, line: UInt = #line) {
        XCTAssertEqual(a.shape, b.shape, message, line: line)
        guard a.shape == b.shape else { return }
        XCTAssertLessThan((a - b).abs().amax().item(), 1e-4 * b.std().item(), message, line: line)
    }

    /// The weight is kept in the layouts that two sizes of input want; a third one takes the place of the older.
    func testOneWeightServesInputsOfAllSizes() {
        Random.seed(13)
        let weight = Tensor.randn([48, 32, 3, 3]) * 0.1
        let fused = FusedConvolution(weight: weight, padding: [1, 1])
        for (n, side) in [(8, 14), (1, 14), (8, 14), (2, 56), (1, 7), (1, 14), (8, 14), (3, 30)] {
            let x = Tensor.randn([n, 32, side, side])
            assertClose(fused(x), F.conv2d(x, weight: weight, bias: nil, padding: [1, 1]), "\(n) of \(side)")
        }
    }

    func testEqualsTheComposedOne() {
        Random.seed(12)
        for c in cases {
            let x = Tensor.randn(c.input)
            let weight = Tensor.randn(c.weight) * 0.1
            let bias = Tensor.randn([c.weight[0]])
            let plain = composed(c, x, weight, nil)
            let addend = Tensor.randn(plain.shape)
            for dtype in [DType.float32, .float64] {
                func cast(_ t: Tensor) -> Tensor { t.to(dtype) }
                let unbiased = FusedConvolution(
                    weight: cast(weight), stride: c.stride, padding: c.padding, dilation: c.dilation, groups: c.groups)
                let fused = FusedConvolution(
                    weight: cast(weight), bias: cast(bias), stride: c.stride, padding: c.padding, dilation: c.dilation,
                    groups: c.groups)
                let expected = composed(c, x, weight, bias)
                let name = "\(c.weight) \(dtype)"
                assertClose(unbiased(cast(x)).to(.float32), plain, name)
                // The packed weight is made by the first call and used by the second.
                for _ in 0..<2 { assertClose(fused(cast(x)).to(.float32), expected, name) }
                assertClose(fused(cast(x), activation: .relu).to(.float32), expected.relu(), name)
                assertClose(fused(cast(x), adding: cast(addend)).to(.float32), expected + addend, name)
                assertClose(
                    fused(cast(x), adding: cast(addend), activation: .relu).to(.float32), (expected + addend).relu(),
                    name)
            }
        }
    }

    func testAnotherSizeAndLayout() {
        Random.seed(13)
        let fused = FusedConvolution(weight: Tensor.randn([32, 16, 3, 3]), padding: [1, 1])
        let weight = Tensor.randn([32, 16, 3, 3])
        let other = FusedConvolution(weight: weight, padding: [1, 1])
        for shape in [[1, 16, 10, 12], [3, 16, 7, 5], [1, 16, 1, 1]] {
            let x = Tensor.randn(shape)
            XCTAssertEqual(
                fused(x).array(Float.self), fused(x.to(memoryFormat: .channelsLast)).array(Float.self), "\(shape)")
            assertClose(
                other(x.repeated([1, 1, 3, 3])),
                F.conv2d(x.repeated([1, 1, 3, 3]), weight: weight, padding: [1, 1]), "\(shape)")
        }
        XCTAssertEqual(other(Tensor.zeros([0, 16, 5, 5])).shape, [0, 32, 5, 5])
    }

    func testABatchNormIsFoldedIn() {
        Random.seed(14)
        let x = Tensor.randn([1, 8, 9, 9])
        let weight = Tensor.randn([12, 8, 3, 3])
        let bias = Tensor.randn([12])
        let (scale, shift, mean) = (Tensor.rand([12]) + 0.5, Tensor.randn([12]), Tensor.randn([12]))
        let variance = Tensor.rand([12]) + 0.5
        for bias in [bias, nil] {
            let fused = FusedConvolution(
                weight: weight, bias: bias, scale: scale, shift: shift, mean: mean, variance: variance, epsilon: 1e-3,
                padding: [1, 1])
            let expected = F.batchNorm(
                F.conv2d(x, weight: weight, bias: bias, padding: [1, 1]), weight: scale, bias: shift, runningMean: mean,
                runningVariance: variance, training: false, epsilon: 1e-3)
            assertClose(fused(x), expected, "with a bias: \(bias != nil)")
        }
    }

    /// Layers before it leave bfloat16, and the weight is float32.
    func testInputsOfAnotherTypeUnderAutocast() {
        Random.seed(15)
        let x = Tensor.randn([2, 16, 6, 6])
        let weight = Tensor.randn([32, 16, 1, 1])
        let fused = FusedConvolution(weight: weight)
        let y = withAutocast(.bfloat16) { fused(x.to(.bfloat16), activation: .relu) }
        // A CPU that multiplies bfloat16 rounds the weight and the result; others the result alone.
        let expected = F.conv2d(x.to(.bfloat16).to(.float32), weight: weight).relu()
        let difference = (y.to(.float32) - expected).abs().amax().item()
        XCTAssertLessThan(difference, 0.01 * expected.amax().item())
    }

    func testItsWeightIsReleased() {
        let weight = Tensor.randn([64, 64, 3, 3])
        let x = Tensor.randn([1, 64, 10, 10])
        let before = Tensor.liveHandleCount
        for _ in 0..<10 { _ = FusedConvolution(weight: weight, padding: [1, 1])(x) }
        XCTAssertEqual(Tensor.liveHandleCount, before)
    }
}
