import Architectures
import Backbones
import NN
import SimulatedDevice
import Tensors
import TestSupport
import XCTest

/// Networks of each family compute and train on a device as on the CPU, to the last bit of its composed operations.
final class BackboneOnDeviceTests: XCTestCase {
    /// One network of each family, and what only one of its relatives has.
    private let images = [
        "resnet50", "preact50", "iresnet50", "resstage50", "resgroup50", "iresgroup50", "b_rgsnet50",
        "res_rgsnet50_se", "dsnet50", "ds2net50", "dsnet50_ln", "densenet121", "cbamresnet50", "res2net50",
        "resnet18:normalization=group/4", "resnet18:normalization=frozen_batch",
    ]
    private let clips = ["resnet3d50", "iresnet3d50"]

    private func network(_ text: String, on device: Device) throws -> Backbone {
        let architecture = try BackboneArchitecture(text: text)
        let small = architecture.scaled(min(1, 16 / Double(architecture.planes[0]))).with {
            $0.classes = 5
            $0.depths = $0.depths.map { min($0, 2) }
            $0.shortcutGroups = 8
        }
        Random.seed(3)
        let network = try Backbone(small.plan())
        network.move(to: device)
        return network
    }

    /// The losses of three steps, the parameters and statistics after them, and then the logits without gradients.
    private func steps(
        _ text: String, on device: Device, checkpointing: Bool = false, in precision: DType? = nil
    ) throws -> [[Float]] {
        let network = try network(text, on: device)
        if checkpointing { network.checkpointActivations() }
        let optimizer = SGD(
            groups: ParameterGroup.split(network, weightDecay: 1e-4), learningRate: 0.01, momentum: 0.9)
        let shape = clips.contains(text) ? [2, 3, 8, 48, 48] : [2, 3, 64, 64]
        let x = Tensor(goldenFill(name: "x", count: shape.reduce(1, *), lo: -1, hi: 1), shape: shape).to(device)
        let labels = Tensor([Int64(1), 4]).to(device)
        var found: [[Float]] = []
        for _ in 0..<3 {
            let logits = precision.map { withAutocast($0, device: device) { network(x) } } ?? network(x)
            let loss = F.crossEntropy(logits.to(.float32), labels)
            loss.backward()
            optimizer.step()
            optimizer.zeroGrad()
            found.append([Float(loss.item())])
        }
        for (name, tensor) in network.stateDict() {
            XCTAssertEqual(tensor.device, device, "\(text) \(name)")
            found.append(tensor.to(.float32).array(Float.self))
        }
        network.eval()
        found.append(withoutGrad { network(x) }.array(Float.self))
        return found
    }

    func testEveryFamilyTrainsAsOnTheCPU() throws {
        for name in images + clips {
            let there = try SimulatedDevice.use { try steps(name, on: $0) }
            let here = try SimulatedDevice.composed { try steps(name, on: $0) }
            XCTAssertNil(SimulatedDevice.difference(there, here), name)
            XCTAssertTrue(there.allSatisfy { $0.allSatisfy(\.isFinite) }, name)
        }
    }

    /// With the kernels for GPUs, losses, parameters and statistics are near those of composed operations, and norms and sums are theirs
    /// in bfloat16 too: no map falls back to float32 between two of them.
    func testKernelsTrainAsComposedOperations() throws {
        for name in ["resnet50", "b_rgsnet50", "res_rgsnet50_se", "dsnet50", "ds2net50", "iresnet3d50"] {
            let composed = try SimulatedDevice.composed { try steps(name, on: $0) }
            let found = try SimulatedDevice.use(hasKernels: true) { try steps(name, on: $0) }
            XCTAssertEqual(found[0][0], composed[0][0], accuracy: 1e-4 * composed[0][0], name)
            for (found, composed) in zip(found[1...2], composed[1...2]) {
                XCTAssertEqual(found[0], composed[0], accuracy: 0.02 * composed[0], name)
            }
            let (_, operations) = try SimulatedDevice.use(hasKernels: true) { device in
                try SimulatedDevice.counts { _ = try steps(name, on: device, in: .bfloat16) }
            }
            XCTAssertTrue(operations.contains("vertebra::sum_bfloat16"), name)
            for other in ["native_batch_norm_backward", "native_group_norm"] {
                XCTAssertFalse(operations.contains(other), "\(name): \(operations)")
            }
        }
    }

    /// In half precision the first loss is near float32's; on a device they are those of the CPU's composed operations.
    func testEveryFamilyTrainsInHalfPrecision() throws {
        for name in images + clips {
            let exact = try steps(name, on: .cpu)[0][0]
            for precision in [DType.float16, .bfloat16] {
                let native = try steps(name, on: .cpu, in: precision)
                let composed = try SimulatedDevice.composed { try steps(name, on: $0, in: precision) }
                for half in [native, composed] {
                    XCTAssertTrue(half.allSatisfy { $0.allSatisfy(\.isFinite) }, "\(name), \(precision)")
                    XCTAssertEqual(half[0][0], exact, accuracy: 0.1 * exact, "\(name), \(precision)")
                }
            }
        }
        for name in ["iresnet50", "res_rgsnet50_se", "dsnet50"] {
            let there = try SimulatedDevice.use { try steps(name, on: $0, in: .float16) }
            let here = try SimulatedDevice.composed { try steps(name, on: $0, in: .float16) }
            XCTAssertNil(SimulatedDevice.difference(there, here), name)
        }
    }

    func testCheckpointedClipsTrainAsOnTheCPU() throws {
        for name in clips {
            let plain = try SimulatedDevice.use { try steps(name, on: $0) }
            XCTAssertEqual(try SimulatedDevice.use { try steps(name, on: $0, checkpointing: true) }, plain, name)
        }
    }

    /// Folded norms and inference in bfloat16 work on a device too.
    func testOptimizedNetworksComputeAsOnTheCPU() throws {
        for name in ["resnet50", "iresnet50", "res_rgsnet50_se", "dsnet50"] {
            func logits(_ device: Device) throws -> [Float] {
                let network = try network(name, on: device)
                network.eval()
                let x = Tensor(goldenFill(name: "x", count: 3 * 64 * 64, lo: -1, hi: 1), shape: [1, 3, 64, 64])
                return withoutGrad { network.optimizedForInference()(x.to(device)) }.array(Float.self)
            }
            XCTAssertEqual(try SimulatedDevice.use(logits), try SimulatedDevice.composed(logits), name)
        }
    }
}
