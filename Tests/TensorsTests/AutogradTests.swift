import Tensors
import XCTest

final class AutogradTests: XCTestCase {
    func testBackwardAccumulates() {
        let x = Tensor([1, 2, 3] as [Float]).requiringGrad()
        (x * x).sum().backward()
        XCTAssertEqual(x.grad?.array(Float.self), [2, 4, 6])
        (x * 10).sum().backward()
        XCTAssertEqual(x.grad?.array(Float.self), [12, 14, 16])
        x.setGrad(nil)
        XCTAssertNil(x.grad)
    }

    func testScopesAndDetaching() {
        let x = Tensor([2] as [Float]).requiringGrad()
        XCTAssertTrue((x * 2).requiresGrad)
        XCTAssertFalse((x * 2).isLeaf)
        withoutGrad {
            XCTAssertFalse(isGradEnabled)
            XCTAssertFalse((x * 2).requiresGrad)
            withGrad { XCTAssertTrue((x * 2).requiresGrad) }
        }
        XCTAssertTrue(isGradEnabled)
        XCTAssertFalse((x * 2).detached().requiresGrad)
        struct Stop: Error {}
        XCTAssertThrowsError(try withoutGrad { throw Stop() })
        XCTAssertTrue(isGradEnabled, "an error must not leave the scope open")
    }

    func testSecondDerivatives() {
        let x = Tensor([3] as [Double]).requiringGrad()
        let unused = Tensor([1] as [Double]).requiringGrad()
        let first = gradients(of: [x * x * x], for: [x, unused], createGraph: true)
        XCTAssertEqual(first[0]?.item(), 27)
        XCTAssertNil(first[1])
        guard let derivative = first[0] else { return XCTFail("no gradient") }
        XCTAssertEqual(gradients(of: [derivative], for: [x])[0]?.item(), 18)
        XCTAssertNil(x.grad)
    }

    func testAutocastChoosesTypesPerOperation() {
        let a = Tensor.randn([4, 4])
        withAutocast(.bfloat16) {
            XCTAssertEqual(a.matmul(a).dtype, .bfloat16)
            XCTAssertEqual((a + a).dtype, .float32)
        }
        XCTAssertEqual(a.matmul(a).dtype, .float32)
    }

    /// Every functional operation against central differences in float64.
    func testGradientsOfOperationsAgreeWithFiniteDifferences() {
        Random.seed(3)
        let image = Tensor.randn([2, 4, 5, 6], dtype: .float64)
        let weight = Tensor.randn([6, 2, 3, 3], dtype: .float64)
        let clip = Tensor.randn([1, 2, 3, 4, 4], dtype: .float64)
        let kernel = Tensor.randn([2, 2, 3, 3, 3], dtype: .float64)
        let matrix = Tensor.randn([3, 5], dtype: .float64)
        let scale = Tensor.rand([4], dtype: .float64) + 0.5
        let classes = Tensor([4, 0, 2] as [Int64])
        let probabilities = Tensor.rand([3, 5], dtype: .float64)
        let cases: [(String, Tensor, (Tensor) -> Tensor)] = [
            ("conv2d", image, { F.conv2d($0, weight: weight, stride: [2, 1], padding: [1, 1], groups: 2) }),
            ("conv2d weight", weight, { F.conv2d(image, weight: $0, padding: [1, 0], groups: 2) }),
            ("conv3d", clip, { F.conv3d($0, weight: kernel, padding: [1, 1, 1]) }),
            ("linear", matrix, { F.linear($0, weight: matrix) }),
            (
                "batchNorm", image,
                { F.batchNorm($0, weight: scale, bias: scale, runningMean: nil, runningVariance: nil, training: true) }
            ),
            ("groupNorm", image, { F.groupNorm($0, groups: 2, weight: scale, bias: scale) }),
            ("maxPool2d", image, { F.maxPool2d($0, kernelSize: [3, 3], stride: [2, 2], padding: [1, 1]) }),
            ("maxPool3d", clip, { F.maxPool3d($0, kernelSize: [2, 2, 2], stride: [1, 2, 2]) }),
            ("avgPool", image, { F.avgPool($0, kernelSize: [2, 2], stride: [2, 2]) }),
            ("adaptiveAvgPool", image, { F.adaptiveAvgPool($0, [2, 3]) }),
            ("bilinear", image, { F.interpolate($0, size: [7, 9], mode: .bilinear) }),
            ("nearest", image, { F.interpolate($0, size: [10, 12], mode: .nearest) }),
            ("pad", image, { F.pad($0, [1, 2, 0, 1]) }),
            ("crossEntropy", matrix, { F.crossEntropy($0, classes, labelSmoothing: 0.1) }),
            ("smoothL1", matrix, { F.smoothL1($0, probabilities, beta: 0.5, reduction: .none) }),
            ("binaryCrossEntropy", matrix, { F.binaryCrossEntropyWithLogits($0, probabilities) }),
            ("nllLoss", matrix, { F.nllLoss($0.logSoftmax(dim: 1), classes) }),
            ("softmax", matrix, { $0.softmax(dim: 1) }),
            ("indexSelect", matrix, { $0.indexSelect(dim: 1, classes) }),
            ("subscript", matrix, { $0[1..., .slice(from: 0, step: 2)] }),
        ]
        for (name, input, operation) in cases {
            checkGradient(name, input, operation)
        }
    }

    private func checkGradient(_ name: String, _ input: Tensor, _ operation: (Tensor) -> Tensor) {
        let x = input.clone().requiringGrad()
        let output = operation(x)
        // Weighting the outputs differently keeps errors from cancelling.
        let weights = Tensor.arange(1, Double(output.count + 1), dtype: .float64).reshape(output.shape).sin()
        guard let gradient = gradients(of: [(output * weights).sum()], for: [x])[0] else {
            return XCTFail("\(name): no gradient")
        }
        let values = input.array(Double.self)
        let analytic = gradient.array(Double.self)
        let step = 1e-5
        for i in stride(from: 0, to: values.count, by: max(1, values.count / 40)) {
            func loss(_ shift: Double) -> Double {
                var moved = values
                moved[i] += shift
                return (operation(Tensor(moved, shape: input.shape)) * weights).sum().item()
            }
            XCTAssertEqual(
                analytic[i], (loss(step) - loss(-step)) / (2 * step), accuracy: 1e-5, "\(name), element \(i)")
        }
    }

    func testTensorsAreFreedOverATrainingLoop() {
        let weight = Tensor.randn([8, 8]).requiringGrad()
        func step() {
            let loss = F.linear(Tensor.randn([4, 8]), weight: weight).relu().square().mean()
            loss.backward()
            withoutGrad {
                if let grad = weight.grad { weight.addInPlace(grad, scale: -0.01) }
            }
            weight.setGrad(nil)
        }
        step()
        let before = Tensor.liveHandleCount
        for _ in 0..<200 { step() }
        XCTAssertEqual(Tensor.liveHandleCount, before)
    }
}
