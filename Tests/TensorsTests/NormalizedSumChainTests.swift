import Tensors
import TestSupport
import XCTest

/// Sums of sums, whose gradients are handed from sum to sum without passing through autograd, against the composed ones.
final class NormalizedSumChainTests: XCTestCase {
    private typealias Sum = Chain.Sum

    private let chains = Chain.all

    private func fused(_ terms: [SumTerm], rectified: Bool) -> Tensor { F.normalizedSum(terms, rectified: rectified) }
    private func composed(_ terms: [SumTerm], rectified: Bool) -> Tensor { F.composedSum(terms, rectified: rectified) }

    /// Leaves with which rounding turns no ReLU of the chain over.
    private func steady(_ chain: Chain, _ shape: [Int]) -> Leaves {
        while true {
            let l = Leaves(shape)
            var least = Double.infinity
            withoutGrad {
                _ = chain.build(l.exact) { terms, rectified in
                    let sum = F.composedSum(terms)
                    guard rectified else { return sum }
                    least = min(least, -(-sum.abs()).amax().item())
                    return sum.relu()
                }
            }
            if least > 1e-5 { return l }
        }
    }

    private func upstream(_ shape: [Int], count: Int = 1) -> [Tensor] {
        Leaves(shape).maps.prefix(count).map { $0.detached() }
    }

    private func assertClose(_ a: Tensor?, _ b: Tensor?, _ tolerance: Double, _ message: String) {
        guard let a, let b else { return XCTAssertTrue(a == nil && b == nil, "\(message): only one has a gradient") }
        // What a norm cancels has no gradient but rounding.
        let scale = Swift.max(b.to(.float64).abs().amax().item(), 0.1)
        let difference = (a.to(.float64) - b.to(.float64)).abs().amax().item()
        XCTAssertLessThanOrEqual(difference, tolerance * scale, message)
    }

    /// Gradients of all leaves, from the last sum or from all of them.
    private func gradients(
        _ chain: Chain, _ l: Leaves, _ sum: Sum, _ upstream: [Tensor], fromAll: Bool = false
    ) -> [Tensor?] {
        let outputs = chain.build(l, sum)
        let ends = fromAll ? outputs : Array(outputs.suffix(1))
        return Tensors.gradients(
            of: ends, for: l.all, outputGradients: upstream.prefix(ends.count).map { $0.to(outputs[0].dtype) })
    }

    func testEqualsTheComposedOne() {
        Random.seed(31)
        for shape in [[2, 32, 5, 7], [3, 64, 6, 5], [2, 32, 2, 3, 4]] {
            for chain in chains {
                let l = steady(chain, shape)
                let upstream = upstream(shape, count: 7)
                for fromAll in [false, true] {
                    let a = gradients(chain, l, fused, upstream, fromAll: fromAll)
                    let b = gradients(chain, l.exact, composed, upstream, fromAll: fromAll)
                    for (i, (ours, theirs)) in zip(a, b).enumerated() {
                        assertClose(ours, theirs, 2e-4, "\(chain.name), \(shape), from all \(fromAll), leaf \(i)")
                    }
                }
            }
        }
    }

    /// Many blocks of rows, several images and more than one thread.
    func testLargeMaps() {
        Random.seed(32)
        let shape = [3, 64, 40, 36]
        for chain in chains where ["RG with identity", "4 dense, group, weighted", "inner"].contains(chain.name) {
            let l = Leaves(shape)
            let upstream = upstream(shape)
            let a = gradients(chain, l, fused, upstream)
            let b = gradients(chain, l.exact, composed, upstream)
            for (i, (ours, theirs)) in zip(a, b).enumerated() {
                guard let ours, let theirs else { continue }
                // A ReLU that rounding has turned over changes single values.
                let error = (ours.to(.float64) - theirs).norm().item() / theirs.norm().item()
                XCTAssertLessThan(error, 5e-3, "\(chain.name), leaf \(i)")
            }
        }
    }

