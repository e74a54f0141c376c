import NN
import Tensors
import XCTest

final class JoinedConvolutionTests: XCTestCase {
    private let x = Tensor.rand([2, 8, 9, 7]).to(memoryFormat: .channelsLast)

    /// 9 + 5 outputs: two are missing to 16.
    private func parts(kernelSize: Int = 3, bias: Bool = true) -> [Conv2d] {
        [9, 5].map { Conv2d(8, $0, kernelSize: kernelSize, padding: kernelSize / 2, bias: bias) }
    }

    private func assertEqual(_ found: [Tensor], _ expected: [Tensor], line: UInt = #line) {
        XCTAssertEqual(found.map(\.shape), expected.map(\.shape), line: line)
        for (a, b) in zip(found, expected) {
            XCTAssertLessThan((a - b).abs().amax().item(), 1e-5 * b.std().item(), line: line)
        }
    }

    func testGivesWhatItsPartsGive() {
        for (kernelSize, bias) in [(1, true), (3, true), (3, false)] {
            let parts = parts(kernelSize: kernelSize, bias: bias)
            let joined = JoinedConvolution(parts)
            assertEqual(joined(x), parts.map { $0(x) })
            withoutGrad { assertEqual(joined(x), parts.map { $0(x) }) }
            withoutGrad { assertEqual(joined(x.contiguous()), parts.map { $0(x) }) }
        }
    }

    func testGradientsAreThoseOfItsParts() {
        expectGradientsOfParts(parts(), x)
        // 70 outputs, large enough for Winograd's algorithm, which none of the parts alone is.
        expectGradientsOfParts(
            [60, 10].map { Conv2d(64, $0, kernelSize: 3, padding: 1) },
            Tensor.rand([2, 64, 40, 30]).to(memoryFormat: .channelsLast))
    }

    private func expectGradientsOfParts(_ parts: [Conv2d], _ x: Tensor, line: UInt = #line) {
        let tensors = parts.flatMap { [$0.weight.tensor, $0.bias?.tensor].compactMap { $0 } }
        func gradients(_ forward: (Tensor) -> [Tensor]) -> [Tensor] {
            let input = x.detached().requiringGrad()
            let results = forward(input)
            let loss = results[0].square().sum() + (results[1] * 3).sin().sum()
            return Tensors.gradients(of: [loss], for: [input] + tensors).compactMap { $0 }
        }
        let joined = JoinedConvolution(parts)
        let expected = gradients { x in parts.map { $0(x) } }
        let found = gradients { joined($0) }
        XCTAssertEqual(expected.count, 5, line: line)
        XCTAssertEqual(found.map(\.shape), expected.map(\.shape), line: line)
        for (a, b) in zip(found, expected) {
            // A tile unit's gradients have 17 bits.
            XCTAssertLessThan((a - b).abs().amax().item(), 1e-4 * b.std().item(), line: line)
        }
    }

    func testItFollowsItsParts() {
        let parts = parts()
        let joined = JoinedConvolution(parts)
        withoutGrad {
            _ = joined(x)
            parts[1].weight.assign(Tensor.randn([5, 8, 3, 3]))
            assertEqual(joined(x), parts.map { $0(x) })
            parts[0].bias?.assign(Tensor.randn([9]))
            assertEqual(joined(x), parts.map { $0(x) })
        }
    }
}
