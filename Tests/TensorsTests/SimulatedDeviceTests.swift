import SimulatedDevice
import Tensors
import TestSupport
import XCTest

/// The device of the tests: that it finds what a real one would, and computes what the CPU does.
final class SimulatedDeviceTests: XCTestCase {
    /// Where a transfer is missing, or a check of the device, the test that comes there must end.
    func testTheHostCannotTouchItsMemory() {
        let touch = SimulatedDevice.touch
        XCTAssertEqual(touch.signal, 11)
        XCTAssertTrue(touch.message.hasPrefix("The host touched memory of the simulated device, byte "), touch.message)
        XCTAssertTrue(touch.message.contains(".xctest"), "no place is named: \(touch.message)")
        let message = SimulatedDevice.messageOfAMissingTransfer
        XCTAssertTrue(message.contains("is in the host's memory, the others are on the device"), message)
        XCTAssertTrue(message.hasPrefix("aten::index_select: its argument index [2] "), message)
    }

    func testItIsThereOnlyWhileItIsUsed() throws {
        XCTAssertEqual(SimulatedDevice.use { _ in Device.cudaCount }, 1)
        XCTAssertNoThrow(try SimulatedDevice.use { try $0.requirePresence() })
        XCTAssertThrowsError(try SimulatedDevice.use { _ in try Device.cuda(1).requirePresence() }) {
            XCTAssertEqual("\($0)", "there is no device cuda:1; this machine has 1")
        }
        XCTAssertEqual(Device.cudaCount, 0)
    }

    /// Each way of having no device has words of its own.
    func testWhatIsMissingIsSaid() {
        func message(_ index: Int, _ count: Int, _ hasCUDA: Bool) -> String {
            MissingDevice(index: index, count: count, hasCUDA: hasCUDA, libtorch: "2.13.0").description
        }
        XCTAssertTrue(message(0, 0, false).hasPrefix("libtorch 2.13.0 was built for the CPU; run with --device cpu"))
        XCTAssertTrue(message(0, 0, true).hasPrefix("libtorch 2.13.0 has CUDA and finds no device: `nvidia-smi` "))
        XCTAssertEqual(message(3, 2, true), "there is no device cuda:3; this machine has 2")
        let unusable = MissingDevice(
            index: 0, count: 0, hasCUDA: false, libtorch: "2.13.0",
            failure: "libcudnn.so.9: cannot open shared object file")
        XCTAssertEqual(
            unusable.description,
            "libtorch 2.13.0 has CUDA, but its library can't be used: libcudnn.so.9: cannot open shared object file; or run "
                + "with --device cpu")
    }

    /// Results are on the device, equal to the CPU's to the last bit, and release their memory.
    func testItComputesWhatTheCPUDoes() {
        func results(_ device: Device) -> [[Float]] {
            let x = Tensor(goldenFill(name: "x", count: 4 * 6 * 5 * 7, lo: -1, hi: 1), shape: [4, 6, 5, 7]).to(device)
            let w = Tensor(goldenFill(name: "w", count: 16 * 6 * 3 * 3, lo: -1, hi: 1), shape: [16, 6, 3, 3]).to(device)
            w.requiringGrad()
            let y = F.conv2d(x, weight: w, padding: [1, 1])
            let rows = y.permute([0, 2, 3, 1]).reshape([-1, 16])
            let mask = rows.select(dim: 1, index: 0) .> 0
            let kept = rows.masked(by: mask)
            let order = kept.select(dim: 1, index: 3).argsort(descending: true)
            let loss = (kept.indexSelect(dim: 0, order) * 0.5).softmax(dim: 1).log().mean()
            loss.backward()
            let made = [y, kept, order.to(.float32), loss, w.grad!]
            for tensor in made { XCTAssertEqual(tensor.device, device) }
            return made.map { $0.array(Float.self) }
        }
        let memory = SimulatedDevice.memory
        XCTAssertEqual(SimulatedDevice.use(results), SimulatedDevice.composed(results))
        XCTAssertEqual(SimulatedDevice.memory, memory)
    }

    /// The peak is that of tensors on the device, and begins again with those that are there.
    func testItsPeakMemoryIsCounted() {
        SimulatedDevice.use { device in
            func peak(_ body: () -> Void) -> Int? {
                device.resetPeakMemory()
                let before = device.peakMemory
                body()
                return device.peakMemory.flatMap { peak in before.map { peak - $0 } }
            }
            let million = 1 << 20
            XCTAssertEqual(peak { for _ in 0..<3 { _ = Tensor.ones([million], device: device) } }, 4 * million)
            let kept = Tensor.ones([million], device: device)
            XCTAssertEqual(peak { _ = kept + kept }, 4 * million)
        }
        Device.cpu.resetPeakMemory()
        XCTAssertNil(Device.cpu.peakMemory)
    }

    func testItCounts() {
        SimulatedDevice.use { device in
            let host = Tensor([3, 0, 5] as [Float])
            let (counts, operations) = SimulatedDevice.counts {
                let x = host.to(device)
                let y = x + x
                XCTAssertEqual(y.sum().item(), 16)
                XCTAssertEqual((y .> 0).nonzero().shape, [2, 1])
            }
            XCTAssertEqual(counts.uploads, 1, operations)
            XCTAssertEqual(counts.downloads, 1, operations)
            XCTAssertEqual(counts.hostWaits, 3, operations)
            XCTAssertGreaterThanOrEqual(counts.kernels, 5, operations)
            XCTAssertTrue(operations.contains("1 aten::nonzero\n"), operations)
        }
    }