    /// Farther from the truth than libtorch's own sums in bfloat16 it must not be.
    func testBfloat16IsNoWorseThanTheComposedOne() {
        Random.seed(33)
        let shape = [2, 64, 9, 8]
        var ratios: [Double] = []
        for chain in chains {
            var errors = [0.0, 0.0]
            for _ in 0..<3 {
                let l = Leaves(shape, .bfloat16)
                let upstream = upstream(shape)
                let truth = gradients(chain, l.exact, composed, upstream)
                let found = [
                    gradients(chain, l, fused, upstream),
                    gradients(chain, l.with { $0.to(memoryFormat: .contiguous) }, composed, upstream),
                ]
                let most = truth.compactMap { $0?.norm().item() }.max() ?? 0
                for (i, truth) in truth.enumerated() {
                    XCTAssertEqual(found[0][i] == nil, truth == nil, "\(chain.name), leaf \(i)")
                    guard let truth else { continue }
                    XCTAssertEqual(found[0][i]?.dtype, l.all[i].dtype, "\(chain.name), leaf \(i)")
                    for (which, gradients) in found.enumerated() {
                        guard let gradient = gradients[i] else { continue }
                        errors[which] +=
                            (gradient.to(.float64) - truth).norm().item() / Swift.max(truth.norm().item(), 1e-3 * most)
                    }
                }
            }
            // A ReLU that is turned over weighs more than all rounding: chains are compared all together.
            XCTAssertLessThan(errors[0], errors[1] * 3, chain.name)
            ratios.append(errors[0] / errors[1])
        }
        XCTAssertLessThan(ratios.map { log($0) }.reduce(0, +), 0, "\(ratios)")
    }

    /// The ledgers are empty again after a pass.
    func testASecondPassOverTheSameGraph() {
        Random.seed(34)
        for chain in chains {
            let l = Leaves([2, 32, 5, 7])
            let output = chain.build(l, fused)
            let upstream = upstream([2, 32, 5, 7])[0]
            func pass() -> [Tensor?] {
                Tensors.gradients(
                    of: [output[output.count - 1]], for: l.all, outputGradients: [upstream], retainGraph: true)
            }
            let first = pass()
            for (i, (a, b)) in zip(pass(), first).enumerated() { assertClose(a, b, 0, "\(chain.name), leaf \(i)") }
            for _ in 0..<2 { output[output.count - 1].backward(gradient: upstream, retainGraph: true) }
            for (i, (leaf, b)) in zip(l.all, first).enumerated() {
                assertClose(leaf.grad, b.map { $0 * 2 }, 1e-6, "\(chain.name), accumulated, leaf \(i)")
            }
        }
    }

    /// Where the gradient of a sum is asked for, it must be whole, and what is behind it may not run.
    func testGradientsOfSumsOnTheWay() {
        Random.seed(35)
        for chain in chains {
            let l = steady(chain, [2, 32, 5, 7])
            let exact = l.exact
            let upstream = upstream([2, 32, 5, 7])[0]
            let choices: [(String, (Leaves, [Tensor]) -> [Tensor])] = [
                ("the first sum", { [$1[0]] }), ("all sums", { Array($1.dropLast()) }),
                ("a sum and what made it", { [$1[$1.count - 2]] + $0.maps }), ("one map", { l, _ in [l.maps[0]] }),
                ("one weight", { l, _ in [l.weights[0]] }), ("late leaves", { l, _ in [l.maps[3], l.weights[3]] }),
                ("the first sum and a leaf", { [$1[0], $0.biases[1]] }),
            ]
            for (name, inputs) in choices {
                func wanted(_ l: Leaves, _ sum: Sum) -> [Tensor?] {
                    let outputs = chain.build(l, sum)
                    let end = outputs[outputs.count - 1]
                    return Tensors.gradients(
                        of: [end], for: inputs(l, outputs), outputGradients: [upstream.to(end.dtype)])
                }
                for (i, (ours, theirs)) in zip(wanted(l, fused), wanted(exact, composed)).enumerated() {
                    assertClose(ours, theirs, 2e-4, "\(chain.name), \(name), \(i)")
                }
            }
        }
    }

