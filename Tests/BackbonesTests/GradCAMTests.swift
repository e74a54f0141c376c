import Architectures
import Backbones
import NN
import Tensors
import TestSupport
import XCTest

final class GradCAMTests: XCTestCase {
    private let image = Tensor(goldenFill(name: "image", count: 2 * 3 * 64 * 64, lo: -1, hi: 1), shape: [2, 3, 64, 64])
    private let clip = Tensor(
        goldenFill(name: "clip", count: 2 * 3 * 8 * 32 * 32, lo: -1, hi: 1), shape: [2, 3, 8, 32, 32])

    private func filled(_ architecture: BackboneArchitecture) throws -> Backbone {
        let model = try Backbone(architecture)
        try model.fill()
        return model
    }

    private func thin(_ name: String) throws -> BackboneArchitecture {
        try Catalogue.architecture(named: name).scaled(0.25).with { $0.classes = 10 }
    }

    /// A tiny network of four stages of two blocks.
    private func tiny(_ name: String) throws -> BackboneArchitecture {
        try Catalogue.architecture(named: name).with {
            $0.planes = [4, 4, 8, 8]
            $0.stemWidth = 4
            $0.depths = [2, 2, 2, 2]
            $0.shortcutGroups = 2
            $0.classes = 3
        }
    }

    private func largest(_ x: Tensor) -> Double { x.abs().amax().item() }

    /// Behind the last stage there are an average and a linear layer, so α_k = w_k / Z for Z positions, and Grad-CAM is
    /// ReLU of the class activation map Σ_k w_k A_k (Zhou et al., 2016), divided by Z (Selvaraju et al., 2017, appendix).
    func testTheLastStageIsTheClassActivationMap() throws {
        for name in ["resnet18", "iresnet50", "preact50", "res_rgsnet50", "ds2net50", "resnet3d50"] {
            let model = try filled(thin(name))
            model.eval()
            let x = model.plan.architecture.rank == .video ? clip : image
            let classes = [7, 2]
            let found = try model.gradCAM(x, classes: classes)
            withoutGrad {
                let a = model.features(x).last ?? x
                let positions = a.shape.dropFirst(2).reduce(1, *)
                let fc = model.stateDict().first { $0.name == "fc.weight" }?.tensor ?? x
                let w = Tensor.stack(classes.map { fc.select(dim: 0, index: $0) })
                let spread = w.reshape(w.shape + a.shape.dropFirst(2).map { _ in 1 })
                let expected = (spread * a).sum([1]).relu() / Double(positions)
                XCTAssertEqual(found.maps.shape, expected.shape, name)
                XCTAssertGreaterThan(largest(expected), 0, name)
                XCTAssertLessThan(largest(found.maps - expected), 1e-5 * largest(expected), name)
                XCTAssertLessThan(largest(found.weights - w / Double(positions)), 1e-5 * largest(found.weights), name)
            }
        }
    }

    /// Z α_k is what the score changes by where all of channel k is raised: (y(A + ε·1_k) − y(A − ε·1_k)) / 2ε.
    func testAnEarlierStageFollowsFiniteDifferences() throws {
        for (name, stage) in [("resnet50", 0), ("resnet50", 2), ("preact50", 1), ("ds2net50", 0), ("iresnet50", 1)] {
            let model = try filled(tiny(name))
            model.convert(to: .float64)
            model.eval()
            let x = image.narrow(dim: 2, start: 0, length: 32).narrow(dim: 3, start: 0, length: 32).to(.float64)
            let classes = [1, 2]
            let found = try model.gradCAM(x, classes: classes, stage: stage)
            let a = withoutGrad { model.features(x)[stage] }
            let positions = Double(a.shape[2] * a.shape[3])
            func scores(_ a: Tensor) -> [Double] {
                let last = (stage + 1..<4).reduce(a) { model.stage($1, $0) }
                let logits = model.classifier(last).detached().array(Double.self)
                return classes.enumerated().map { logits[$0 * 3 + $1] }
            }
            let step = 1e-6
            let weights = found.weights.array(Double.self)
            let most = weights.map(abs).max() ?? 0
            XCTAssertGreaterThan(most, 0, name)
            for k in 0..<a.shape[1] {
                let one = Tensor((0..<a.shape[1]).map { $0 == k ? step : 0 }, shape: [1, a.shape[1], 1, 1])
                let (above, below) = (scores(a + one), scores(a - one))
                for n in classes.indices {
                    XCTAssertEqual(
                        weights[n * a.shape[1] + k], (above[n] - below[n]) / (2 * step) / positions,
                        accuracy: 1e-5 * most, "\(name), stage \(stage), channel \(k)")
                }
            }
            let expected = (found.weights.reshape(found.weights.shape + [1, 1]) * a).sum([1]).relu()
            XCTAssertLessThan(largest(found.maps - expected), 1e-12)
        }
    }

