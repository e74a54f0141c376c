import Architectures
import Backbones
import NN
import Tensors
import TestSupport
import XCTest

final class BackboneTests: XCTestCase {
    private let image = Tensor(goldenFill(name: "image", count: 2 * 3 * 64 * 64, lo: -1, hi: 1), shape: [2, 3, 64, 64])

    private func thin(_ name: String) throws -> BackboneArchitecture {
        try Catalogue.architecture(named: name).scaled(0.25).with { $0.classes = 10 }
    }

    func testFeaturesAreStagesOneAfterTheOther() throws {
        for name in ["resnet18", "iresnet50", "preact50", "densenet121"] {
            let model = try Backbone(thin(name))
            model.eval()
            withoutGrad {
                let features = model.features(image)
                XCTAssertEqual(features.map { $0.shape[1] }, model.plan.stages.map(\.channels))
                XCTAssertEqual(features.map { $0.shape[2] }, model.plan.stages.map { 64 / $0.stride })
                var h = model.stem(image)
                for index in features.indices { h = model.stage(index, h) }
                XCTAssertEqual(h.array(Float.self), features[3].array(Float.self))
                XCTAssertEqual(model.classifier(h).array(Float.self), model(image).array(Float.self))
            }
        }
    }

    /// The first stages by themselves are the beginning of the whole, under the same names.
    func testTheFirstStagesAreTheBeginningOfTheWhole() throws {
        for name in ["resnet18", "iresnet50", "preact50", "densenet121"] {
            let architecture = try thin(name)
            let whole = try Backbone(architecture, classes: nil)
            let body = try Backbone(architecture, classes: nil, stageCount: 3)
            let names = body.stateDict().map(\.name)
            XCTAssertEqual(names, Array(whole.stateDict().map(\.name).prefix(names.count)))
            for module in [whole, body] {
                try module.fill()
                module.eval()
            }
            withoutGrad {
                let features = body.features(image)
                XCTAssertEqual(features.count, 3, name)
                XCTAssertEqual(features[2].array(Float.self), whole.features(image)[2].array(Float.self), name)
            }
        }
        XCTAssertThrowsError(try Backbone(thin("resnet18"), classes: nil, stageCount: 5))
    }

    func testFrozenNormsGiveInferenceInTraining() throws {
        let architecture = try thin("iresnet50")
        let frozen = try Backbone(architecture.with { $0.normalization = .frozenBatch }, classes: nil)
        let batch = try Backbone(architecture, classes: nil)
        try frozen.fill()
        try batch.fill()
        batch.eval()
        let (a, b) = withoutGrad { (frozen.features(image)[3], batch.features(image)[3]) }
        // Inference may convolve in another order of additions.
        XCTAssertLessThan((a - b).abs().amax().item(), 1e-5 * b.amax().item())
        XCTAssertTrue(frozen.namedParameters().allSatisfy { !$0.name.contains("bn") })
    }

    /// In training and in evaluation, statistics included.
    func testSynchronisedBatchNormOfOneProcessIsBatchNorm() throws {
        let networks = try [Normalization.batch, .synchronizedBatch].map { normalization in
            try Backbone(thin("res_rgsnet50").with { $0.normalization = normalization }, classes: 10)
        }
        let numbers = try networks.map { network in
            try network.fill()
            let loss = F.crossEntropy(network(image), Tensor([Int64(1), 2]))
            loss.backward()
            network.eval()
            let state = network.stateDict().filter { $0.name.contains("running_") }.map(\.tensor)
            let gradients = network.namedParameters().compactMap(\.parameter.grad)
            return (state + gradients + [loss, network(image)]).flatMap { $0.array(Float.self) }
        }
        XCTAssertEqual(numbers[0], numbers[1])
    }

    func testGroupNormsTreatEachImageAlone() throws {
        let model = try Backbone(
            thin("resnet18").with { $0.normalization = .group(groups: 8) }, classes: 10)
        withoutGrad {
            let both = model(image)
            let first = model(image[0..<1])
            let difference = (both[0..<1] - first).abs().amax().item()
            XCTAssertLessThan(difference, 1e-5)
        }
    }

    func testConvolutionsStartHeNormalOverFanOut() throws {
        Random.seed(1)
        let model = try Backbone(Catalogue.architecture(named: "resnet18"), classes: nil)
        let weight = try XCTUnwrap(model.stateDict().first { $0.name == "layer4.1.conv2.weight" }).tensor
        XCTAssertEqual(weight.mean().item(), 0, accuracy: 1e-4)
        XCTAssertEqual(weight.std().item(), (2.0 / (512 * 9)).squareRoot(), accuracy: 1e-4)
    }

    func testZeroedLastNormsLeaveTheShortcut() throws {
        let model = try Backbone(thin("resnet50"))
        model.zeroLastNorms()
        model.eval()
        let zeroed = model.namedParameters().filter { $0.parameter.tensor.abs().amax().item() == 0 }.map(\.name)
        XCTAssertEqual(zeroed.filter { $0.hasSuffix(".bn3.weight") }.count, 16)
        let plain = try Backbone(thin("plain18"))
        plain.zeroLastNorms()
        XCTAssertTrue(
            plain.namedParameters().allSatisfy {
                !$0.name.hasSuffix("bn2.weight") || $0.parameter.tensor.amin().item() == 1
            })
    }

    func testActivationsHaveTheirChannelsLast() throws {
        let model = try Backbone(thin("iresnet18"))
        withoutGrad {
            XCTAssertTrue(model.features(image).allSatisfy { $0.isChannelsLast })
        }
    }

    /// In float64, where rounding can't hide a difference.
    func testBothLayoutsComputeTheSame() throws {
        for name in ["iresnet50", "res_rgsnet50", "ds2net50"] {
            let plan = try thin(name).plan()
            let results = try [false, true].map { channelsLast in
                let model = Backbone(plan, channelsLast: channelsLast)
                try model.fill()
                model.convert(to: .float64)
                let loss = F.crossEntropy(model(image.to(.float64)), Tensor([Int64(1), 2]))
                loss.backward()
                return [loss.item()] + model.namedParameters().map { $0.parameter.grad?.norm().item() ?? .nan }
            }
            for (a, b) in zip(results[0], results[1]) { XCTAssertEqual(a, b, accuracy: 1e-9 * (1 + abs(a)), name) }
        }
    }

    func testDropoutActsInTrainingOnly() throws {
        let model = try Backbone(thin("resnet18").with { $0.dropout = 0.5 })
        model.eval()
        withoutGrad {
            let feature = model.features(image)[3]
            XCTAssertEqual(model.classifier(feature).array(Float.self), model.classifier(feature).array(Float.self))
            model.train()
            XCTAssertNotEqual(model.classifier(feature).array(Float.self), model.classifier(feature).array(Float.self))
        }
    }

    func testTheRunOfANetworkLeavesNoTensorBehind() throws {
        let model = try Backbone(thin("res_rgsnet50"))
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
