import SimulatedDevice
import Tensors
import TestSupport
import XCTest

/// The kernels for GPUs, compiled for the CPU, against sums composed in float64.
final class NormalizedSumOnDeviceTests: XCTestCase {
    /// An addend without its tensors, which every run makes anew on its device.
    private struct Addend {
        var map: Int
        var norm: Kind
        var hasWeight = true
        var hasBias = true
        var isPlain = false

        enum Kind {
            case none, batch(running: Bool), fixed
            case group(Int)
        }
    }

    /// Maps, weights, biases and running statistics of a sum, as numbers of the CPU in float32.
    private struct Operands {
        let maps, weights, biases, means, variances: [Tensor]
        let upstream: Tensor

        init(shape: [Int], maps: Int, addends: Int, dtype: DType) {
            let channels = shape[1]
            // Means far from zero: sums of squares alone would lose their digits.
            self.maps = (0..<maps).map { (Tensor.randn(shape) + Double($0) * 5).to(dtype).to(.float32) }
            weights = (0..<addends).map { _ in Tensor.rand([channels]) + 0.5 }
            biases = (0..<addends).map { _ in Tensor.randn([channels]) }
            means = (0..<addends).map { _ in Tensor.randn([channels]) }
            variances = (0..<addends).map { _ in Tensor.rand([channels]) + 0.5 }
            upstream = Tensor.randn(shape).to(dtype).to(.float32)
        }
    }

    /// The sum, the gradients of maps, weights and biases, and the running statistics behind it, on the CPU in float64.
    private func results(
        _ addends: [Addend], _ operands: Operands, rectified: Bool, dtype: DType, device: Device,
        sum: ([SumTerm], Bool) -> Tensor
    ) throws -> [(name: String, values: [Double])] {
        let ofChannels: DType = dtype == .float64 ? .float64 : .float32
        func placed(_ tensor: Tensor, _ type: DType) -> Tensor { tensor.to(type).to(device) }
        let maps = operands.maps.map {
            let format: MemoryFormat = $0.rank == 4 ? .channelsLast : .channelsLast3D
            return placed($0, dtype).to(memoryFormat: format).detached().requiringGrad()
        }
        var affine: [(String, Tensor)] = [], running: [(String, Tensor)] = []
        let terms = addends.enumerated().map { index, addend in
            func leaf(_ name: String, _ tensor: Tensor) -> Tensor {
                let leaf = placed(tensor, ofChannels).detached().requiringGrad()
                affine.append(("\(name) \(index)", leaf))
                return leaf
            }
            let mean = placed(operands.means[index], ofChannels) * 1,
                variance = placed(operands.variances[index], ofChannels) * 1
            let norm: SumTerm.Norm =
                switch addend.norm {
                case .none: .none
                case .batch(let moves):
                    .batch(
                        runningMean: moves ? mean : nil, runningVariance: moves ? variance : nil, momentum: 0.3)
                case .fixed: .fixed(mean: mean, variance: variance)
                case .group(let groups): .group(groups)
                }
            if case .batch(true) = addend.norm {
                running += [("running mean \(index)", mean), ("running variance \(index)", variance)]
            }
            return SumTerm(
                maps[addend.map], norm: norm, weight: addend.hasWeight ? leaf("weight", operands.weights[index]) : nil,
                bias: addend.hasBias ? leaf("bias", operands.biases[index]) : nil, isPlain: addend.isPlain)
        }
        let out = sum(terms, rectified)
        XCTAssertEqual(out.dtype, dtype)
        (out * placed(operands.upstream, dtype)).sum().backward()
        let used = Set(addends.map(\.map))
        let gradients =
            try used.sorted().map { ("map \($0)", try XCTUnwrap(maps[$0].grad)) }
            + affine.map { ($0, try XCTUnwrap($1.grad)) }
        return ([("sum", out.detached())] + gradients + running).map { name, tensor in
            (name, tensor.to(.cpu).to(.float64).array(Double.self))
        }
    }

    /// The largest difference of each result from the composed one in float64, in roots of its mean square.
    private func compare(
        _ label: String, _ addends: [Addend], shape: [Int], rectified: Bool = true, dtype: DType = .float32,
        line: UInt = #line
    ) throws {
        Random.seed(5)
        let operands = Operands(
            shape: shape, maps: (addends.map(\.map).max() ?? 0) + 1, addends: addends.count, dtype: dtype)
        let expected = try results(addends, operands, rectified: rectified, dtype: .float64, device: .cpu) {
            F.composedSum($0, rectified: $1)
        }
        let (found, operations) = try SimulatedDevice.use(hasKernels: true) { device in
            var found: [(name: String, values: [Double])] = []
            let (_, operations) = try SimulatedDevice.counts {
                found = try results(addends, operands, rectified: rectified, dtype: dtype, device: device) {
                    F.normalizedSum($0, rectified: $1)
                }
            }
            return (found, operations)
        }
        for kernel in ["sum", "gradients"] {
            XCTAssertTrue(operations.contains("vertebra::\(kernel)_"), "\(label): \(operations)", line: line)
        }
        XCTAssertFalse(operations.contains("batch_norm"), operations, line: line)
        XCTAssertEqual(found.map(\.name), expected.map(\.name), line: line)
        for (found, expected) in zip(found, expected) {
            let scale = (expected.values.reduce(0) { $0 + $1 * $1 } / Double(expected.values.count)).squareRoot()
            let worst = zip(found.values, expected.values).map { abs($0 - $1) }.max() ?? .infinity
            XCTAssertEqual(found.values.count, expected.values.count)
            // Results in bfloat16 have eight digits of two, those of channels are in float32 whatever the maps are.
            let isMap = found.name == "sum" || found.name.hasPrefix("map")
            let limit = dtype == .bfloat16 ? (isMap ? 0.03 : 2e-3) : 2e-5
            XCTAssertLessThan(worst / max(scale, 1e-3), limit, "\(label): \(found.name)", line: line)
        }
    }

