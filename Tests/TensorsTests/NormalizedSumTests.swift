import Tensors
import XCTest

/// The fused sum against the composed one, values and gradients, and against finite differences.
final class NormalizedSumTests: XCTestCase {
    private let shapes = [[2, 32, 5, 7], [3, 64, 16, 12], [1, 16, 1, 3], [2, 48, 3, 4, 5], [2, 2048, 7, 7]]

    private func random(_ shape: [Int], _ dtype: DType = .float32) -> Tensor {
        let x = Tensor.randn(shape) * 2 + 1.5
        return x.to(dtype).to(memoryFormat: shape.count == 4 ? .channelsLast : .channelsLast3D)
    }

    /// Makes the addends anew for each evaluation, because a batch norm moves its running statistics.
    private struct Operands {
        var maps: [Tensor]
        var weights: [Tensor]
        var biases: [Tensor]
        var mean: Tensor
        var variance: Tensor

        var leaves: [Tensor] { maps + weights + biases }
    }

    private func operands(_ shape: [Int], _ dtype: DType = .float32) -> Operands {
        let c = shape[1]
        return Operands(
            maps: (0..<4).map { _ in random(shape, dtype).requiringGrad() },
            weights: (0..<4).map { _ in (Tensor.rand([c]) + 0.5).requiringGrad() },
            biases: (0..<4).map { _ in Tensor.randn([c]).requiringGrad() }, mean: Tensor.randn([c]),
            variance: Tensor.rand([c]) + 0.5)
    }

    /// Every kind of addend, alone and together.
    private let kinds: [(name: String, terms: (Operands) -> [SumTerm])] = [
        ("bare", { [SumTerm($0.maps[0]), SumTerm($0.maps[1])] }),
        ("weighted", { [SumTerm($0.maps[0], weight: $0.weights[0]), SumTerm($0.maps[1])] }),
        (
            "batch",
            {
                [
                    SumTerm(
                        $0.maps[0], norm: .batch(runningMean: $0.mean, runningVariance: $0.variance, momentum: 0.1),
                        weight: $0.weights[0], bias: $0.biases[0])
                ]
            }
        ),
        (
            "fixed",
            {
                [
                    SumTerm(
                        $0.maps[0], norm: .fixed(mean: $0.mean, variance: $0.variance), weight: $0.weights[0],
                        bias: $0.biases[0])
                ]
            }
        ),
        ("group", { [SumTerm($0.maps[0], norm: .group(8), weight: $0.weights[0], bias: $0.biases[0])] }),
        ("layer", { [SumTerm($0.maps[0], norm: .group(1))] }),
        (
            "batch and identity",
            {
                [
                    SumTerm(
                        $0.maps[0], norm: .batch(runningMean: $0.mean, runningVariance: $0.variance, momentum: 0.1),
                        weight: $0.weights[0], bias: $0.biases[0]), SumTerm($0.maps[1]),
                ]
            }
        ),
        (
            "batch and RG with identity",
            {
                [
                    SumTerm(
                        $0.maps[0], norm: .batch(runningMean: nil, runningVariance: nil, momentum: 0),
                        weight: $0.weights[0], bias: $0.biases[0]),
                    SumTerm($0.maps[1], norm: .group(4), weight: $0.weights[1], bias: $0.biases[1], isPlain: true),
                ]
            }
        ),
        (
            "dense",
            {
                [
                    SumTerm(
                        $0.maps[0], norm: .batch(runningMean: $0.mean, runningVariance: $0.variance, momentum: 0.1),
                        weight: $0.weights[0], bias: $0.biases[0]),
                    SumTerm($0.maps[1], norm: .group(16), weight: $0.weights[1]),
                    SumTerm($0.maps[2], norm: .group(16), weight: $0.weights[2]),
                    SumTerm($0.maps[3], norm: .group(16)), SumTerm($0.maps[3]),
                ]
            }
        ),
    ]

    private func assertClose(_ a: Tensor, _ b: Tensor, _ tolerance: Double, _ message: String) {
        XCTAssertEqual(a.shape, b.shape, message)
        let scale = Swift.max(b.to(.float32).abs().amax().item(), 1e-3)
        let difference = (a.to(.float32) - b.to(.float32)).abs().amax().item()
        XCTAssertLessThanOrEqual(difference, tolerance * scale, message)
    }

    private func evaluate(
        _ o: Operands, _ terms: (Operands) -> [SumTerm], rectified: Bool, fused: Bool, upstream: Tensor
    ) -> (value: Tensor, gradients: [Tensor?], mean: Tensor, variance: Tensor) {
        var copy = o
        copy.mean = o.mean.clone()
        copy.variance = o.variance.clone()
        for leaf in o.leaves { leaf.setGrad(nil) }
        let list = terms(copy)
        let sum =
            fused ? F.normalizedSum(list, rectified: rectified) : F.composedSum(list, rectified: rectified)
        sum.backward(gradient: upstream)
        return (sum.detached(), o.leaves.map { $0.grad?.clone() }, copy.mean, copy.variance)
    }

    func testEqualsTheComposedOne() {
        Random.seed(21)
        for shape in shapes {
            for (name, terms) in kinds {
                for rectified in [false, true] {
                    let o = operands(shape)
                    let upstream = random(shape)
                    let a = evaluate(o, terms, rectified: rectified, fused: true, upstream: upstream)
                    let b = evaluate(o, terms, rectified: rectified, fused: false, upstream: upstream)
                    let place = "\(name), \(shape), rectified \(rectified)"
                    assertClose(a.value, b.value, 1e-5, place)
                    assertClose(a.mean, b.mean, 1e-6, "\(place): running mean")
                    assertClose(a.variance, b.variance, 1e-6, "\(place): running variance")
                    for (i, (ours, theirs)) in zip(a.gradients, b.gradients).enumerated() {
                        XCTAssertEqual(ours == nil, theirs == nil, "\(place), gradient \(i)")
                        if let ours, let theirs { assertClose(ours, theirs, 2e-4, "\(place), gradient \(i)") }
                    }
                }
            }
        }
    }