    /// Against torchvision's ResNet-50 in PyTorch 2.13, where a forward hook keeps the stage's output and a backward hook
    /// ∂y_c/∂A, in float64. Of class 3 both maps are zero there.
    func testPyTorchsHooks() throws {
        let model = try filled(Catalogue.architecture(named: "resnet50").with { $0.classes = 10 })
        let x = Tensor(goldenFill(name: "input", count: 3 * 96 * 96, lo: -1, hi: 1), shape: [1, 3, 96, 96])
        let layer4 = [
            0.0454214042, 0.182101822, 0.207124278, 0.115453446, 0.212408668, 0.246122501, 0.15142432, 0.264834265,
            0.247623734,
        ]
        let layer3 = [
            0.0189434997, 0.0306245358, 0.0350475851, 0.0252590412, 0.030944759, 0.0310745699, 0.0259751234,
            0.0431177058, 0.0489033138, 0.0422505822, 0.0410263732, 0.0381141067, 0.0325032989, 0.0429737165,
            0.0413842554, 0.040583593, 0.0408783093, 0.0436734616, 0.0401343877, 0.0392210609, 0.0431767701,
            0.0479648897, 0.035062996, 0.0475948866, 0.0299758794, 0.0493602198, 0.0530302562, 0.0419563959,
            0.0524019923, 0.0423511359, 0.0346699221, 0.0407741337, 0.045281779, 0.049260695, 0.0452564281,
            0.0446681406,
        ]
        for (stage, expected) in [(3, layer4), (2, layer3)] {
            let found = try model.gradCAM(x, classes: [7], stage: stage)
            XCTAssertEqual(found.scores.item(), 1.63071174524, accuracy: 1e-5)
            XCTAssertEqual(found.maps.count, expected.count)
            let most = expected.max() ?? 0
            for (a, b) in zip(found.maps.array(Float.self), expected) {
                XCTAssertEqual(Double(a), b, accuracy: 1e-5 * most, "stage \(stage)")
            }
            XCTAssertEqual(largest(try model.gradCAM(x, classes: [3], stage: stage).maps), 0)
        }
    }

    /// Every named network of images and of clips, at a few channels: the gradient of the whole network, recorded from the
    /// pixels on and without folded norms, is the one that is taken behind the stage alone.
    func testEveryNamedNetworkAtItsFirstAndLastStage() throws {
        var seen = Set<BackboneArchitecture>()
        for model in Catalogue.models {
            let architecture =
                (model.architecture.planes[0] > 32
                ? model.architecture.scaled(16 / Double(model.architecture.planes[0])) : model.architecture)
                .with {
                    $0.shortcutGroups = 8
                    $0.classes = 5
                    $0.depths = $0.depths.map { min($0, 3) }
                }
            guard seen.insert(architecture).inserted else { continue }
            let network = try filled(architecture)
            network.eval()
            let side = architecture.stem == .cifar ? 16 : 64
            let x =
                architecture.rank == .video
                ? clip
                : image.narrow(dim: 2, start: 0, length: side)
                    .narrow(dim: 3, start: 0, length: side)
            for stage in [0, architecture.depths.count - 1] {
                let found = try network.gradCAM(x, stage: stage)
                let features = network.features(x)
                let logits = network.classifier(features[features.count - 1])
                XCTAssertEqual(found.classes, logits.detached().argmax(dim: 1).array(Int.self), model.name)
                let scores = found.classes.enumerated().map { logits[$0][$1] }
                let gradient = try XCTUnwrap(
                    gradients(of: [scores[0] + scores[1]], for: [features[stage]])[0], model.name)
                let weights = gradient.flatten(from: 2).mean([2])
                let a = features[stage].detached()
                let maps = (weights.reshape(weights.shape + a.shape.dropFirst(2).map { _ in 1 }) * a).sum([1]).relu()
                XCTAssertEqual(found.maps.shape, [2] + a.shape.dropFirst(2), model.name)
                // Little is left of channels that cancel, and rounding with the folded norms is as large as before.
                let scale = largest(
                    (weights.abs().reshape(weights.shape + a.shape.dropFirst(2).map { _ in 1 }) * a.abs()).sum([1]))
                // Far from the logits a unit that rounding puts on the other side of its ReLU changes the gradient itself.
                let tolerance = stage == 0 ? 2e-2 : 1e-3
                XCTAssertLessThan(largest(found.maps - maps), tolerance * scale, "\(model.name), stage \(stage)")
                XCTAssertTrue(found.maps.isFinite().all().item() != 0, model.name)
            }
        }
        XCTAssertGreaterThan(seen.count, 60)
    }

