import Annotations
import Architectures
import Backbones
import Detectors
import Foundation
import NN
import Tensors

extension Benchmark {
    /// A network of each family, in 2D and 3D, whose results on a device are compared with the CPU's.
    package static let comparedModels = [
        "resnet18", "resnet50", "iresnet50", "resstage50", "resgroup50", "iresgroup50", "b_rgsnet50", "d_rgsnet50",
        "res_rgsnet50", "res_rgsnet50_se", "dsnet50", "dsnet50_a", "ds2net50", "ds2res2net50", "resnet50_dense",
        "densenet121", "resnext50_32x4d", "resnet3d50", "iresnet3d50", "dsnet3d50", "res_rgsnet3d50_se",
    ]
    private static let smallModels = ["resnet18", "res_rgsnet26_0.25", "dsnet26", "resnet3d26_0.25"]

    /// What results may differ by. Values are as shares of their deviation; a training step's logits went through norms over a
    /// batch of four, which magnify rounding. Gradients in float32 are as shares of the norm of all together: some ReLUs turn with
    /// the order of sums, which moves a small parameter's by a third, and all together by up to a twentieth. In float64 none turns,
    /// and each parameter's are held to its own norm. Numbers of eight bits are rounded by up to 1/512 in each of some fifty layers.
    private static let classifierLimits = [
        "inference": 1e-3, "logits": 5e-3, "gradients": 0.1, "gradients_float64": 1e-6, "inference_bfloat16": 5e-2,
    ]
    private static let detectorLimits = [
        "losses": 1e-3, "gradients": 0.1, "boxes_pixels": 0.1, "scores": 1e-3, "detections_unlike": 0.02,
    ]

    /// Compares a device's results with the CPU's.
    func runParity(_ inputs: Inputs) throws {
        try inputs.device.requirePresence()
        try withExactArithmetic {
            for name in inputs.isSmall ? Self.smallModels : Self.comparedModels where isWanted(name) {
                try compareClassifier(name, on: inputs.device)
            }
            for (name, make) in Self.detectors where isWanted(name) {
                try compareDetector(name, isSmall: inputs.isSmall, make, on: inputs.device)
            }
        }
    }

    /// Runs `body` without TensorFloat-32, whose ten bits would hide differences.
    func withExactArithmetic<R>(_ body: () throws -> R) rethrows -> R {
        let previous = DeviceArithmetic.current
        DeviceArithmetic.current = DeviceArithmetic(tf32: .none)
        defer { DeviceArithmetic.current = previous }
        return try body()
    }

    /// Runs `body` as a device does: composed of libtorch's operations, on the CPU too.
    func asOnDevice<R>(_ body: () throws -> R) rethrows -> R {
        let previous = NativeOperations.areAllowed
        NativeOperations.areAllowed = false
        defer { NativeOperations.areAllowed = previous }
        return try body()
    }

    /// The largest differences in the results of a training step and of inference.
    private func compareClassifier(_ name: String, on device: Device) throws {
        let architecture = try BackboneArchitecture(text: name).with { $0.classes = 10 }
        Random.seed(0)
        let here = try Backbone(architecture)
        let there = try Backbone(architecture)
        try there.loadStateDict(here.stateDict())
        there.move(to: device)
        let extents = architecture.rank == .video ? [8, 64, 64] : [96, 96]
        let images = Tensor.randn([4, 3] + extents)
        let labels = Tensor([Int64](arrayLiteral: 0, 3, 5, 9))
        func step(_ network: Backbone, _ x: Tensor, _ y: Tensor) -> Tensor {
            let logits = network(x)
            F.crossEntropy(logits, y).backward()
            return logits.detached()
        }
        let expected = step(here, images, labels)
        let found = asOnDevice { step(there, images.to(device), labels.to(device)) }
        let gradients = jointGradientDifference(there, here, name)
        here.eval()
        there.eval()
        let result = withoutGrad { here(images) }
        let inference = withoutGrad { asOnDevice { there(images.to(device)) } }
        let halved = withoutGrad {
            asOnDevice { withAutocast(.bfloat16, device: device) { there(images.to(device)) }.to(.float32) }
        }
        for (network, device) in [(here, Device.cpu), (there, device)] {
            network.train()
            network.convert(to: .float64)
            _ = asOnDevice { step(network, images.to(.float64).to(device), labels.to(device)) }
        }
        reportNumbers(
            "\(name) \(device) against cpu",
            [
                "logits": found.difference(from: expected), "gradients": gradients,
                "gradients_float64": gradientDifference(there, here),
                "inference": inference.difference(from: result),
                "inference_bfloat16": halved.rootMeanSquareDifference(from: result),
            ], limits: Self.classifierLimits)
    }

