import CTorch
import Tensors
import XCTest

/// `F.conv2d` and `F.conv3d` with the channels last in float32, where products of matrices do their work, against
/// libtorch's own in float64.
final class ConvolutionTests: XCTestCase {
    private struct Case {
        let input, weight, stride, padding: [Int]
        var dilation: [Int]?
    }

    /// Pointwise, strided, a stem, depths of one and of several passes, a last panel of 16, more blocks than one, a
    /// dilated kernel that hangs over the edge, an input smaller than its kernel, strides that leave pixels or whole rows
    /// of them unread, lines that are read by several taps, and over time.
    private let cases = [
        Case(input: [2, 16, 5, 7], weight: [16, 16, 1, 1], stride: [1, 1], padding: [0, 0]),
        Case(input: [3, 528, 9, 11], weight: [80, 528, 1, 1], stride: [1, 1], padding: [0, 0]),
        Case(input: [2, 64, 8, 7], weight: [96, 64, 1, 1], stride: [2, 2], padding: [0, 0]),
        Case(input: [2, 48, 6, 6], weight: [32, 48, 1, 1], stride: [1, 1], padding: [1, 1]),
        Case(input: [2, 3, 37, 41], weight: [64, 3, 7, 7], stride: [2, 2], padding: [3, 3]),
        Case(input: [1, 3, 15, 13], weight: [16, 3, 3, 3], stride: [1, 1], padding: [1, 1]),
        Case(input: [2, 112, 12, 10], weight: [48, 112, 3, 3], stride: [2, 2], padding: [1, 1]),
        Case(input: [1, 32, 9, 10], weight: [544, 32, 3, 3], stride: [1, 1], padding: [1, 1]),
        Case(input: [1, 32, 9, 7], weight: [32, 32, 3, 3], stride: [1, 1], padding: [4, 3], dilation: [3, 2]),
        Case(input: [2, 16, 2, 1], weight: [16, 16, 3, 5], stride: [1, 2], padding: [1, 2]),
        Case(input: [1, 16, 8, 9], weight: [16, 16, 3, 3], stride: [1, 1], padding: [0, 0]),
        Case(input: [2, 32, 13, 10], weight: [64, 32, 3, 3], stride: [2, 2], padding: [0, 1]),
        Case(input: [1, 16, 11, 14], weight: [32, 16, 5, 2], stride: [3, 3], padding: [2, 0]),
        Case(input: [1, 48, 9, 8], weight: [32, 48, 1, 1], stride: [2, 3], padding: [0, 0]),
        Case(input: [3, 64, 17, 13], weight: [32, 64, 3, 3], stride: [1, 1], padding: [1, 1]),
        Case(input: [1, 512, 5, 6], weight: [32, 512, 3, 3], stride: [1, 1], padding: [1, 1]),
        Case(input: [2, 3, 5, 12, 11], weight: [32, 3, 5, 7, 7], stride: [1, 2, 2], padding: [2, 3, 3]),
        Case(input: [1, 32, 4, 5, 6], weight: [48, 32, 3, 3, 3], stride: [2, 1, 1], padding: [1, 1, 1]),
        Case(input: [2, 32, 3, 5, 6], weight: [64, 32, 1, 1, 1], stride: [2, 2, 2], padding: [0, 0, 0]),
    ]

