import Architectures
import Backbones
import CTorch
import NN
import Tensors
import TestSupport
import XCTest

/// Weights and input filled by name give the golden features, logits, loss, gradients and running statistics.
final class GoldenBackboneTests: XCTestCase {
    private let weights = GoldenWeights()

    /// In the layout of the axes' order, whose rounding the golden values have, and with the channels last. Gradients
    /// of the deep ones depend on the last bit of the activations (a few rectifiers switch): PyTorch with the channels
    /// last, or in float64, is as far from the golden norms as ours is, so they are compared in the first layout only.
    func testEveryGoldenBackbone() throws {
        for golden in try GoldenBackbone.all() {
            try check(golden)
        }
    }

    /// Some of them as CPUs with fewer instructions compute them: they hold plain, strided and grouped convolutions.
    func testSomeGoldenBackbonesWithFewerInstructions() throws {
        let some = try ["resnet18", "iresnet50", "iresgroup50"].map(GoldenBackbone.named)
        let first = try XCTUnwrap(some.first)
        func logits() throws -> [Float] {
            let model = try Backbone(first.architecture.architecture())
            try weights.fill(model, salt: first.salt)
            model.eval()
            return withoutGrad { model(first.inputTensor).array(Float.self) }
        }
        let before = Instructions.used
        defer { Instructions.used = before }
        var found: [Instructions: [Float]] = [before: try logits()]
        for level in Instructions.allCases where level < before {
            Instructions.used = level
            found[level] = try logits()
            for golden in some { try check(golden) }
        }
        // Vectors of any length sum in one order, libtorch and the tile unit in others.
        XCTAssertNotEqual(found[.baseline], found[before], "the switch changes nothing")
        if before == .amx { XCTAssertNotEqual(found[.avx512], found[.amx], "the switch changes nothing") }
    }

    private func check(_ golden: GoldenBackbone) throws {
        let model = Backbone(try golden.architecture.architecture().plan(), channelsLast: false)
        try weights.fill(model, salt: golden.salt)
        try checkInference(model, golden, "axes' order")
        try checkTraining(model, golden)
        try weights.fill(model, salt: golden.salt, only: "running_")
        model.useChannelsLast()
        try checkInference(model, golden, "channels last")
    }

    /// The comparison tells the figure's identity from the official code's, and a network with one norm at zero.
    func testTheComparisonNoticesDifferences() throws {
        let golden = try GoldenBackbone.named("iresnet50")
        let paper = try Backbone(golden.architecture.architecture().with { $0.order = .staged(.unchanged) })
        try paper.fill(salt: golden.salt)
        paper.eval()
        let features = withoutGrad { paper.features(golden.inputTensor) }
        XCTAssertGreaterThan(worstDifference(features[0], golden.eval.features[0]), 1e-2)

        let touched = try Backbone(golden.architecture.architecture())
        try touched.fill(salt: golden.salt)
        touched.eval()
        touched.namedParameters().first { $0.name == "layer1.0.bn1.weight" }?.parameter.initialize(.zeros)
        let others = withoutGrad { touched.features(golden.inputTensor) }
        XCTAssertGreaterThan(worstDifference(others[0], golden.eval.features[0]), 1e-3)
    }

    private func checkInference(_ model: Backbone, _ golden: GoldenBackbone, _ layout: String) throws {
        let place = "\(golden.model), \(layout)"
        model.eval()
        let features = withoutGrad { model.features(golden.inputTensor) }
        XCTAssertEqual(features.count, golden.eval.features.count, place)
        for (index, (feature, expected)) in zip(features, golden.eval.features).enumerated() {
            XCTAssertEqual(feature.shape, expected.shape, "\(place), stage \(index + 1)")
            XCTAssertLessThan(
                worstDifference(feature, expected), golden.featureTolerance, "\(place), stage \(index + 1)")
        }
        let logits = withoutGrad { model.classifier(features[features.count - 1]) }
        XCTAssertEqual(logits.shape, golden.eval.logits.shape, place)
        XCTAssertLessThan(
            worstDifference(logits, golden.eval.logits), GoldenBackbone.valueTolerance, "\(place), logits")
    }

    private func checkTraining(_ model: Backbone, _ golden: GoldenBackbone) throws {
        model.train()
        let labels = Tensor(golden.train.labels.map { Int64($0) })
        let loss = F.crossEntropy(model(golden.inputTensor), labels)
        XCTAssertEqual(loss.item(), golden.train.loss, accuracy: 1e-4 * abs(golden.train.loss), golden.model)
        loss.backward()
        let parameters = Dictionary(uniqueKeysWithValues: model.namedParameters().map { ($0.name, $0.parameter) })
        XCTAssertGreaterThanOrEqual(golden.train.gradientNorms.count, 15, golden.model)
        for (name, expected) in golden.train.gradientNorms {
            let norm = try XCTUnwrap(parameters[name]?.grad, "\(golden.model), \(name)").norm().item()
            let share = golden.gradientTolerance(convolvesNatively: Instructions.used >= .avx2)
            let tolerance = share * expected + GoldenBackbone.gradientFloor
            XCTAssertEqual(norm, expected, accuracy: tolerance, "\(golden.model), gradient of \(name)")
        }
        let statistics = model.plan.stem[1].name + ".running_mean"
        let mean = try XCTUnwrap(model.namedBuffers().first { $0.name == statistics }).buffer.tensor
        XCTAssertLessThan(worstDifference(mean, golden.train.runningMean), 1e-4, "\(golden.model), running mean")
    }

    /// The largest difference of mean, deviation and elements, in deviations.
    private func worstDifference(_ tensor: Tensor, _ expected: GoldenBackbone.Sample) -> Double {
        let values = tensor.array(Float.self).map(Double.init)
        guard values.count == expected.shape.reduce(1, *) else { return .infinity }
        let mean = values.reduce(0, +) / Double(values.count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
        var worst = max(abs(mean - expected.mean), abs(variance.squareRoot() - expected.std))
        for (index, value) in zip(expected.index, expected.value) {
            let difference = abs(values[index] - value)
            worst = difference > worst || difference.isNaN ? difference : worst
        }
        return worst.isNaN ? .infinity : worst / expected.std
    }
}

extension GoldenBackbone {
    /// Uniform in ±1, by name.
    var inputTensor: Tensor {
        Tensor(
            goldenFill(name: "input", count: input.reduce(1, *), lo: -1, hi: 1, salt: salt), shape: input)
    }
}

/// Fills models by name, remembering what several of them hold.
final class GoldenWeights {
    private var filled: [String: Tensor] = [:]

    /// - Parameter part: fills only tensors whose names contain it.
    func fill(_ module: Module, salt: String, only part: String? = nil) throws {
        let names = module.stateDict().filter { name, _ in part.map { name.contains($0) } ?? true }
        try module.loadStateDict(
            names.map { name, tensor in
                let key = "\(salt)\(name)\(tensor.shape)"
                if let known = filled[key] { return (name, known) }
                let values = Tensor(
                    goldenWeights(name: name, shape: tensor.shape, salt: salt), shape: tensor.shape)
                if tensor.count < 3_000_000 { filled[key] = values }
                return (name, values)
            }, strict: part == nil)
    }
}

extension Module {
    /// Gives every tensor of the state dict the values that follow from its name.
    func fill(salt: String = "") throws {
        try loadStateDict(
            stateDict().map { name, tensor in
                (name, Tensor(goldenWeights(name: name, shape: tensor.shape, salt: salt), shape: tensor.shape))
            })
    }
}