    func testEachPictureIsItsOwn() throws {
        let model = try filled(thin("resnet18"))
        let both = try model.gradCAM(image, classes: [3, 8], stage: 1)
        let second = try model.gradCAM(image[1..<2], classes: [8], stage: 1)
        XCTAssertLessThan(largest(both.maps[1..<2] - second.maps), 1e-4 * largest(second.maps))
        XCTAssertEqual(both.scores.array(Double.self)[1], second.scores.item(), accuracy: 1e-5)
        let exponentials = both.logits.to(.float64).exp()
        XCTAssertEqual(
            both.probabilities.array(Double.self)[0], (exponentials[0][3] / exponentials[0].sum()).item(),
            accuracy: 1e-6)
    }

    /// Also where activations would be made anew, which hands gradients to the parameters.
    func testGradientsModesAndStatisticsStay() throws {
        let model = try filled(thin("resnet18"))
        model.eval()
        let expected = try model.gradCAM(image, classes: [3, 8], stage: 1).maps
        model.train()
        model.stages[1].eval()
        model.checkpointActivations()
        F.crossEntropy(model(image), Tensor([Int64(1), 2])).backward()
        model.namedParameters()[0].parameter.tensor.setGrad(nil)
        try model.fill()
        func state() -> [String] {
            model.namedParameters().map { "\($0.name) \($0.parameter.grad?.array(Float.self) ?? [])" }
                + model.namedBuffers().map { "\($0.name) \($0.buffer.tensor.array(Float.self))" }
                + model.namedModules().map { "\($0.name) \($0.module.isTraining)" }
                + model.stages.map { "\($0.checkpointedBlocks ?? 0)" }
                + model.namedParameters().map { "\($0.parameter.requiresGrad)" }
        }
        let before = state()
        XCTAssertEqual(model.stages[1].isTraining, false)
        let found = try model.gradCAM(image, classes: [3, 8], stage: 1).maps
        XCTAssertTrue(state() == before, "something of the model has changed")
        XCTAssertEqual(found.array(Float.self), expected.array(Float.self), "in training as in evaluation")

        model.setRequiresGrad(false)
        let frozen = try withoutGrad { try model.gradCAM(image, classes: [3, 8], stage: 1).maps }
        XCTAssertFalse(frozen.requiresGrad)
        XCTAssertLessThan(largest(frozen - expected), 1e-5 * largest(expected), "frozen, and inside withoutGrad")
    }

    func testWhatIsNotThereIsNamed() throws {
        let model = try filled(thin("resnet18"))
        XCTAssertThrowsError(try model.gradCAM(image, stage: 4)) {
            XCTAssertEqual("\($0)", "there is no stage 4; the network has 0…3: layer1, layer2, layer3, layer4")
        }
        XCTAssertThrowsError(try model.gradCAM(image, classes: [0, 10])) {
            XCTAssertEqual("\($0)", "there is no class 10; the network knows 0…9")
        }
        let body = try Backbone(thin("resnet18"), classes: nil)
        XCTAssertThrowsError(try body.gradCAM(image)) { XCTAssertEqual($0 as? GradCAMError, .noClassifier) }
    }

    func testItLeavesNoTensorBehind() throws {
        let model = try filled(thin("res_rgsnet50"))
        _ = try model.gradCAM(image, stage: 1)
        let before = Tensor.liveHandleCount
        _ = try model.gradCAM(image, stage: 1)
        XCTAssertEqual(Tensor.liveHandleCount, before)
    }
}