    /// bfloat16 tiles that are read where the pixels lie: lines of one tile, of several and of an odd number of them, a last
    /// panel of 16, images of more than one block, strides with and without padding, wide and dilated kernels, padding
    /// around one pixel, and fewer pixels than two tiles have rows.
    private let casesInPlace = [
        Case(input: [2, 32, 3, 14], weight: [32, 32, 3, 3], stride: [1, 1], padding: [1, 1]),
        Case(input: [1, 64, 30, 28], weight: [48, 64, 3, 3], stride: [1, 1], padding: [1, 1]),
        Case(input: [2, 32, 13, 56], weight: [96, 32, 3, 3], stride: [1, 1], padding: [1, 1]),
        Case(input: [1, 64, 55, 56], weight: [64, 64, 3, 3], stride: [2, 2], padding: [1, 1]),
        Case(input: [1, 32, 27, 29], weight: [32, 32, 3, 3], stride: [2, 2], padding: [0, 1]),
        Case(input: [1, 32, 20, 26], weight: [32, 32, 3, 3], stride: [1, 1], padding: [2, 2], dilation: [2, 2]),
        Case(input: [3, 32, 11, 15], weight: [32, 32, 5, 2], stride: [3, 1], padding: [2, 0]),
        Case(input: [2, 64, 27, 55], weight: [64, 64, 1, 1], stride: [2, 2], padding: [0, 0]),
        Case(input: [2, 32, 6, 12], weight: [32, 32, 1, 1], stride: [1, 1], padding: [1, 1]),
        Case(input: [1, 64, 7, 7], weight: [2080, 64, 1, 1], stride: [1, 1], padding: [0, 0]),
        Case(input: [1, 32, 1, 1], weight: [16, 32, 1, 1], stride: [1, 1], padding: [0, 0]),
        Case(input: [1, 1024, 9, 8], weight: [320, 1024, 1, 1], stride: [1, 1], padding: [0, 0]),
    ]

    private func convolve(_ c: Case, _ x: Tensor, _ weight: Tensor, _ bias: Tensor?) -> Tensor {
        let dilation = c.dilation ?? c.stride.map { _ in 1 }
        return c.stride.count == 2
            ? F.conv2d(x, weight: weight, bias: bias, stride: c.stride, padding: c.padding, dilation: dilation)
            : F.conv3d(x, weight: weight, bias: bias, stride: c.stride, padding: c.padding, dilation: dilation)
    }

    private func assertClose(_ a: Tensor, _ b: Tensor, _ message: String, line: UInt = #line) {
        XCTAssertEqual(a.shape, b.shape, message, line: line)
        guard a.shape == b.shape else { return }
        XCTAssertLessThan((a.to(.float64) - b).abs().amax().item(), 2e-5 * b.abs().amax().item(), message, line: line)
    }

    func testValuesAndGradientsEqualThoseInFloat64() throws {
        try Instructions.atEachLevel { _ in try compareWithFloat64() }
    }

    private func compareWithFloat64() throws {
        Random.seed(5)
        for c in cases {
            let format: MemoryFormat = c.stride.count == 2 ? .channelsLast : .channelsLast3D
            for hasBias in [true, false] {
                let values = [Tensor.randn(c.input), Tensor.randn(c.weight) * 0.1, Tensor.randn([c.weight[0]])]
                func run(_ dtype: DType, _ upstream: Tensor?) throws -> (result: Tensor, gradients: [Tensor]) {
                    let operands = values.map { value in
                        (value.rank > 1 ? value.to(memoryFormat: format) : value).to(dtype).requiringGrad()
                    }
                    let result = convolve(c, operands[0], operands[1], hasBias ? operands[2] : nil)
                    guard let upstream else { return (result, []) }
                    let wanted = hasBias ? operands : [operands[0], operands[1]]
                    let found = gradients(of: [(result * upstream.to(dtype)).sum()], for: wanted)
                    return (result, try found.map { try XCTUnwrap($0, "\(c.weight)") })
                }
                let upstream = Tensor.randn(try run(.float64, nil).result.shape)
                let (fast, exact) = (try run(.float32, upstream), try run(.float64, upstream))
                let name = "\(c.input) * \(c.weight), bias: \(hasBias)"
                assertClose(fast.result, exact.result, name)
                for (place, pair) in zip(fast.gradients, exact.gradients).enumerated() {
                    assertClose(pair.0, pair.1, "\(name), gradient \(place)")
                }
                // libtorch's own 3D convolutions choose another layout.
                if Instructions.used >= .avx2 { XCTAssertTrue(fast.result.isChannelsLast, name) }
            }
        }
    }

