import Architectures
import Backbones
import NN
import Tensors
import TestSupport
import XCTest

final class OptimizedBackboneTests: XCTestCase {
    private func largestError(_ a: Tensor, _ b: Tensor) -> Double {
        (a.to(.float64) - b.to(.float64)).abs().amax().item() / b.to(.float64).abs().amax().item()
    }

    /// Any backbone goes through it: one of each kind, two to a stage or more, wide enough for the native kernels, against
    /// the same network as it is trained, layer by layer, with the axes in their order.
    func testEveryKindGivesWhatItsLayersGive() throws {
        var seen = Set<BackboneArchitecture>()
        for model in Catalogue.models {
            let architecture = model.architecture.with {
                // Every kind of block is in the second stage.
                $0.depths = $0.depths.indices.map { $0 == 1 ? 3 : 2 }
                $0.classes = 10
            }
            let width = 32 / Double(max(32, architecture.planes[0]))
            let thin = (width < 1 ? architecture.scaled(width) : architecture).with { $0.shortcutGroups = 8 }
            guard seen.insert(thin).inserted else { continue }
            let extents = thin.rank == .video ? [4, 32, 32] : [64, 64]
            let count = 2 * 3 * extents.reduce(1, *)
            let image = Tensor(
                goldenFill(name: "image", count: count, lo: -1, hi: 1), shape: [2, 3] + extents)
            let plain = try Backbone(thin.plan(), channelsLast: false)
            try plain.fill()
            plain.eval()
            let expected = plain(image)
            let features = plain.features(image)
            XCTAssertTrue(expected.requiresGrad, "nothing was folded")
            let optimized = plain.optimizedForInference()
            // A norm over the few pixels of a last stage divides by deviations that are near zero.
            let isDelicate = [DenseNormalization.instance, .batch].contains {
                thin.shortcut == .dense(normalization: $0)
            }
            let tolerance = isDelicate ? 1e-3 : 1e-4
            XCTAssertLessThan(largestError(optimized(image), expected), tolerance, model.name)
            let found = optimized.features(image)
            XCTAssertEqual(found.map(\.shape), features.map(\.shape), model.name)
            for (a, b) in zip(found, features) {
                XCTAssertLessThan(largestError(a, b), tolerance, model.name)
            }
        }
    }

    func testBFloat16() throws {
        let architecture = try Catalogue.architecture(named: "iresnet50").scaled(0.25).with { $0.classes = 10 }
        let image = Tensor(goldenFill(name: "image", count: 2 * 3 * 64 * 64, lo: -1, hi: 1), shape: [2, 3, 64, 64])
        let model = try Backbone(architecture)
        try model.fill()
        model.eval()
        let expected = model(image).detached()
        let optimized = model.optimizedForInference(.bfloat16)
        let logits = optimized(image.to(.bfloat16))
        XCTAssertEqual(logits.dtype, .bfloat16)
        XCTAssertEqual(optimized.features(image).map(\.dtype), [.bfloat16, .bfloat16, .bfloat16, .bfloat16])
        XCTAssertLessThan(largestError(logits, expected), 0.05)
        XCTAssertEqual(optimized.computation, Device.cpu.multipliesBFloat16 ? .bfloat16 : .float32)
    }

    /// Folded weights follow the weights.
    func testALaterChangeIsSeen() throws {
        let model = try Backbone(Catalogue.architecture(named: "resnet18").scaled(0.25).with { $0.classes = 10 })
        let optimized = model.optimizedForInference()
        let image = Tensor.ones([1, 3, 32, 32])
        let before = optimized(image)
        try model.fill()
        XCTAssertGreaterThan(largestError(optimized(image), before), 1e-3)
        XCTAssertFalse(model.isTraining)
        XCTAssertTrue(model.parameters.allSatisfy { !$0.requiresGrad })
    }
}
