import Tensors
import XCTest

final class WinogradConvolutionTests: XCTestCase {
    /// A convolution with a bias: the maps' shapes `[N, C, H, W]` and the number of outputs.
    private struct Case {
        let maps: [[Int]]
        let outputs: Int
    }

    /// Maps whose sides are no multiples of the tile, with as many pixels as it takes for the fast way to be chosen.
    private let cases = [
        Case(maps: [[2, 128, 33, 31], [2, 128, 5, 7]], outputs: 144),
        // So many tiles that the gradient of the weight is summed in two parts.
        Case(maps: [[3, 64, 130, 127]], outputs: 64),
        // Channels of three of a tile's values side by side, and outputs that end with half a panel.
        Case(maps: [[1, 80, 46, 47]], outputs: 112),
        // Channels in two and in three parts that aren't equally long.
        Case(maps: [[1, 272, 50, 43]], outputs: 80),
        Case(maps: [[1, 528, 46, 46]], outputs: 64),
        // Few tiles and many outputs, so that threads share the outputs.
        Case(maps: [[1, 64, 8, 256]], outputs: 560),
    ]

    private func makeOperands(_ c: Case) -> (maps: [Tensor], weight: Tensor, bias: Tensor) {
        Random.seed(1)
        let maps = c.maps.map { Tensor.randn($0).contiguous(.channelsLast).requiringGrad() }
        let weight = (Tensor.randn([c.outputs, c.maps[0][1], 3, 3]) * 0.03).contiguous(.channelsLast).requiringGrad()
        return (maps, weight, Tensor.randn([c.outputs]).requiringGrad())
    }

    private func direct(_ maps: [Tensor], _ weight: Tensor, _ bias: Tensor) -> [Tensor] {
        maps.map { F.conv2d($0, weight: weight, bias: bias, stride: [1, 1], padding: [1, 1]) }
    }

    private func assertClose(
        _ a: Tensor, _ b: Tensor, file: StaticString = #filePath, line: UInt = #line
    ) {
        XCTAssertEqual(a.shape, b.shape, file: file, line: line)
        let error = (a - b).abs().amax().item() / b.std().item()
        XCTAssertLessThan(error, 1e-4, file: file, line: line)
    }

    func testEqualsTheDirectConvolution() {
        Instructions.atEachLevel { _ in cases.forEach(compareValues) }
    }

    private func compareValues(_ c: Case) {
        let (maps, weight, bias) = makeOperands(c)
        withoutGrad {
            let expected = direct(maps, weight, bias)
            for (y, z) in zip(F.conv3x3(maps, weight: weight, bias: bias), expected) {
                assertClose(y, z)
                XCTAssertTrue(y.isChannelsLast)
            }
            for (y, z) in zip(F.conv3x3(maps, weight: weight, bias: bias, relu: true), expected) {
                assertClose(y, z.relu())
            }
            assertClose(F.conv3x3([maps[0]], weight: weight, bias: nil)[0], direct(maps, weight, bias * 0)[0])
        }
    }

    func testGradientsEqualTheDirectConvolutions() {
        Instructions.atEachLevel { _ in cases.forEach(compareGradients) }
    }

    private func compareGradients(_ c: Case) {
        let (maps, weight, bias) = makeOperands(c)
        func gradientsOf(_ results: [Tensor]) -> [Tensor?] {
            Random.seed(2)
            let loss = results.map { ($0 * Tensor.randn($0.shape)).sum() }.reduce(Tensor(0)) { $0 + $1 }
            return gradients(of: [loss], for: maps + [weight, bias])
        }
        let fast = gradientsOf(F.conv3x3(maps, weight: weight, bias: bias))
        for (a, b) in zip(fast, gradientsOf(direct(maps, weight, bias))) {
            guard let a, let b else { return XCTFail("no gradient") }
            assertClose(a, b)
        }
        XCTAssertEqual(fast[c.maps.count]?.isChannelsLast, true)
        let unbiased = gradients(of: F.conv3x3(maps, weight: weight, bias: nil).map { $0.sum() }, for: [weight])[0]
        let expected = gradients(
            of: maps.map { F.conv2d($0, weight: weight, padding: [1, 1]).sum() }, for: [weight])[0]
        guard let unbiased, let expected else { return XCTFail("no gradient without a bias") }
        assertClose(unbiased, expected)
    }

    /// What it isn't made for goes the direct way: few channels, other types, small maps.
    func testTheRestIsDirect() {
        let small = Tensor.randn([1, 3, 6, 5])
        let weight = Tensor.randn([4, 3, 3, 3])
        assertClose(
            F.conv3x3([small], weight: weight, bias: nil)[0],
            F.conv2d(small, weight: weight, bias: nil, stride: [1, 1], padding: [1, 1]))
        let double = Tensor.randn([1, 128, 64, 64], dtype: .float64)
        XCTAssertEqual(
            F.conv3x3([double], weight: Tensor.randn([128, 128, 3, 3], dtype: .float64), bias: nil)[0].dtype, .float64)
    }
}