    /// Odd numbers of 24 bits, which a piece too few would round: the identity gives them back bit for bit. The gradients
    /// keep 17 bits of each number.
    func testNoDigitOfFloat32IsLost() throws {
        let count = 32 * 6 * 7
        let odd = (0..<count).map { (index: Int) -> Float in
            let number = Float(16_777_215 - 2 * index)
            return index % 3 == 0 ? -number : number
        }
        let numbers = Tensor(odd).reshape([1, 6, 7, 32]).permute([0, 3, 1, 2])
        try Instructions.atEachLevel { _ in
            let x = numbers.detached().requiringGrad()
            let y = F.conv2d(x, weight: Tensor.eye(32).reshape([32, 32, 1, 1]))
            XCTAssertEqual(y.array(Float.self), numbers.array(Float.self))
            let found = try XCTUnwrap(gradients(of: [(y * numbers).sum()], for: [x])[0])
            XCTAssertLessThanOrEqual(((found - numbers) / numbers).abs().amax().item(), 0x1p-17)
        }
    }

    /// bfloat16 in and out, summed in float32: within one rounding of what float64 makes of the same numbers.
    func testBFloat16InferenceEqualsFloat64() {
        Random.seed(7)
        for c in cases + casesInPlace {
            let format: MemoryFormat = c.stride.count == 2 ? .channelsLast : .channelsLast3D
            let x = Tensor.randn(c.input).to(memoryFormat: format).to(.bfloat16)
            let weight = (Tensor.randn(c.weight) * 0.1).to(memoryFormat: format).to(.bfloat16)
            let bias = Tensor.randn([c.weight[0]]).to(.bfloat16)
            withoutGrad {
                let exact = convolve(c, x.to(.float64), weight.to(.float64), bias.to(.float64))
                let addend = Tensor.randn(exact.shape).to(memoryFormat: format).to(.bfloat16)
                let fused = FusedConvolution(
                    weight: weight, bias: bias, stride: c.stride, padding: c.padding,
                    dilation: c.dilation ?? c.stride.map { _ in 1 })
                let name = "\(c.input) * \(c.weight)"
                for (result, expected) in [
                    (fused(x), exact),
                    (fused(x, adding: addend, activation: .relu), (exact + addend.to(.float64)).relu()),
                ] {
                    XCTAssertEqual(result.dtype, .bfloat16)
                    let error = ((result.to(.float64) - expected).abs() - expected.abs() * 0.004).amax().item()
                    XCTAssertLessThan(error, 1e-5 * expected.abs().amax().item(), name)
                }
            }
        }
    }

    /// Training under autocast, with the weight in float32: the result and the input's gradient are rounded once, and the
    /// weight's gradient not at all. What rounds the weight and the upstream gradient is known, so float64 has the same numbers.
    func testBFloat16TrainingRoundsMapsOnly() throws {
        let before = Instructions.used
        defer { Instructions.used = before }
        Instructions.used = .avx512BFloat16
        try XCTSkipUnless(
            Instructions.used == .avx512BFloat16, "without its dot product libtorch convolves in bfloat16")
        Random.seed(8)
        for c in cases + casesInPlace {
            let format: MemoryFormat = c.stride.count == 2 ? .channelsLast : .channelsLast3D
            let name = "\(c.input) * \(c.weight)"
            func rounded(_ shape: [Int]) -> Tensor { Tensor.randn(shape).to(.bfloat16).to(.float32) }
            let (x, weight) = (
                rounded(c.input).to(memoryFormat: format), Tensor.randn(c.weight).to(memoryFormat: format)
            )
            let bias = Tensor.randn([c.weight[0]])
            func pass(_ dtype: DType, _ weight: Tensor, _ upstream: Tensor?) throws -> [Tensor] {
                let operands = [x, weight, bias].map { $0.to(dtype).requiringGrad() }
                let convolved = { self.convolve(c, operands[0], operands[1], operands[2]) }
                let y = dtype == .float32 ? withAutocast(.bfloat16, convolved) : convolved()
                guard let upstream else { return [y] }
                let found = gradients(of: [(y.to(.float64) * upstream.to(.float64)).sum()], for: operands)
                return try [y] + found.map { try XCTUnwrap($0, name) }
            }
            let upstream = rounded(try pass(.float64, weight, nil)[0].shape)
            let found = try pass(.float32, weight, upstream)
            let exact = try pass(.float64, weight.to(.bfloat16), upstream)
            XCTAssertEqual(found.map(\.dtype), [.bfloat16, .float32, .float32, .float32], name)
            // The input was float32: its gradient passed through bfloat16 on the way.
            for (index, share) in [0.004, 0.004, 0, 0].enumerated() {
                let (value, expected) = (found[index].detached().to(.float64), exact[index].detached())
                let error = ((value - expected).abs() - expected.abs() * share).amax().item()
                XCTAssertLessThan(error, 1e-5 * expected.abs().amax().item(), "\(name), \(index)")
            }
        }
    }