    /// The norm of each parameter's gradient in `expected`, and of its difference from the one in `found`: NaN where that is missing.
    private func gradientDifferences(
        _ found: Module, _ expected: Module
    ) -> [(name: String, norm: Double, difference: Double)] {
        zip(found.namedParameters(), expected.namedParameters()).compactMap { a, b in
            guard let wanted = b.parameter.tensor.grad?.to(.cpu).to(.float64) else { return nil }
            guard let gradient = a.parameter.tensor.grad?.to(.cpu).to(.float64) else { return (b.name, .nan, .nan) }
            return (b.name, wanted.norm().item(), (gradient - wanted).norm().item())
        }
    }

    /// The difference of all gradients of two networks, as a share of their norm. Where that is beyond its limit, each parameter's own
    /// share is said on standard error.
    private func jointGradientDifference(_ found: Module, _ expected: Module, _ name: String) -> Double {
        let all = gradientDifferences(found, expected)
        let squares = all.reduce((difference: 0.0, norm: 0.0)) {
            ($0.difference + $1.difference * $1.difference, $0.norm + $1.norm * $1.norm)
        }
        let joint = (squares.difference / squares.norm).squareRoot()
        if !(joint <= Self.classifierLimits["gradients"] ?? 0) {
            // What is wrong in one layer is wrong in all in front of it: the first that is far away is to blame.
            let list = all.reversed().map {
                "\($0.name) \(String(format: "%.2g", $0.difference / max($0.norm, 1e-12)))"
            }
            .joined(separator: ", ")
            FileHandle.standardError.write(Data("\(name): gradients from the last layer to the first: \(list)\n".utf8))
        }
        return joint
    }

    /// The largest difference of a parameter's gradients in two networks, as a share of its norm.
    func gradientDifference(_ found: Module, _ expected: Module) -> Double {
        var worst = 0.0
        for (_, norm, difference) in gradientDifferences(found, expected) {
            guard difference.isFinite else { return .nan }
            // A gradient that is zero but for rounding has no digits to compare.
            if norm > 1e-4 { worst = max(worst, difference / norm) }
        }
        return worst
    }

    /// Compares losses and gradients of three training steps, and detections in two images, with the same weights.
    private func compareDetector(
        _ name: String, isSmall: Bool, _ make: (Bool) throws -> any Detector, on device: Device
    ) throws {
        Random.seed(0)
        let (here, there) = (try make(isSmall), try make(isSmall))
        Self.spreadScores(of: here)
        try there.loadStateDict(here.stateDict())
        there.move(to: device)
        Random.seed(1)
        let (short, long) = isSmall ? (120, 160) : (240, 320)
        let images = [Tensor.rand([3, short, long]), Tensor.rand([3, long, short])]
        let targets = images.map { _ in isSmall ? Self.smallTarget : Self.target }
        here.eval()
        there.eval()
        let expected = withoutGrad { here.detect(images: images) }
        let found = withoutGrad { asOnDevice { there.detect(images: images.map { $0.to(device) }) } }
        var numbers = DetectionDifference(found, expected).numbers
        here.train()
        there.train()
        func step(_ detector: any Detector, _ images: [Tensor], _ optimizer: SGD) -> Double {
            optimizer.zeroGrad()
            let terms = detector.losses(images: images, targets: targets)
            let loss = terms.dropFirst().reduce(terms[0].value) { $0 + $1.value }
            loss.backward()
            return loss.item()
        }
        let optimizers = [here, there].map {
            SGD(groups: ParameterGroup.split($0, weightDecay: 1e-4), learningRate: 1e-4, momentum: 0.9)
        }
        var losses: (found: [Double], expected: [Double]) = ([], [])
        for index in 0..<3 {
            losses.expected.append(step(here, images, optimizers[0]))
            losses.found.append(asOnDevice { step(there, images, optimizers[1]) })
            if index == 0 { numbers["gradients"] = gradientDifference(there, here) }
            for optimizer in optimizers { optimizer.step() }
        }
        numbers["losses"] = Self.largestDifference(losses.found, losses.expected)
        reportNumbers("\(name) \(device) against cpu", numbers, limits: Self.detectorLimits)
    }

    /// Fresh networks give every box nearly the same score, so that rounding decides which are found: this tells them apart.
    private static func spreadScores(of detector: any Detector) {
        withoutGrad {
            for (name, parameter) in detector.namedParameters()
            where name.hasSuffix("cls_logits.weight") || name.hasSuffix("cls_score.weight") {
                parameter.tensor.copyInPlace(from: parameter.tensor * 30)
            }
        }
    }

    /// Every anchor and proposal is sampled, so that no draw decides about losses.
    static func sampled(_ configuration: FasterRCNNConfiguration) -> FasterRCNNConfiguration {
        var configuration = configuration
        configuration.minSizes = [200]
        configuration.maxSize = 320
        configuration.rpnBatchSizePerImage = 1 << 20
        configuration.rpnPositiveFraction = 1
        configuration.boxBatchSizePerImage = 1 << 20
        configuration.boxPositiveFraction = 1
        return configuration
    }

