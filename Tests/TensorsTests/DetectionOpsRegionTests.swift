import Tensors
import TestSupport
import XCTest

/// RoIAlign and RoIPool. Every case runs on both memory formats.
final class DetectionOpsRegionTests: XCTestCase {
    private static let formats = [MemoryFormat.contiguous, .channelsLast]

    private func assertClose(
        _ a: Tensor, _ b: Tensor, _ tolerance: Double, _ message: String = "", line: UInt = #line
    ) {
        XCTAssertEqual(a.shape, b.shape, message, line: line)
        guard a.shape == b.shape, a.count > 0 else { return }
        let scale = max(1, b.abs().amax().item())
        XCTAssertLessThanOrEqual((a - b).abs().amax().item(), tolerance * scale, message, line: line)
    }

    /// The output, and the gradient of its sum weighted with `upstream`.
    private func forwardAndBackward(
        _ x: Tensor, upstream: Tensor? = nil, _ operation: (Tensor) -> Tensor
    ) -> (output: Tensor, gradient: Tensor) {
        let leaf = x.detached().requiringGrad()
        let output = operation(leaf)
        output.backward(gradient: upstream ?? Tensor.onesLike(output))
        return (output.detached(), leaf.grad ?? Tensor.zeros([0]))
    }

    /// Inside, outside, across an edge, without area, inverted, and enormous.
    private func someRegions(_ count: Int, images: Int, _ height: Double, _ width: Double, dtype: DType) -> Tensor {
        let size = Tensor([width, height])
        let corner = (Tensor.rand([count, 2], dtype: .float64) * 1.4 - 0.2) * size
        let extent = Tensor.rand([count, 2], dtype: .float64) * size
        let image = Tensor.randint(0, images, [count, 1]).to(.float64)
        let fixed = Tensor(
            [
                0, 0, 0, 0, 0, 0, 5, 5, 5, 5, 0, -500, -500, -400, -400, 0, 10, 10, 4, 3, 0, -50, -50, 1000, 1000,
                0, width - 1, height - 1, width, height,
            ] as [Double], shape: [6, 5])
        return Tensor.cat([Tensor.cat([image, corner, corner + extent], dim: 1), fixed]).to(dtype)
    }

    func testTheFixtureOfTorchvision() {
        let (x, rois) = (RegionFixture.features, RegionFixture.regions)
        typealias Operation = (Tensor) -> Tensor
        let cases: [(String, RegionFixture.Answer, Operation, Operation)] = [
            (
                "ratio 2", RegionFixture.alignedTwice,
                {
                    DetectionOps.roiAlign(
                        $0, rois: rois, outputSize: (2, 2), spatialScale: 1 / 8, samplingRatio: 2, aligned: false)
                },
                {
                    ComposedDetectionOps.roiAlign(
                        $0, rois: rois, outputSize: (2, 2), spatialScale: 1 / 8, samplingRatio: 2, aligned: false)
                }
            ),
            (
                "adaptive, aligned", RegionFixture.alignedAdaptively,
                {
                    DetectionOps.roiAlign(
                        $0, rois: rois, outputSize: (2, 2), spatialScale: 1 / 8, samplingRatio: 0, aligned: true)
                },
                {
                    ComposedDetectionOps.roiAlign(
                        $0, rois: rois, outputSize: (2, 2), spatialScale: 1 / 8, samplingRatio: 0, aligned: true)
                }
            ),
            (
                "pool", RegionFixture.pooled,
                { DetectionOps.roiPool($0, rois: rois, outputSize: (2, 2), spatialScale: 1 / 8) },
                { ComposedDetectionOps.roiPool($0, rois: rois, outputSize: (2, 2), spatialScale: 1 / 8) }
            ),
        ]
        for (name, answer, native, composed) in cases {
            for format in Self.formats {
                for operation in [native, composed] {
                    let (output, gradient) = forwardAndBackward(
                        x.to(memoryFormat: format), upstream: RegionFixture.upstream, operation)
                    assertClose(output, Tensor(answer.output, shape: output.shape), 2e-6, name)
                    assertClose(gradient, Tensor(answer.gradient, shape: gradient.shape), 2e-6, name)
                }
            }
        }
    }

