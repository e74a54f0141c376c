import Architectures
import Backbones
import NN
import Tensors
import TestSupport
import XCTest

/// Every named model, at a quarter of ResNet's width whatever its own is.
final class CatalogueSweepTests: XCTestCase {
    private func thinned(_ architecture: BackboneArchitecture) -> BackboneArchitecture {
        architecture.scaled(min(1, 16 / Double(architecture.planes[0]))).with {
            $0.classes = 5
            // Whatever the width was, this divides what is left of it.
            $0.shortcutGroups = 8
        }
    }

    /// Each architecture once, with the name of the first model that has it.
    private func distinct(_ change: (BackboneArchitecture) -> BackboneArchitecture) -> [(
        name: String, architecture: BackboneArchitecture
    )] {
        var seen = Set<BackboneArchitecture>()
        return Catalogue.models.compactMap { model in
            let architecture = change(model.architecture)
            return seen.insert(architecture).inserted ? (model.name, architecture) : nil
        }
    }

    /// With at most six blocks in a stage, which leaves networks of 50 layers whole.
    func testThePlanIsWhatIsBuilt() throws {
        let architectures = distinct { architecture in
            self.thinned(architecture).with { $0.depths = $0.depths.map { min($0, 6) } }
        }
        for (name, architecture) in architectures {
            let plan = try architecture.plan()
            let model = Backbone(plan)
            let state = model.stateDict()
            XCTAssertEqual(state.map(\.name), plan.tensors.map(\.name), name)
            XCTAssertEqual(state.map(\.tensor.shape), plan.tensors.map(\.shape), name)
            XCTAssertEqual(model.parameterCount, plan.parameterCount, name)
            XCTAssertEqual(
                Set(model.namedParameters().map(\.name)), Set(plan.tensors.filter(\.isParameter).map(\.name)), name)
        }
    }

    /// With a stage of four blocks, which are every kind of block there is, and others of two: whatever differs in more than
    /// depth, once.
    func testAGradientReachesEveryParameter() throws {
        let architectures = distinct { architecture in
            self.thinned(architecture).with { $0.depths = $0.depths.indices.map { $0 == 1 ? 4 : 2 } }
        }
        for (name, architecture) in architectures {
            try checkGradients(
                architecture, name, side: architecture.rank == .video ? 48 : architecture.stem == .cifar ? 32 : 64)
        }
    }

    /// Every legal pair of values of two axes, on a small network with residuals and on one with concatenation.
    func testEveryLegalPairOfAxes() throws {
        let residual = BackboneArchitecture().with {
            $0.depths = [2, 3]
            $0.planes = [8, 16]
            $0.groups = [1, 1]
            $0.temporalStrides = [1, 2]
            $0.stemWidth = 8
            $0.shortcutGroups = 4
            $0.classes = 3
        }
        let axes: [[(String, (inout BackboneArchitecture) -> Void)]] = [
            [
                ("cifar", { $0.stem = .cifar }), ("no pool", { $0.stem = .imagenetWithoutPool }),
                (
                    "video",
                    {
                        $0.rank = .video
                        $0.stem = .video
                    }
                ),
            ],
            [
                ("basic", { $0.branch = .basic() }), ("wide group", { $0.branch = .wideGroup }),
                ("Res2Net", { $0.branch = .res2Net(scale: 4, baseWidth: 32) }),
            ],
            [
                ("pre-activation", { $0.order = .preActivation }), ("staged", { $0.order = .staged() }),
                ("staged, figure", { $0.order = .staged(.unchanged) }),
            ],
            [
                ("plain", { $0.shortcut = .none }), ("RG", { $0.shortcut = .rg }),
                ("identity+RG", { $0.shortcut = .identityAndRG }), ("RBS", { $0.shortcut = .rbs }),
                ("GS", { $0.shortcut = .gs }), ("RGB", { $0.shortcut = .rgb }), ("dense", { $0.shortcut = .dense() }),
                ("dense residuals", { $0.shortcut = .dense(of: .residuals, normalization: .none) }),
                ("dense batch", { $0.shortcut = .dense(normalization: .batch, isWeighted: false) }),
                ("dense identity", { $0.shortcut = .denseIdentity }),
            ],
            [("inner RG", { $0.innerShortcut = .rg }), ("inner dense", { $0.innerShortcut = .weighted() })],
            [("2GN", { $0.innerGroupNorm = true })],
            [("max-pool", { $0.projection = .maxPool }), ("average-pool", { $0.projection = .averagePool })],
            [
                ("group norm", { $0.normalization = .group(groups: 4) }),
                ("frozen", { $0.normalization = .frozenBatch }),
            ],
            [
                ("SE", { $0.attention = .squeezeExcitation(reduction: 4) }),
                ("CBAM", { $0.attention = .cbam(reduction: 4) }),
            ],
            [("groups", { $0.groups = [2, 4] })],
            [("stride 1", { $0.stageStrides = [1, 1] })],
        ]
        let concatenating = residual.with {
            $0.order = .preActivation
            $0.shortcut = .concatenation(growth: 4)
        }
        XCTAssertGreaterThan(try checkPairs(axes, on: residual, "residual"), 200)
        XCTAssertGreaterThan(try checkPairs(axes, on: concatenating, "concatenation"), 15)
    }

