import Architectures
import Backbones
import NN
import Tensors
import TestSupport
import XCTest

/// Activations made anew give what kept ones give.
final class ActivationCheckpointTests: XCTestCase {
    private let image = Tensor(goldenFill(name: "image", count: 2 * 3 * 32 * 32, lo: -1, hi: 1), shape: [2, 3, 32, 32])

    private struct Outcome {
        var loss: Double
        var gradients: [(name: String, gradient: Tensor)]
        var buffers: [(name: String, values: [Float])]
    }

    private func step(_ architecture: BackboneArchitecture, checkpointing: Bool, dtype: DType? = nil) throws -> Outcome
    {
        let model = try Backbone(architecture)
        try model.fill()
        model.checkpointActivations(checkpointing)
        func forward() -> Tensor { F.crossEntropy(model(image).to(.float32), Tensor([Int64(1), 2])) }
        let loss = dtype.map { withAutocast($0, forward) } ?? forward()
        loss.backward()
        return Outcome(
            loss: loss.item(),
            gradients: try model.namedParameters().map { ($0.name, try XCTUnwrap($0.parameter.grad, $0.name)) },
            buffers: model.namedBuffers().map { ($0.name, $0.buffer.tensor.to(.float32).array(Float.self)) })
    }

    func testTheSameStepWithAndWithout() throws {
        let staged = try Catalogue.architecture(named: "cifar_iresnet164").with { $0.depths = [5, 4, 3] }
        let chain = try Catalogue.architecture(named: "res_rgsnet50").scaled(0.25).with { $0.classes = 10 }
        let dense = try Catalogue.architecture(named: "ds2net50").scaled(0.25).with { $0.classes = 10 }
        let gs = try Catalogue.architecture(named: "gs50").scaled(0.25).with { $0.classes = 10 }
        let concatenating = BackboneArchitecture.denseNet([5, 4, 3], growth: 8).with {
            $0.groups = [1, 1, 1]
            $0.classes = 10
        }
        let networks = [
            ("staged", staged), ("chain", chain), ("dense", dense), ("GS", gs), ("concatenation", concatenating),
        ]
        for (name, architecture) in networks {
            for dtype in [DType?.none, .bfloat16] {
                let kept = try step(architecture, checkpointing: false, dtype: dtype)
                let anew = try step(architecture, checkpointing: true, dtype: dtype)
                XCTAssertEqual(kept.loss, anew.loss, accuracy: 1e-6, name)
                // Statistics counted twice would show here.
                for (a, b) in zip(kept.buffers, anew.buffers) {
                    XCTAssertEqual(a.values, b.values, "\(name), \(a.name)")
                }
                let tolerance = dtype == nil ? 1e-4 : 0.1
                for (a, b) in zip(kept.gradients, anew.gradients) {
                    let difference = (a.gradient - b.gradient).norm().item()
                    XCTAssertLessThanOrEqual(
                        difference, tolerance * a.gradient.norm().item() + 1e-6, "\(name), \(a.name)")
                }
            }
        }
    }

    /// The graph of a checkpointed network ends at its segments, in which no activation is kept: a parameter inside gets its
    /// gradient from running the segment again, and none by way of the graph.
    func testNoActivationOfAStageIsKept() throws {
        for (name, parameter) in [("resnet18", "layer1.0.conv1.weight"), ("densenet121", "features.denseblock1.")] {
            let architecture = try Catalogue.architecture(named: name).scaled(0.25).with { $0.classes = 10 }
            for checkpoints in [false, true] {
                let model = try Backbone(architecture)
                model.checkpointActivations(checkpoints)
                let inside = try XCTUnwrap(model.namedParameters().first { $0.name.hasPrefix(parameter) }).parameter
                let loss = F.crossEntropy(model(image), Tensor([Int64(1), 2]))
                XCTAssertEqual(gradients(of: [loss], for: [inside.tensor])[0] == nil, checkpoints, name)
            }
        }
    }

    /// A frozen stem gives the first stage an input without gradient; its parameters still learn.
    func testParametersLearnBehindAFrozenStem() throws {
        let model = try Backbone(Catalogue.architecture(named: "resnet18").scaled(0.25).with { $0.classes = 10 })
        for (name, parameter) in model.namedParameters() where name.hasPrefix("conv1") || name.hasPrefix("bn1") {
            parameter.requiresGrad = false
        }
        model.checkpointActivations()
        F.crossEntropy(model(image), Tensor([Int64(1), 2])).backward()
        for (name, parameter) in model.namedParameters() {
            XCTAssertEqual(parameter.grad != nil, parameter.requiresGrad, name)
        }
    }

    func testNothingIsLeftBehind() throws {
        let model = try Backbone(Catalogue.architecture(named: "resnet18").scaled(0.25).with { $0.classes = 10 })
        model.checkpointActivations()
        func step() {
            F.crossEntropy(model(image), Tensor([Int64(1), 2])).backward()
            for (_, parameter) in model.namedParameters() { parameter.tensor.setGrad(nil) }
        }
        step()
        let before = Tensor.liveHandleCount
        step()
        XCTAssertEqual(Tensor.liveHandleCount, before)
    }
}