    func testTorchvisionsNumbers() throws {
        let golden = try GoldenRegions.load()
        let (x, rois) = (golden.features, golden.regions)
        let operations: [String: (Tensor) -> Tensor] = [
            "roi_align_7_2": {
                DetectionOps.roiAlign(
                    $0, rois: rois, outputSize: (7, 7), spatialScale: 1 / 16, samplingRatio: 2, aligned: false)
            },
            "roi_align_7_2_aligned": {
                DetectionOps.roiAlign(
                    $0, rois: rois, outputSize: (7, 7), spatialScale: 1 / 16, samplingRatio: 2, aligned: true)
            },
            "roi_align_14_0": {
                DetectionOps.roiAlign(
                    $0, rois: rois, outputSize: (14, 14), spatialScale: 1 / 16, samplingRatio: 0, aligned: false)
            },
            "roi_pool_7": { DetectionOps.roiPool($0, rois: rois, outputSize: (7, 7), spatialScale: 1 / 16) },
        ]
        for (name, operation) in operations {
            let expected = try XCTUnwrap(golden.cases[name])
            for format in Self.formats {
                let (output, gradient) = forwardAndBackward(
                    x.to(memoryFormat: format), upstream: golden.upstream(expected.output.shape), operation)
                expected.output.check(output, name)
                expected.gradient.check(gradient, "gradient of \(name)")
            }
        }
    }

    func testTheMeanOfARampIsItsValueAtTheCentre() {
        let x = Tensor.arange(0, 40).reshape([1, 1, 1, 40]).expand([1, 1, 30, 40]).contiguous()
        let y = Tensor.arange(0, 30).reshape([1, 1, 30, 1]).expand([1, 1, 30, 40]).contiguous()
        let maps = Tensor.cat([x, y], dim: 1)
        // In the half-pixel convention a box from 8 to 24 on the map covers pixels 8 to 23, whose mean is 15.5.
        let rois = Tensor([0, 16, 8, 48, 40] as [Float], shape: [1, 5])
        for samplingRatio in [0, 1, 2, 3] {
            for format in Self.formats {
                let output = DetectionOps.roiAlign(
                    maps.to(memoryFormat: format), rois: rois, outputSize: (1, 2), spatialScale: 0.5,
                    samplingRatio: samplingRatio, aligned: true)
                for (value, expected) in zip(output.array(Float.self), [11.5, 19.5, 11.5, 11.5] as [Float]) {
                    XCTAssertEqual(value, expected, accuracy: 1e-4)
                }
            }
        }
        let unaligned = DetectionOps.roiAlign(
            maps, rois: rois, outputSize: (1, 1), spatialScale: 0.5, samplingRatio: 2, aligned: false)
        for (value, expected) in zip(unaligned.array(Float.self), [16, 12] as [Float]) {
            XCTAssertEqual(value, expected, accuracy: 1e-4)
        }
    }

    func testEqualsTheComposedOne() {
        Random.seed(8)
        for (shape, dtype) in [
            ([2, 5, 12, 17], DType.float32), ([1, 16, 9, 1], .float32), ([2, 70, 10, 8], .float32),
            ([1, 9, 12, 17], .float64),
            ([2, 40, 1, 6], .float64),
        ] {
            let x = Tensor.randn(shape, dtype: dtype)
            let rois = someRegions(12, images: shape[0], Double(4 * shape[2]), Double(4 * shape[3]), dtype: dtype)
            let tolerance = dtype == .float64 ? 1e-12 : 2e-5
            for samplingRatio in [0, 1, 2, 3] {
                for aligned in [false, true] {
                    let reference = forwardAndBackward(x) {
                        ComposedDetectionOps.roiAlign(
                            $0, rois: rois, outputSize: (3, 4), spatialScale: 0.25, samplingRatio: samplingRatio,
                            aligned: aligned)
                    }
                    for format in Self.formats {
                        let native = forwardAndBackward(x.to(memoryFormat: format)) {
                            DetectionOps.roiAlign(
                                $0, rois: rois, outputSize: (3, 4), spatialScale: 0.25, samplingRatio: samplingRatio,
                                aligned: aligned)
                        }
                        let name = "\(shape) \(dtype) ratio \(samplingRatio) aligned \(aligned) \(format)"
                        assertClose(native.output, reference.output, tolerance, name)
                        assertClose(native.gradient, reference.gradient, tolerance, "gradient of \(name)")
                    }
                }
            }
            let reference = forwardAndBackward(x) {
                ComposedDetectionOps.roiPool($0, rois: rois, outputSize: (3, 4), spatialScale: 0.25)
            }
            for format in Self.formats {
                let native = forwardAndBackward(x.to(memoryFormat: format)) {
                    DetectionOps.roiPool($0, rois: rois, outputSize: (3, 4), spatialScale: 0.25)
                }
                assertClose(native.output, reference.output, 0, "pool of \(shape) \(format)")
                assertClose(
                    native.gradient, reference.gradient, tolerance, "gradient of the pool of \(shape) \(format)")
            }
        }
    }

