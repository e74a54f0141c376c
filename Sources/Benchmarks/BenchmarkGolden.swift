import Architectures
import Backbones
import Detectors
import Foundation
import GoldenNumbers
import NN
import Tensors

extension Benchmark {
    private static let smallGolden = ["resnet18", "res_rgsnet26_0.25", "iresnet18", "ssd300_resnet18"]

    /// Computes every network and detector of a folder of golden numbers on a device, whose weights and inputs follow from
    /// names. The limits are those of the tests that compare the same numbers on the CPU.
    func runGolden(_ inputs: Inputs) throws {
        guard let path = inputs.golden else {
            throw MissingInput(
                description: "the suite golden compares with numbers in files: name their folder with --golden")
        }
        try inputs.device.requirePresence()
        let folder = GoldenFolder(URL(fileURLWithPath: path))
        func isTaken(_ name: String) -> Bool {
            isWanted(name) && (!inputs.isSmall || Self.smallGolden.contains(name))
        }
        try withExactArithmetic {
            try asOnDevice {
                for name in try folder.backboneNames() where isTaken(name) {
                    try compare(folder.backbone(named: name), on: inputs.device)
                }
                for (name, make) in Self.goldenDetectors where isTaken(name) {
                    let golden = try folder.detector(named: name)
                    try compare(make(), with: golden, named: name, on: inputs.device)
                }
            }
        }
    }

    private func compare(_ golden: GoldenBackbone, on device: Device) throws {
        let network = try Backbone(golden.architecture.architecture())
        try network.loadStateDict(
            network.stateDict().map { name, tensor in
                (name, Tensor(goldenWeights(name: name, shape: tensor.shape, salt: golden.salt), shape: tensor.shape))
            })
        network.move(to: device)
        let values = goldenFill(
            name: "input", count: golden.input.reduce(1, *), lo: -1, hi: 1, salt: golden.salt)
        let input = Tensor(values, shape: golden.input).to(device)
        network.eval()
        let features = withoutGrad { network.features(input) }
        var numbers: [String: Double] = [
            "features": features.count == golden.eval.features.count
                ? zip(features, golden.eval.features).map { $1.difference(of: $0) }.max() ?? .infinity : .infinity
        ]
        if let last = features.last {
            numbers["logits"] = golden.eval.logits.difference(of: withoutGrad { network.classifier(last) })
        }
        network.train()
        let labels = Tensor(golden.train.labels.map { Int64($0) }).to(device)
        let loss = F.crossEntropy(network(input), labels)
        loss.backward()
        numbers["loss"] = abs(loss.item() - golden.train.loss) / abs(golden.train.loss)
        numbers["gradients"] = worstGradient(
            of: network, golden.train.gradientNorms, floor: GoldenBackbone.gradientFloor)
        let statistics = network.plan.stem[1].name + ".running_mean"
        if let mean = network.namedBuffers().first(where: { $0.name == statistics }) {
            numbers["running_mean"] = golden.train.runningMean.difference(of: mean.buffer.tensor)
        }
        network.convert(to: .float64)
        let exact = F.crossEntropy(network(input.to(.float64)), labels)
        exact.backward()
        numbers["loss_float64"] = abs(exact.item() - golden.train.loss) / abs(golden.train.loss)
        numbers["gradients_float64"] = worstGradient(
            of: network, golden.train.gradientNorms, floor: GoldenBackbone.gradientFloor)
        reportNumbers(
            "golden \(golden.model) \(device)", numbers,
            limits: [
                "features": golden.featureTolerance, "logits": GoldenBackbone.valueTolerance,
                "loss": golden.lossTolerance, "running_mean": GoldenBackbone.valueTolerance,
                "gradients": golden.gradientTolerance(convolvesNatively: false),
                "gradients_float64": golden.gradientToleranceInFloat64,
            ])
    }

    /// The largest difference of a gradient's norm from the golden one, as a share of that.
    private func worstGradient(of module: Module, _ golden: [String: Double], floor: Double) -> Double {
        let parameters = Dictionary(
            module.namedParameters().map { ($0.name, $0.parameter) }, uniquingKeysWith: { first, _ in first })
        guard !golden.isEmpty else { return .infinity }
        var worst = 0.0
        for (name, expected) in golden {
            guard let gradient = parameters[name]?.tensor.grad else { return .infinity }
            let norm: Double = gradient.norm().item()
            let difference = max(0, abs(norm - expected) - floor) / max(expected, 1e-12)
            guard difference.isFinite else { return .infinity }
            worst = max(worst, difference)
        }
        return worst
    }