    /// A copy beside the device's work is there for what waits for it, and for nothing else.
    func testACopyMustBeWaitedFor() {
        let arrivals = SimulatedDevice.arrivals
        XCTAssertEqual(arrivals.waiting, 1)
        XCTAssertEqual(arrivals.notWaiting, 0)
    }

    /// Tensors of all types, layouts and sizes go up in one copy that nothing waits for.
    func testUploadsAreOneCopyThatIsNotWaitedFor() {
        let numbers = goldenFill(name: "x", count: 2 * 3 * 5 * 4, lo: -1, hi: 1)
        let image = Tensor(numbers.map { UInt8(128 + 100 * $0) }, shape: [2, 5, 4, 3]).permute([0, 3, 1, 2])
        let plain = Tensor(numbers, shape: [2, 3, 5, 4])
        let gaps = plain.select(dim: 3, index: 1)
        let host = [
            image, plain, gaps, Tensor([Int64]()), Tensor(Double.pi), Tensor([true, false, true]), plain.to(.bfloat16),
        ]
        SimulatedDevice.use { device in
            let there = plain.to(device)
            var arrived: [Tensor] = []
            let (counts, operations) = SimulatedDevice.counts {
                arrived = Tensor.upload(host + [there], to: device)
            }
            XCTAssertEqual([counts.uploads, counts.hostWaits, counts.downloads], [1, 0, 0], operations)
            let wanted = host.map { $0.array(Double.self) }
            // What travels is a copy.
            plain.addInPlace(Tensor(1))
            XCTAssertEqual(arrived.removeLast().array(Float.self), numbers)
            for (index, tensor) in arrived.enumerated() {
                XCTAssertEqual(tensor.device, device)
                XCTAssertEqual(tensor.dtype, host[index].dtype)
                XCTAssertEqual(tensor.shape, host[index].shape)
                if index != 2 { XCTAssertEqual(tensor.strides, host[index].strides) }
                XCTAssertEqual(tensor.array(Double.self), wanted[index], "\(index)")
            }
        }
        XCTAssertEqual(Tensor.upload(host, to: .cpu).map(\.shape), host.map(\.shape))
        XCTAssertTrue(Tensor.upload([], to: .cpu).isEmpty)
    }

    /// Random numbers come from the one generator that a seed sets, so a run on the device draws what one on the CPU does.
    func testItDrawsTheCPUsRandomNumbers() {
        func draws(_ device: Device) -> [[Double]] {
            Random.seed(5)
            return [
                Tensor.rand([7], device: device), Tensor.randn([9], device: device),
                Tensor.randperm(11, device: device),
            ].map { $0.array(Double.self) }
        }
        XCTAssertEqual(SimulatedDevice.use(draws), draws(.cpu))
    }

    /// Under autocast, products are in bfloat16 and norms in float32, and gradients come back in float32.
    func testItComputesInShortTypes() {
        SimulatedDevice.use { device in
            let w = Tensor(goldenFill(name: "w", count: 12, lo: -1, hi: 1), shape: [3, 4]).to(device)
            w.requiringGrad()
            withAutocast(.bfloat16, device: device) {
                let y = Tensor.ones([2, 4], device: device).matmul(w.transpose(0, 1))
                XCTAssertEqual(y.dtype, .bfloat16)
                XCTAssertEqual(y.softmax(dim: 1).dtype, .float32)
                y.to(.float32).sum().backward()
            }
            XCTAssertEqual(w.grad?.dtype, .float32)
            XCTAssertEqual(w.grad?.array(Float.self), [Float](repeating: 2, count: 12))
        }
    }

    /// Group norms of a device: values and gradients of libtorch's own in float64, for images and clips, in both layouts, with
    /// and without weight and bias; the result has the channels last.
    func testItsGroupNorms() {
        for shape in [[2, 12, 5, 7], [3, 8, 2, 4, 3]] {
            for (groups, isAffine) in [(1, true), (2, false), (4, true), (shape[1] == 8 ? 8 : 6, true)] {
                for format in [MemoryFormat.contiguous, shape.count == 4 ? .channelsLast : .channelsLast3D] {
                    func results(_ dtype: DType, _ device: Device) -> [[Double]] {
                        func make(_ name: String, _ shape: [Int], _ low: Double = -2) -> Tensor {
                            Tensor(
                                goldenFill(name: name, count: shape.reduce(1, *), lo: low, hi: 2), shape: shape
                            ).to(dtype).to(device)
                        }
                        let x = make("x", shape).to(memoryFormat: format).requiringGrad()
                        let affine = isAffine ? ["w", "b"].map { make($0, [shape[1]], 0.5).requiringGrad() } : []
                        let y = F.groupNorm(x, groups: groups, weight: affine.first, bias: affine.last)
                        XCTAssertEqual(y.dtype, dtype)
                        if dtype == .float32 { XCTAssertTrue(y.isChannelsLast) }
                        (y * make("g", shape)).sum().backward()
                        return ([y] + ([x] + affine).map { $0.grad! }).map { $0.array(Double.self) }
                    }
                    let exact = results(.float64, .cpu)
                    let there = SimulatedDevice.use { results(.float32, $0) }
                    XCTAssertEqual(there.map(\.count), exact.map(\.count))
                    for (a, b) in zip(there, exact) {
                        let most = b.map(abs).max() ?? 0
                        for (a, b) in zip(a, b) { XCTAssertEqual(a, b, accuracy: 3e-6 * most, "\(shape) \(groups)") }
                    }
                }
            }
        }
    }
}