    func testGradientsAreDifferenceQuotients() {
        Random.seed(9)
        let x = Tensor.randn([1, 2, 6, 7], dtype: .float64)
        let rois = Tensor([0, 3, 2, 21, 19, 0, -4, 8, 11, 40] as [Double], shape: [2, 5])
        let upstream = Tensor.randn([2, 2, 2, 3], dtype: .float64)
        let operations: [(Tensor) -> Tensor] = [
            {
                DetectionOps.roiAlign(
                    $0, rois: rois, outputSize: (2, 3), spatialScale: 0.25, samplingRatio: 2, aligned: true)
            },
            {
                DetectionOps.roiAlign(
                    $0, rois: rois, outputSize: (2, 3), spatialScale: 0.25, samplingRatio: 0, aligned: false)
            },
            { DetectionOps.roiPool($0, rois: rois, outputSize: (2, 3), spatialScale: 0.25) },
        ]
        let step = 1e-6
        for operation in operations {
            let gradient = forwardAndBackward(x, upstream: upstream, operation).gradient.array(Double.self)
            for i in 0..<x.count {
                var moved = x.array(Double.self)
                moved[i] += step
                let above = (operation(Tensor(moved, shape: x.shape)) * upstream).sum().item()
                moved[i] -= 2 * step
                let below = (operation(Tensor(moved, shape: x.shape)) * upstream).sum().item()
                XCTAssertEqual(gradient[i], (above - below) / (2 * step), accuracy: 1e-7)
            }
        }
    }

    func testAPyramidSamplesEachRegionFromItsLevel() {
        Random.seed(10)
        let scales = [0.25, 0.125, 0.0625, 0.03125]
        let sides = [Double](arrayLiteral: 10, 111, 112, 223, 224, 447, 448, 900)
        let rois = Tensor(sides.flatMap { [0, 3, 5, Float(3 + $0), Float(5 + $0)] }, shape: [sides.count, 5])
        XCTAssertEqual(
            DetectionOps.pyramidLevels(rois: rois, scales: scales).array(Int.self), [0, 0, 1, 1, 2, 2, 3, 3])
        let flat = Tensor([0, 3, 5, 3, 50] as [Float], shape: [1, 5])
        XCTAssertEqual(DetectionOps.pyramidLevels(rois: flat, scales: scales).array(Int.self), [0])

        let levels = [32, 16, 8, 4].map { Tensor.randn([2, 20, $0, $0 + 3]) }
        let many = someRegions(60, images: 2, 900, 900, dtype: .float32)
        let upstream = Tensor.randn([66, 20, 7, 7])
        func run(_ format: MemoryFormat, _ operation: ([Tensor]) -> Tensor) -> (Tensor, [Tensor]) {
            let leaves = levels.map { $0.to(memoryFormat: format).detached().requiringGrad() }
            let output = operation(leaves)
            output.backward(gradient: upstream)
            return (output.detached(), leaves.compactMap(\.grad))
        }
        let reference = run(.contiguous) {
            ComposedDetectionOps.multiScaleRoIAlign(
                $0, rois: many, scales: scales, outputSize: (7, 7), samplingRatio: 2)
        }
        XCTAssertEqual(reference.1.count, 4)
        for format in Self.formats {
            for outputFormat in [MemoryFormat.preserve, .contiguous, .channelsLast] {
                let native = run(format) {
                    DetectionOps.multiScaleRoIAlign(
                        $0, rois: many, scales: scales, outputSize: (7, 7), samplingRatio: 2, outputFormat: outputFormat
                    )
                }
                assertClose(native.0, reference.0, 2e-5)
                for (gradient, expected) in zip(native.1, reference.1) { assertClose(gradient, expected, 2e-5) }
            }
        }
    }

    func testTheOutputKeepsTheLayout() {
        let x = Tensor.randn([1, 32, 9, 9]).to(memoryFormat: .channelsLast).requiringGrad()
        let rois = Tensor([0, 1, 1, 8, 8] as [Float], shape: [1, 5])
        func align(_ x: Tensor, _ format: MemoryFormat = .preserve) -> Tensor {
            DetectionOps.roiAlign(
                x, rois: rois, outputSize: (3, 3), spatialScale: 1, samplingRatio: 2, aligned: true,
                outputFormat: format)
        }
        XCTAssertTrue(align(x).isChannelsLast)
        XCTAssertTrue(align(x, .contiguous).isContiguous)
        XCTAssertTrue(align(x.contiguous()).isContiguous)
        XCTAssertTrue(align(x.contiguous(), .channelsLast).isChannelsLast)
        align(x).sum().backward()
        XCTAssertEqual(x.grad?.isChannelsLast, true)
        XCTAssertTrue(DetectionOps.roiPool(x, rois: rois, outputSize: (3, 3), spatialScale: 1).isChannelsLast)
    }

