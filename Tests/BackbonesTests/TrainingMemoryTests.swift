import Architectures
import Backbones
import NN
import Tensors
import TestSupport
import XCTest

/// A step of training lives in the memory of the step before it.
final class TrainingMemoryTests: XCTestCase {
    /// An allocator that may not cut small pieces from what a step gives back takes new memory in each step, some 20 MB of
    /// it here.
    func testADeepNetworkTakesNoNewMemoryAfterItsFirstSteps() throws {
        Random.seed(3)
        let model = try Backbone(Catalogue.architecture(named: "cifar_resnet164").with { $0.classes = 10 })
        let images = Tensor.randn([8, 3, 32, 32]).to(memoryFormat: .channelsLast)
        let labels = Tensor((0..<8).map { Int64($0) })
        func step() {
            for named in model.namedParameters() { named.parameter.tensor.setGrad(nil) }
            F.crossEntropy(model(images), labels).backward()
        }
        for _ in 0..<4 { step() }
        let before = try residentMemory()
        for _ in 0..<12 { step() }
        XCTAssertLessThan(try residentMemory() - before, 48 << 20)
    }

    /// The loss, the gradients and the running statistics of a step.
    private func step(_ architecture: BackboneArchitecture, isLean: Bool, dtype: DType?) throws -> [(String, [Float])] {
        let rank = architecture.rank == .video ? [4, 32, 32] : [64, 64]
        Random.seed(5)
        let model = try Backbone(architecture)
        let images = Tensor.randn([2, 3] + rank)
        func forward() -> Tensor { F.crossEntropy(model(images).to(.float32), Tensor([Int64(1), 2])) }
        func computed() -> Tensor { dtype.map { withAutocast($0, forward) } ?? forward() }
        let loss = isLean ? withLeanMemory(computed) : computed()
        loss.backward()
        return [("loss", loss.array(Float.self))]
            + (try model.namedParameters().map {
                ($0.name, try XCTUnwrap($0.parameter.grad, $0.name).array(Float.self))
            }) + model.namedBuffers().map { ($0.name, $0.buffer.tensor.to(.float32).array(Float.self)) }
    }

    func testLeanMemoryChangesNoBit() throws {
        for name in [
            "resnet18", "resnet50", "iresnet50", "res_rgsnet50", "dsnet50", "ds2net50", "dsnet50_a", "gs50", "rgb50",
            "seresnet50", "resnet50_dense", "densenet121", "resnet3d50",
        ] {
            let architecture = try Catalogue.architecture(named: name).scaled(0.25).with { $0.classes = 10 }
            for dtype in [DType?.none, .bfloat16] {
                let kept = try step(architecture, isLean: false, dtype: dtype)
                let again = try step(architecture, isLean: true, dtype: dtype)
                XCTAssertEqual(kept.count, again.count)
                for (a, b) in zip(kept, again) {
                    XCTAssertEqual(a.1, b.1, "\(name), \(dtype.map { "\($0)" } ?? "float32"): \(a.0)")
                }
            }
        }
    }
}