    /// Nothing is wanted of a part of the terms.
    func testFrozenOperands() {
        Random.seed(36)
        for chain in chains {
            for (name, freeze) in [
                ("first map", { (l: Leaves) in [l.maps[0], l.weights[0], l.biases[0]] }),
                ("affines", { $0.weights + $0.biases }),
                ("maps", { $0.maps }), ("a weight", { [$0.weights[1], $0.weights[8]] }),
            ] as [(String, (Leaves) -> [Tensor])] {
                let l = steady(chain, [2, 32, 5, 7])
                for leaf in freeze(l) { leaf.requiringGrad(false) }
                let upstream = upstream([2, 32, 5, 7])[0]
                func pass(_ l: Leaves, _ sum: Sum) -> [Tensor?] {
                    let outputs = chain.build(l, sum)
                    let end = outputs[outputs.count - 1]
                    guard end.requiresGrad else { return [] }
                    end.backward(gradient: upstream.to(end.dtype))
                    return l.all.map { $0.grad?.clone() }
                }
                for (i, (a, b)) in zip(pass(l, fused), pass(l.exact, composed)).enumerated() {
                    assertClose(a, b, 2e-4, "\(chain.name), frozen \(name), leaf \(i)")
                }
            }
        }
    }

    /// Detached or written to, a sum is not what its ledger speaks of.
    func testChangedSums() {
        Random.seed(37)
        let changes: [(String, @Sendable (Tensor) -> Tensor)] = [
            ("detached", { $0.detached().requiringGrad() }),
            (
                "written to",
                { a in
                    // The composed ReLU needs its output as it was.
                    guard a.dtype == .float32 else { return a * 2 }
                    a.multiplyInPlace(2)
                    return a
                }
            ), ("a view", { $0.flatten(from: 2).reshape($0.shape).to(memoryFormat: .channelsLast) }),
        ]
        for (name, change) in changes {
            let chain = Chain(name: name) { l, sum in
                let a = sum([Chain.batch(l.maps[0], l, 0)], true)
                let b = change(a)
                let terms = [Chain.batch(l.maps[1], l, 1), SumTerm(b, norm: .group(4)), SumTerm(b)]
                return [sum(terms + (name == "written to" ? [] : [SumTerm(a, norm: .group(8))]), true)]
            }
            let l = steady(chain, [2, 32, 5, 7])
            let upstream = upstream([2, 32, 5, 7])
            for (a, b) in zip(gradients(chain, l, fused, upstream), gradients(chain, l.exact, composed, upstream)) {
                assertClose(a, b, 2e-4, name)
            }
        }
    }

    func testInsideASegmentThatIsMadeAnew() {
        Random.seed(38)
        for chain in chains {
            let l = Leaves([2, 32, 5, 7])
            let upstream = upstream([2, 32, 5, 7])[0]
            func pass(_ run: (Tensor) -> Tensor) -> [Tensor?] {
                for leaf in l.all { leaf.setGrad(nil) }
                // The segment stands between sums of another graph.
                let before = F.normalizedSum([SumTerm(l.maps[0]), SumTerm(l.maps[1])], rectified: true)
                F.normalizedSum([SumTerm(run(before)), SumTerm(before, norm: .group(8))]).backward(gradient: upstream)
                return l.all.map { $0.grad?.clone() }
            }
            func segment(_ x: Tensor) -> Tensor {
                var inner = l
                inner.maps[0] = x
                let outputs = chain.build(inner, fused)
                return outputs[outputs.count - 1]
            }
            for (i, (a, b)) in zip(pass { checkpointed($0, segment) }, pass(segment)).enumerated() {
                assertClose(a, b, 1e-5, "\(chain.name), leaf \(i)")
            }
        }
    }