    /// A convolution doesn't keep the norm that it reads: it makes it again. So it isn't disturbed where the map is written to
    /// after it was read, and its gradients are those of a kept map, bit for bit.
    func testANormIsMadeAgainForTheGradientOfTheConvolutionThatReadsIt() throws {
        Random.seed(9)
        for (dtype, kernel) in [(DType.float32, 1), (.float32, 3), (.bfloat16, 1)] {
            let x = Tensor.randn([3, 64, 40, 28]).to(memoryFormat: .channelsLast).to(dtype)
            let weight = Tensor.randn([64, 64, kernel, kernel])
            let (scale, shift) = (Tensor.rand([64]) + 0.5, Tensor.randn([64]))
            func pass(_ change: (Tensor) -> Tensor) throws -> [Tensor] {
                let operands = [x, weight, scale, shift].map { $0.detached().requiringGrad() }
                let norm = SumTerm(operands[0], norm: .group(8), weight: operands[2], bias: operands[3])
                let map = F.normalizedSum([norm], rectified: true)
                func convolved() -> Tensor {
                    kernel == 1
                        ? F.conv2d(change(map), weight: operands[1])
                        : F.conv3x3([change(map)], weight: operands[1], bias: nil)[0]
                }
                let y = dtype == .float32 ? convolved() : withAutocast(.bfloat16, convolved)
                withoutGrad { map.fillInPlace(.nan) }
                let found = gradients(of: [(y.to(.float32) * y.to(.float32)).sum()], for: operands)
                return try found.map { try XCTUnwrap($0) }
            }
            // In training, a tile unit's convolutions in bfloat16 are libtorch's, which keep their maps.
            let remade = try Instructions.limited(to: .avx512BFloat16) { try pass { $0 } }
            // A clone is no norm, and is kept.
            let kept = try Instructions.limited(to: .avx512BFloat16) { try pass { $0.clone() } }
            for (a, b) in zip(remade, kept) {
                XCTAssertEqual(
                    a.to(.float32).array(Float.self), b.to(.float32).array(Float.self), "\(dtype), \(kernel)")
            }
        }
    }

    /// Nor does a norm keep the first convolution, whose map is the largest of a network: the images make it again.
    func testTheFirstConvolutionIsMadeAgainForTheGradientOfItsNorm() throws {
        Random.seed(10)
        let images = Tensor.randn([2, 3, 21, 18]).to(memoryFormat: .channelsLast)
        let (weight, scale) = (Tensor.randn([32, 3, 7, 7]), Tensor.rand([32]) + 0.5)
        for dtype in [DType.float32, .bfloat16] {
            func pass(isOverwritten: Bool) throws -> [[Float]] {
                let operands = [weight, scale].map { $0.detached().requiringGrad() }
                let convolved = { F.conv2d(images, weight: operands[0], stride: [2, 2], padding: [3, 3]) }
                let map = dtype == .float32 ? convolved() : withAutocast(.bfloat16, convolved)
                let norm = SumTerm(
                    map, norm: .batch(runningMean: nil, runningVariance: nil, momentum: 0), weight: operands[1])
                let y = F.normalizedSum([norm], rectified: true)
                if isOverwritten { withoutGrad { map.fillInPlace(.nan) } }
                let found = gradients(of: [(y.to(.float32) * y.to(.float32)).sum()], for: operands)
                return try found.map { try XCTUnwrap($0).array(Float.self) }
            }
            // In training, a tile unit's convolutions in bfloat16 are libtorch's, whose maps are kept.
            try Instructions.limited(to: .avx512BFloat16) {
                XCTAssertEqual(try pass(isOverwritten: true), try pass(isOverwritten: false), "\(dtype)")
            }
        }
    }