    func testBfloat16StaysCloseToFloat32() {
        Random.seed(22)
        let shape = [2, 64, 9, 8]
        for (name, terms) in kinds {
            var o = operands(shape, .bfloat16)
            let upstream = random(shape, .bfloat16)
            let a = evaluate(o, terms, rectified: true, fused: true, upstream: upstream)
            XCTAssertEqual(a.value.dtype, .bfloat16, name)
            o.maps = o.maps.map { $0.detached().to(.float32).requiringGrad() }
            let b = evaluate(o, terms, rectified: true, fused: false, upstream: upstream.to(.float32))
            assertClose(a.value, b.value, 8e-3, name)
            for (i, (ours, theirs)) in zip(a.gradients, b.gradients).enumerated() {
                if let ours, let theirs { assertClose(ours, theirs, 2e-2, "\(name), gradient \(i)") }
            }
        }
    }

    /// Those are written past the cache, or in another order where their moments are taken.
    func testMapsLargerThanTheCache() {
        Random.seed(27)
        for (shape, dtype) in [([1, 64, 360, 384], DType.float32), ([1, 64, 512, 528], .bfloat16)] {
            let o = operands(shape, dtype)
            let upstream = random(shape, dtype)
            let terms = kinds.first { $0.name == "batch and RG with identity" }?.terms ?? { _ in [] }
            let tolerance = dtype == .float32 ? 1e-5 : 1e-2
            for rectified in [false, true] {
                let expected = F.composedSum(terms(o), rectified: rectified)
                assertClose(F.normalizedSum(terms(o), rectified: rectified), expected, tolerance, "\(dtype)")
                assertClose(F.sumWithMoments(terms(o), rectified: rectified).sum, expected, tolerance, "\(dtype)")
            }
            let a = evaluate(o, terms, rectified: false, fused: true, upstream: upstream)
            let b = evaluate(o, terms, rectified: false, fused: false, upstream: upstream)
            // The affines' are sums that libtorch takes in float32, with fewer digits than these.
            for (i, (ours, theirs)) in zip(a.gradients, b.gradients).prefix(2).enumerated() {
                guard let ours, let theirs else { return XCTFail("map \(i) has no gradient") }
                assertClose(ours, theirs, 10 * tolerance, "\(dtype), gradient \(i)")
            }
        }
    }

    func testMomentsAreThoseOfTheSum() throws {
        Random.seed(23)
        for shape in shapes {
            let (sum, moments) = F.sumWithMoments([SumTerm(random(shape)), SumTerm(random(shape))], rectified: true)
            let found = try XCTUnwrap(moments)
            let values = sum.flatten(from: 2)
            let mean = values.mean([2])
            let variance = (values - mean.unsqueeze(-1)).pow(2).mean([2])
            assertClose(found.select(dim: 1, index: 0), mean, 1e-5, "\(shape)")
            assertClose(found.select(dim: 1, index: 1), variance, 1e-5, "\(shape)")
            // A norm that is told them does what it does without.
            let told = F.normalizedSum([SumTerm(sum, norm: .group(4), moments: found)])
            assertClose(told, F.normalizedSum([SumTerm(sum, norm: .group(4))]), 1e-6, "\(shape)")
        }
    }

    /// A mean a thousand deviations from zero costs no digits that float32 has.
    func testStatisticsFarFromZero() {
        Random.seed(24)
        let x = (Tensor.randn([2, 32, 20, 20]) + 1000).to(memoryFormat: .channelsLast)
        let norm = F.normalizedSum([SumTerm(x, norm: .group(32))])
        let exact = F.groupNorm(x.to(.float64), groups: 32)
        assertClose(norm, exact, 2e-4, "offset of 1000")
    }

    /// The first pixel is the outlier: squares about it would have nothing left of the others.
    func testStatisticsOfOutliers() {
        Random.seed(26)
        var x = Tensor.randn([2, 32, 16, 16]).relu()
        x = Tensor.cat([Tensor.ones([2, 32, 1, 16]) * 30, x], dim: 2).to(memoryFormat: .channelsLast)
        let norm = F.normalizedSum([SumTerm(x, norm: .group(16))])
        assertClose(norm, F.groupNorm(x.to(.float64), groups: 16), 3e-7, "an outlier in front")
    }

    func testNotANumberIsNotHidden() {
        let x = Tensor.ones([1, 16, 2, 2]).to(memoryFormat: .channelsLast) * Double.nan
        XCTAssertTrue(F.normalizedSum([SumTerm(x)], rectified: true).sum().item().isNaN)
    }

    /// Rows that lie otherwise in memory, other types and odd channels go by the composed form.
    func testOtherOperandsAreComposed() {
        Random.seed(25)
        for x in [
            Tensor.randn([2, 32, 4, 4]), Tensor.randn([2, 12, 4, 4]).to(memoryFormat: .channelsLast),
            random([2, 32, 4, 4], .float64), Tensor.randn([2, 32]),
        ] {
            let terms = [SumTerm(x, norm: .group(4)), SumTerm(x)]
            assertClose(F.normalizedSum(terms, rectified: true), F.composedSum(terms, rectified: true), 0, "\(x.shape)")
        }
    }
}