    func testEveryNormInEveryPrecision() throws {
        let kinds: [(String, Addend.Kind)] = [
            ("batch", .batch(running: true)), ("batch without running statistics", .batch(running: false)),
            ("fixed", .fixed), ("groups", .group(8)), ("one group", .group(1)), ("instances", .group(48)),
            ("affine alone", .none),
        ]
        for dtype in [DType.float32, .bfloat16] {
            for (name, kind) in kinds {
                for rectified in [false, true] {
                    // A ReLU of bfloat16 lets another value pass now and then, which is no fault.
                    if dtype == .bfloat16 && rectified { continue }
                    try compare(
                        "\(name), \(dtype), \(rectified)",
                        [Addend(map: 0, norm: kind), Addend(map: 1, norm: .none, hasWeight: false, hasBias: false)],
                        shape: [3, 48, 9, 7], rectified: rectified, dtype: dtype)
                }
            }
        }
    }

    /// Maps of more blocks than one along each axis, of channels that don't fill a block, of three axes and of one position.
    func testShapes() throws {
        let addends = [Addend(map: 0, norm: .batch(running: true)), Addend(map: 1, norm: .group(4), isPlain: true)]
        for shape in [
            [2, 64, 33, 17], [1, 8, 70, 60], [2, 4, 5, 3], [2, 24, 6, 5], [1, 200, 4, 4], [2, 264, 3, 3],
            [2, 16, 3, 6, 5], [4, 32, 1, 1], [1, 1024, 2, 3],
        ] {
            try compare("\(shape)", addends, shape: shape)
        }
    }

    /// Sums of many addends, of which some are the same map and some are bare, as those of dense shortcuts.
    func testManyAddends() throws {
        let kinds: [Addend.Kind] = [
            .group(2), .batch(running: true), .group(4), .fixed, .none, .group(16), .batch(running: false),
        ]
        let addends =
            kinds.enumerated().map { index, kind in
                // libtorch's batch norm has both or neither.
                Addend(
                    map: index % 4, norm: kind, hasWeight: index != 2, hasBias: ![0, 2].contains(index),
                    isPlain: index == 5)
            } + (0..<3).map { Addend(map: $0 + 2, norm: .none, hasWeight: false, hasBias: false) }
        for rectified in [false, true] {
            try compare("many", addends, shape: [2, 32, 6, 5], rectified: rectified)
        }
    }

    /// Where the kernels are not wanted, what they would take is composed.
    func testKernelsCanBeLeftOut() {
        DeviceKernels.areAllowed = false
        defer { DeviceKernels.areAllowed = true }
        SimulatedDevice.use(hasKernels: true) { device in
            let x = Tensor.randn([2, 8, 3, 3]).to(memoryFormat: .channelsLast).to(device)
            let (_, operations) = SimulatedDevice.counts { _ = F.normalizedSum([SumTerm(x, norm: .group(2))]) }
            XCTAssertFalse(operations.contains("vertebra::"), operations)
        }
    }

    /// What the kernels don't take is composed as before: other types, layouts and numbers of channels.
    func testTheRestIsComposed() {
        SimulatedDevice.use(hasKernels: true) { device in
            for (x, why) in [
                (Tensor.randn([2, 8, 3, 3]).to(.float64).to(memoryFormat: .channelsLast), "float64"),
                (Tensor.randn([2, 8, 3, 3]), "channels first"),
                (Tensor.randn([2, 6, 3, 3]).to(memoryFormat: .channelsLast), "six channels"),
                (Tensor.randn([1, 8, 1, 1]).to(memoryFormat: .channelsLast), "one value of each channel"),
            ] {
                let here = F.composedSum([SumTerm(x, norm: .group(2))], rectified: true)
                let there = x.to(device)
                var found = there
                let (_, operations) = SimulatedDevice.counts {
                    found = F.normalizedSum([SumTerm(there, norm: .group(2))], rectified: true)
                }
                XCTAssertFalse(operations.contains("vertebra::"), why)
                let values = (found.to(.cpu).to(.float64) - here.to(.float64)).abs().array(Double.self)
                XCTAssertLessThan(values.max() ?? .infinity, 1e-5, why)
            }
        }
    }
}