    /// How many of the pairs are legal.
    private func checkPairs(
        _ axes: [[(String, (inout BackboneArchitecture) -> Void)]], on base: BackboneArchitecture, _ title: String
    ) throws -> Int {
        var built = 0
        for first in axes.indices {
            for second in axes.indices where second > first {
                for (a, changeA) in axes[first] {
                    for (b, changeB) in axes[second] {
                        var architecture = base
                        changeA(&architecture)
                        changeB(&architecture)
                        // A shortcut in the place of the concatenation is another network, and the other base's affair.
                        guard base.shortcut == .identity || architecture.shortcut == base.shortcut,
                            (try? architecture.plan()) != nil
                        else { continue }
                        built += 1
                        try checkGradients(architecture, "\(title), \(a) with \(b)", side: 33)
                    }
                }
            }
        }
        return built
    }

    private func checkGradients(_ architecture: BackboneArchitecture, _ name: String, side: Int = 64) throws {
        let plan = try architecture.plan()
        let model = Backbone(plan)
        try model.fill()
        // A squeeze to a few units may rectify all of them to zero, and then rightly passes no gradient on.
        for (parameterName, parameter) in model.namedParameters() where parameterName.hasSuffix(".fc1.bias") {
            withoutGrad { parameter.tensor.fillInPlace(1) }
        }
        let axes = architecture.rank == .image ? [side, side] : [8, side, side]
        let shape = [2, 3] + axes
        let x = Tensor(goldenFill(name: name, count: shape.reduce(1, *), lo: -1, hi: 1), shape: shape)
        let features = model.features(x)
        let sizes = plan.layers(input: Array(shape.dropFirst()))
        XCTAssertEqual(features.count, plan.stages.count, name)
        for (feature, stage) in zip(features, plan.stages) {
            let block = stage.blocks[stage.blocks.count - 1]
            let last = sizes.last {
                $0.layer.name.hasPrefix(block.name + ".") && $0.layer.name.contains("conv")
                    && !$0.layer.name.contains("cbam")
            }
            XCTAssertEqual(feature.shape, [2, stage.channels] + (last?.outputSize ?? []), "\(name), \(stage.name)")
        }
        let loss = F.crossEntropy(model.classifier(features[features.count - 1]), Tensor([Int64(0), 1]))
        XCTAssertTrue(loss.item().isFinite, name)
        loss.backward()
        for (parameterName, parameter) in model.namedParameters() {
            let reach = parameter.grad?.abs().amax().item() ?? 0
            // Attention that saturates passes on a gradient of zero; all that is asked of it is to take part.
            let mayVanish = parameterName.contains(".se.") || parameterName.contains(".cbam.")
            XCTAssertTrue(
                (reach > 0 || mayVanish && parameter.grad != nil) && reach.isFinite,
                "\(name): \(parameterName) has a gradient of \(reach)")
        }
    }
}