    /// Clips that are shorter than the kernel along an axis, in bfloat16: oneDNN's own kernels for them corrupt memory on some
    /// CPUs.
    func testClipsShorterThanTheKernelInBFloat16() {
        Random.seed(22)
        for (shape, kernel, stride) in [
            ([2, 64, 2, 3, 3], [3, 3, 3], 1), ([2, 64, 2, 2, 2], [3, 1, 1], 1), ([2, 16, 8, 1, 1], [3, 3, 3], 2),
            ([2, 16, 8, 1, 1], [1, 3, 3], 2), ([1, 16, 1, 4, 4], [3, 3, 3], 1),
        ] {
            let x = Tensor.randn(shape)
            let weight = Tensor.randn([32, shape[1]] + kernel) * 0.05
            let padding = kernel.map { $0 / 2 }
            func pass(_ convolve: (Tensor, Tensor) -> Tensor) -> [Tensor] {
                let (a, b) = (x.clone().requiringGrad(), weight.clone().requiringGrad())
                let y = convolve(a, b).to(.float32)
                (y * y).sum().backward()
                return [y] + [a, b].compactMap(\.grad)
            }
            func convolve(_ x: Tensor, _ weight: Tensor) -> Tensor {
                F.conv3d(x, weight: weight, stride: [stride, stride, stride], padding: padding)
            }
            let exact = pass(convolve)
            let fused = FusedConvolution(
                weight: weight, stride: [stride, stride, stride], padding: padding, dilation: [1, 1, 1])
            for found in [
                pass { x, weight in withAutocast(.bfloat16) { convolve(x, weight) } },
                pass { convolve($0.to(.bfloat16), $1.to(.bfloat16)) },
                [withoutGrad { withAutocast(.bfloat16) { fused(x) } }],
            ] {
                for (half, float) in zip(found, exact) {
                    let difference = (half.detached().to(.float32) - float.detached()).abs().amax().item()
                    XCTAssertLessThan(difference, 0.04 * float.detached().abs().amax().item(), "\(shape), \(kernel)")
                }
            }
            XCTAssertEqual(exact.count, 3)
        }
    }

    /// A ramp that a person can check: the sum of a 3×3 window of ones counts the pixels that it covers.
    func testAWindowOfOnesCountsPixels() {
        let x = Tensor.ones([1, 16, 4, 5]).to(memoryFormat: .channelsLast)
        let y = F.conv2d(x, weight: Tensor.ones([16, 16, 3, 3]), padding: [1, 1])
        let rows: [Float] = [2, 3, 3, 2], columns: [Float] = [2, 3, 3, 3, 2]
        for (i, row) in rows.enumerated() {
            for (j, column) in columns.enumerated() {
                XCTAssertEqual(y[0, 7, i, j].item(), Double(16 * row * column))
            }
        }
    }

    /// Equal sums in equal order, whatever the number of threads.
    func testThreadsDoNotChangeTheResult() throws {
        try XCTSkipUnless(Instructions.used >= .avx2, "without AVX2 oneDNN sums as it shares the work out")
        Random.seed(6)
        let x = Tensor.randn([2, 300, 23, 17]).to(memoryFormat: .channelsLast)
        let weight = Tensor.randn([608, 300, 1, 1])
        let threads = Threads.count
        defer { Threads.count = threads }
        let results = [1, 2, 3].map { count in
            Threads.count = count
            return F.conv2d(x, weight: weight).array(Float.self)
        }
        XCTAssertEqual(results[0], results[1])
        XCTAssertEqual(results[0], results[2])
    }

    func testNaNAndEmptyInputsPass() {
        let weight = Tensor.ones([16, 16, 1, 1])
        let x = Tensor.full([1, 16, 2, 2], Double.nan).to(memoryFormat: .channelsLast)
        XCTAssertTrue(F.conv2d(x, weight: weight).array(Float.self).allSatisfy(\.isNaN))
        // Without AVX2 oneDNN convolves, whose ReLU makes 0 of NaN.
        if Instructions.used >= .avx2 {
            XCTAssertTrue(
                withoutGrad { FusedConvolution(weight: weight)(x, activation: .relu) }.array(Float.self)
                    .allSatisfy(\.isNaN))
        }
        XCTAssertEqual(F.conv2d(Tensor.zeros([0, 16, 2, 2]), weight: weight).shape, [0, 16, 2, 2])
    }
}