    /// As many proposals as a CPU takes through a head in a second.
    private static func few(_ configuration: FasterRCNNConfiguration, isSmall: Bool) -> FasterRCNNConfiguration {
        var configuration = sampled(configuration)
        configuration.minSizes = isSmall ? [100] : [200]
        configuration.boxScoreThreshold = 0.01
        configuration.rpnPreNMSTopNTrain = 200
        configuration.rpnPostNMSTopNTrain = 50
        configuration.rpnPreNMSTopNTest = 200
        configuration.rpnPostNMSTopNTest = 50
        return configuration
    }

    private static let smallTarget = DetectionTarget(
        boxes: [Box(x0: 10, y0: 15, x1: 60, y1: 70), Box(x0: 45, y0: 30, x1: 100, y1: 95)], labels: [1, 2])

    /// Not C4: with fresh weights rounding decides which of its proposals are kept, and the suite golden has its numbers.
    private static let detectors: [(String, @Sendable (_ isSmall: Bool) throws -> any Detector)] = [
        (
            "fasterrcnn_fpn",
            {
                try FasterRCNN(
                    few(FasterRCNNConfiguration(), isSmall: $0), backbone: BackboneArchitecture(text: "resnet18"),
                    classCount: 5)
            }
        ),
        (
            "ssd300",
            { isSmall in
                try SSD(
                    .ssd300, backbone: BackboneArchitecture(text: isSmall ? "resnet18" : "iresnet50"), classCount: 5)
            }
        ),
    ]
}

/// How detections in some images differ from those that are expected.
struct DetectionDifference {
    /// The largest difference of a box's edge, in pixels, and of a score, over the detections that are found again; the share of those
    /// that are not, and how many are expected.
    let numbers: [String: Double]

    /// What is further away than this many pixels is another detection.
    private static let reach = 1.0

    /// Compares detections image by image. Their order is no part of it: rounding decides it where scores are as good as equal.
    init(_ found: [Detections], _ expected: [Detections]) {
        var (boxes, scores, unlike, count) = (0.0, 0.0, 0, 0)
        for (index, expected) in expected.enumerated() {
            var left = index < found.count ? Self.all(found[index]) : []
            let wanted = Self.all(expected)
            count += wanted.count
            for one in wanted {
                let distances = left.map { $0.label == one.label ? $0.distance(to: one) : .infinity }
                guard let nearest = distances.indices.min(by: { distances[$0] < distances[$1] }),
                    distances[nearest] < Self.reach
                else {
                    unlike += 1
                    continue
                }
                boxes = max(boxes, distances[nearest])
                scores = max(scores, abs(left[nearest].score - one.score))
                left.remove(at: nearest)
            }
            unlike += left.count
        }
        // Where nothing is found, nothing is compared.
        numbers = [
            "boxes_pixels": boxes, "scores": scores,
            "detections_unlike": count == 0 ? .infinity : Double(unlike) / Double(count), "detections": Double(count),
        ]
    }

    private struct One {
        let label: Int
        let edges: [Double]
        let score: Double

        func distance(to other: One) -> Double { zip(edges, other.edges).map { abs($0 - $1) }.max() ?? 0 }
    }

    private static func all(_ detections: Detections) -> [One] {
        let (edges, scores) = (detections.boxes.elements, detections.scores.elements)
        return detections.labels.array(Int.self).enumerated().map { index, label in
            One(label: label, edges: Array(edges[4 * index..<4 * index + 4]), score: scores[index])
        }
    }
}

extension Tensor {
    /// The elements in row-major order, copied from any device.
    var elements: [Double] { to(.cpu).array(Float.self).map(Double.init) }

    /// The largest difference from another tensor, in deviations of that.
    func difference(from expected: Tensor) -> Double {
        shape == expected.shape ? elements.largestDifference(from: expected.elements) : .infinity
    }

    /// The root of the mean square of the difference from another tensor, in deviations of that.
    func rootMeanSquareDifference(from expected: Tensor) -> Double {
        shape == expected.shape ? elements.rootMeanSquareDifference(from: expected.elements) : .infinity
    }
}

extension [Double] {
    fileprivate func largestDifference(from expected: [Double]) -> Double {
        var worst = 0.0
        for (a, b) in zip(self, expected) {
            let difference = abs(a - b)
            worst = difference > worst || difference.isNaN ? difference : worst
        }
        return worst.isNaN ? .infinity : worst / expected.deviation
    }

    fileprivate func rootMeanSquareDifference(from expected: [Double]) -> Double {
        let sum = zip(self, expected).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        return (sum / Double(Swift.max(1, count))).squareRoot() / expected.deviation
    }

    /// The standard deviation, of the population; at least a number to divide by.
    private var deviation: Double {
        let mean = reduce(0, +) / Double(Swift.max(1, count))
        let variance = reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(Swift.max(1, count))
        return Swift.max(variance.squareRoot(), 1e-12)
    }
}