    func testTheThreadsDoNotMatter() {
        let threads = Threads.count
        defer { Threads.count = threads }
        Random.seed(11)
        let x = Tensor.randn([2, 50, 20, 24])
        let rois = someRegions(80, images: 2, 80, 96, dtype: .float32)
        for format in Self.formats {
            let results = [1, 2, 3].map { count in
                Threads.count = count
                let aligned = forwardAndBackward(x.to(memoryFormat: format)) {
                    DetectionOps.roiAlign(
                        $0, rois: rois, outputSize: (7, 7), spatialScale: 0.25, samplingRatio: 0, aligned: false)
                }
                let pooled = forwardAndBackward(x.to(memoryFormat: format)) {
                    DetectionOps.roiPool($0, rois: rois, outputSize: (7, 7), spatialScale: 0.25)
                }
                return [aligned.output, aligned.gradient, pooled.output, pooled.gradient].map { $0.array(Float.self) }
            }
            XCTAssertEqual(results[0], results[1])
            XCTAssertEqual(results[0], results[2])
        }
    }

    func testNoRegions() {
        let x = Tensor.randn([1, 4, 5, 6]).requiringGrad()
        let none = Tensor.zeros([0, 5])
        let aligned = DetectionOps.multiScaleRoIAlign(
            [x, x], rois: none, scales: [0.25, 0.125], outputSize: (7, 7), samplingRatio: 2)
        XCTAssertEqual(aligned.shape, [0, 4, 7, 7])
        let pooled = DetectionOps.roiPool(x, rois: none, outputSize: (7, 7), spatialScale: 0.25)
        XCTAssertEqual(pooled.shape, [0, 4, 7, 7])
        (aligned.sum() + pooled.sum()).backward()
        XCTAssertEqual(x.grad?.abs().amax().item(), 0)
        XCTAssertEqual(
            ComposedDetectionOps.roiAlign(
                x, rois: none, outputSize: (7, 7), spatialScale: 1, samplingRatio: 0, aligned: true
            ).shape, [0, 4, 7, 7])
        XCTAssertEqual(
            ComposedDetectionOps.roiPool(x, rois: none, outputSize: (7, 7), spatialScale: 1).shape, [0, 4, 7, 7])
    }

    func testRegionsThatAreNoNumbersGiveZeros() {
        let x = Tensor.ones([1, 3, 8, 8])
        let rois = Tensor([0, .nan, 0, 4, 4, 0, 0, 0, .infinity, 4, 0, 0, 0, 4, 4] as [Float], shape: [3, 5])
        for samplingRatio in [0, 2] {
            let sums = DetectionOps.roiAlign(
                x, rois: rois, outputSize: (2, 2), spatialScale: 1, samplingRatio: samplingRatio, aligned: true
            ).sum([1, 2, 3]).array(Float.self)
            XCTAssertEqual(sums[0], 0)
            XCTAssertEqual(sums[1], 0)
            XCTAssertEqual(sums[2], 12, accuracy: 1e-5)
        }
        let huge = Tensor([0, -1e30, -1e30, 1e30, 1e30, 0, -1e6, -1e6, 1e6, 1e6] as [Float], shape: [2, 5])
        _ = DetectionOps.roiAlign(x, rois: huge, outputSize: (2, 2), spatialScale: 1, samplingRatio: 0, aligned: false)
        _ = DetectionOps.roiPool(x, rois: huge, outputSize: (2, 2), spatialScale: 1)
    }

    func testHalfPrecisionGoesThroughFloat32() {
        let x = Tensor.rand([1, 8, 9, 9]).to(.bfloat16)
        let rois = Tensor([0, 1.3, 1.7, 7.9, 8.2] as [Float], shape: [1, 5])
        let output = DetectionOps.roiAlign(
            x, rois: rois, outputSize: (2, 2), spatialScale: 1, samplingRatio: 2, aligned: true)
        XCTAssertEqual(output.dtype, .bfloat16)
        let exact = DetectionOps.roiAlign(
            x.to(.float32), rois: rois, outputSize: (2, 2), spatialScale: 1, samplingRatio: 2, aligned: true)
        XCTAssertEqual(output.array(Float.self), exact.to(.bfloat16).array(Float.self))
    }
}