    private func compare<D: Detector & Module>(
        _ detector: D, with golden: GoldenDetector, named name: String, on device: Device
    ) throws {
        try detector.loadStateDict(
            detector.stateDict().map { name, tensor in
                (name, Tensor(golden.weightValues(name, shape: tensor.shape), shape: tensor.shape))
            })
        detector.move(to: device)
        let images = golden.imageShapes.indices.map {
            Tensor(golden.imageValues($0), shape: golden.imageShapes[$0]).to(device)
        }
        detector.eval()
        let found = withoutGrad { detector.detect(images: images) }
        var (boxes, scores, unlike) = (0.0, 0.0, abs(found.count - golden.detections.count))
        for (found, expected) in zip(found, golden.detections) {
            unlike += abs(found.count - expected.count)
            let labels = found.labels.array(Int.self), edges = found.boxes.elements, values = found.scores.elements
            for (index, label) in expected.labels.enumerated() {
                guard index < labels.count, labels[index] == label else {
                    unlike += 1
                    continue
                }
                for edge in 0..<4 {
                    boxes = max(boxes, abs(edges[4 * index + edge] - Double(expected.boxes[index][edge])))
                }
                scores = max(scores, abs(values[index] - Double(expected.scores[index])))
            }
        }
        // The SSD's norms use their running statistics in this step as well, as torchvision's did for these numbers.
        if detector is FasterRCNN { detector.train() }
        let terms = detector.losses(images: images, targets: golden.losses.targets.map(\.target))
        let torchvisionsNames = ["loss_classification": "classification", "loss_box_reg": "bbox_regression"]
        var worst = terms.count == golden.losses.values.count ? 0.0 : .infinity
        for (name, value) in terms {
            let expected =
                golden.losses.values[name] ?? torchvisionsNames[name].flatMap { golden.losses.values[$0] } ?? .nan
            let difference = abs(value.item() - expected) / abs(expected)
            worst = difference.isFinite ? max(worst, difference) : .infinity
        }
        terms.dropFirst().reduce(terms[0].value) { $0 + $1.value }.backward()
        reportNumbers(
            "golden \(name) \(device)",
            [
                "boxes_pixels": boxes, "scores": scores, "detections_unlike": Double(unlike), "losses": worst,
                "gradients": worstGradient(of: detector, golden.losses.gradientNorms, floor: 0),
            ],
            limits: [
                "boxes_pixels": 1e-2, "scores": 1e-4, "detections_unlike": 0, "losses": 1e-5, "gradients": 1e-3,
            ])
    }

    /// The detectors of the golden files, with every anchor and proposal sampled, so that no draw decides.
    private static let goldenDetectors: [(name: String, make: @Sendable () throws -> any Detector & Module)] = [
        ("torchvision", { try goldenFasterRCNN(FasterRCNNConfiguration(), backbone: "resnet50") }),
        ("c4_resnet18_align", { try goldenFasterRCNN(c4(pooling: .align), backbone: "resnet18") }),
        ("c4_resnet18_pool", { try goldenFasterRCNN(c4(pooling: .pool), backbone: "resnet18") }),
        (
            "ssd300_resnet18",
            {
                var configuration = SSDConfiguration.ssd300
                configuration.minNegativesPerImage = 0
                return try SSD(configuration, backbone: Catalogue.architecture(named: "resnet18"), classCount: 20)
            }
        ),
    ]

    private static func c4(pooling: FasterRCNNConfiguration.RoIPooling) -> FasterRCNNConfiguration {
        var configuration = FasterRCNNConfiguration.c4
        configuration.rpnChannels = nil
        configuration.roiPooling = pooling
        return configuration
    }

    private static func goldenFasterRCNN(
        _ configuration: FasterRCNNConfiguration, backbone: String
    ) throws -> FasterRCNN {
        var configuration = sampled(configuration)
        configuration.normalization = .frozenBatch
        configuration.boxScoreThreshold = 0.02
        return try FasterRCNN(configuration, backbone: Catalogue.architecture(named: backbone), classCount: 20)
    }
}

extension GoldenBackbone.Sample {
    /// The largest difference of a tensor's mean, deviation and elements from these, in deviations of these.
    fileprivate func difference(of tensor: Tensor) -> Double {
        let values = tensor.elements
        guard tensor.shape == shape, index.allSatisfy({ values.indices.contains($0) }) else { return .infinity }
        let mean = values.reduce(0, +) / Double(values.count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
        var worst = max(abs(mean - self.mean), abs(variance.squareRoot() - std))
        for (index, value) in zip(index, value) {
            let difference = abs(values[index] - value)
            worst = difference > worst || difference.isNaN ? difference : worst
        }
        return worst.isNaN ? .infinity : worst / std
    }
}
