import NN
import Tensors
import XCTest

final class ConvolutionTests: XCTestCase {
    func testAKernelOfOnesSumsItsWindow() {
        let conv = Conv2d(1, 1, kernelSize: 2, stride: 2)
        conv.weight.initialize(.ones)
        conv.bias?.initialize(.constant(10))
        let x = Tensor((0..<16).map(Float.init), shape: [1, 1, 4, 4])
        // 0 + 1 + 4 + 5 + 10 and so on.
        assertEqual(conv(x), [20, 28, 52, 60])
    }

    func testGroupsKeepChannelsApart() {
        let conv = Conv2d(2, 2, kernelSize: 1, groups: 2, bias: false)
        conv.weight.assign(Tensor([Float(2), 3], shape: [2, 1, 1, 1]))
        assertEqual(conv(Tensor([Float(1), 10], shape: [1, 2, 1, 1])), [2, 30])
    }

    func testRectangularKernelsPaddingAndDilation() {
        let conv = Conv2d(1, 1, kernelSize: [1, 3], padding: [0, 2], dilation: [1, 2], bias: false)
        conv.weight.assign(Tensor([Float(1), 10, 100], shape: [1, 1, 1, 3]))
        assertEqual(conv(Tensor([Float(1), 2, 3], shape: [1, 1, 1, 3])), [310, 20, 31])
    }

    func testVolumesStrideInTime() {
        let conv = Conv3d(1, 1, kernelSize: [2, 1, 1], stride: [2, 1, 1], bias: false)
        conv.weight.initialize(.ones)
        let x = Tensor((0..<8).map(Float.init), shape: [1, 1, 4, 1, 2])
        assertEqual(conv(x), [2, 4, 10, 12])
    }

    func testTheGradientIsThatOfDifferences() throws {
        Random.seed(1)
        let conv = Conv2d(2, 3, kernelSize: 3, stride: 2, padding: 1)
        conv.convert(to: .float64)
        let x = Tensor.randn([2, 2, 5, 4], dtype: .float64)
        try assertGradient(at: x) { conv($0).square() }
        let weights = conv.weight.tensor.detached().clone()
        try assertGradient(at: weights) {
            F.conv2d(x, weight: $0, bias: conv.bias?.tensor, stride: [2, 2], padding: [1, 1]).square()
        }
    }

    func testTheFirstWeightsFillPyTorchsInterval() {
        Random.seed(0)
        let conv = Conv2d(16, 32, kernelSize: 3)
        let bound = 1 / (16.0 * 9).squareRoot()
        for parameter in conv.parameters {
            let values = parameter.tensor.array(Double.self)
            XCTAssertLessThanOrEqual(values.map(abs).max() ?? 1, bound)
            XCTAssertGreaterThan(values.map(abs).max() ?? 0, bound * 0.8)
        }
    }
}