    /// With a pass back and without one, nothing of a graph outlives it.
    func testNothingIsLeftBehind() throws {
        Random.seed(39)
        let shape = [4, 64, 32, 32]
        let l = Leaves(shape)
        let upstream = upstream(shape)[0]
        for goesBack in [true, false] {
            func step() {
                for chain in chains.suffix(4) {
                    let outputs = chain.build(l, fused)
                    guard goesBack else { continue }
                    for leaf in l.all { leaf.setGrad(nil) }
                    outputs[outputs.count - 1].backward(gradient: upstream)
                }
            }
            for _ in 0..<4 { step() }
            let before = try residentMemory()
            for _ in 0..<24 { step() }
            // A map has 1 MB: one left behind in each of the four chains would be 96.
            XCTAssertLessThan(try residentMemory() - before, 48 << 20, "goes back: \(goesBack)")
        }
    }

    /// Neither does a chain of sums nest, on its way back or when it is let go of.
    func testADeepGraphIsLetGo() {
        let x = Tensor.ones([1, 16, 1, 2]).to(memoryFormat: .channelsLast).requiringGrad()
        do {
            var a = x
            for _ in 0..<20_000 { a = F.normalizedSum([SumTerm(a), SumTerm(x)]) }
            a.sum().backward()
        }
        XCTAssertEqual(x.grad?[0][0][0][0].item(), 20_001)
        var a = x
        for _ in 0..<20_000 { a = F.normalizedSum([SumTerm(a), SumTerm(x)]) }
    }

    /// With lean memory, three residual blocks keep neither what their wide 1×1 convolutions make nor the sums of the first and
    /// the last: the gradients are the same where those are written to after they were read. Without it they are kept.
    func testLeanMemoryKeepsNeitherWideConvolutionsNorEveryOtherSum() throws {
        Random.seed(12)
        for dtype in [DType.float32, .bfloat16] {
            let x = Tensor.randn([2, 32, 14, 10]).to(memoryFormat: .channelsLast)
            let weights = (0..<7).map { Tensor.randn([$0 % 2 == 0 ? 64 : 32, $0 % 2 == 0 ? 32 : 64, 1, 1]) }
            func pass(overwriting overwrites: Bool) throws -> [[Float]] {
                let operands = ([x] + weights).map { $0.detached().requiringGrad() }
                var forgotten: [Tensor] = []
                func norm(_ x: Tensor) -> SumTerm {
                    SumTerm(x, norm: .batch(runningMean: nil, runningVariance: nil, momentum: 0))
                }
                func convolved(_ x: Tensor, _ weight: Int) -> Tensor {
                    let y = F.conv2d(x, weight: operands[weight + 1])
                    if y.shape[1] == 64 { forgotten.append(y) }
                    return y
                }
                func output() -> Tensor {
                    var z = F.normalizedSum(
                        [norm(convolved(operands[0], 0)), norm(convolved(operands[0], 2))], rectified: true)
                    forgotten.append(z)
                    for (narrow, wide) in [(1, 4), (3, 6)] {
                        let a = F.normalizedSum([norm(convolved(z, narrow))], rectified: true)
                        z = F.normalizedSum([norm(convolved(a, wide)), SumTerm(z)], rectified: true)
                    }
                    forgotten.append(z)
                    return convolved(z, 5)
                }
                let y = dtype == .float32 ? output() : withAutocast(dtype, output)
                if overwrites { withoutGrad { for map in forgotten { map.fillInPlace(.nan) } } }
                XCTAssertEqual(forgotten.count, 6)
                let found = Tensors.gradients(of: [(y.to(.float32) * y.to(.float32)).sum()], for: operands)
                return try found.map { try XCTUnwrap($0).to(.float32).array(Float.self) }
            }
            // In training, a tile unit's convolutions in bfloat16 are libtorch's, whose maps are kept.
            try Instructions.limited(to: .avx512BFloat16) {
                let kept = try pass(overwriting: false)
                XCTAssertFalse(kept.joined().contains(where: \.isNaN))
                XCTAssertEqual(try withLeanMemory { try pass(overwriting: true) }, kept, "\(dtype)")
            }
        }
    }
}
