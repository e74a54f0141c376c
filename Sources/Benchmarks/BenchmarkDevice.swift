import Annotations
import Architectures
import Backbones
import Detectors
import Foundation
import NN
import Tensors

extension Benchmark {
    /// A network of each family, in 2D and 3D, whose results on a device are compared with the CPU's.
    static let comparedModels = [
        "resnet18", "resnet50", "iresnet50", "resstage50", "resgroup50", "iresgroup50", "b_rgsnet50", "d_rgsnet50",
        "res_rgsnet50", "res_rgsnet50_se", "dsnet50", "dsnet50_a", "ds2net50", "ds2res2net50", "resnet50_dense",
        "densenet121", "resnext50_32x4d", "resnet3d50", "iresnet3d50", "dsnet3d50", "res_rgsnet3d50",
    ]

    /// Compares the device's results with the CPU's, then measures its speed. `tools/peers/device.py` measures the same in
    /// eager PyTorch.
    func runDevice(_ inputs: Inputs) throws {
        try inputs.device.requirePresence()
        for name in Self.comparedModels where isWanted(name) { try compareClassifier(name, on: inputs.device) }
        try compareDetectors(on: inputs.device)
        try timeClassifiers(inputs)
        try timeDetectors(inputs)
    }

    /// The largest differences in the results of a training step and of inference, relative to the results' standard
    /// deviation.
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
        func step(_ network: Backbone, _ x: Tensor, _ y: Tensor) -> (logits: Tensor, gradients: [Tensor]) {
            let logits = network(x)
            F.crossEntropy(logits, y).backward()
            return (logits.detached(), network.namedParameters().compactMap { $0.parameter.tensor.grad })
        }
        let expected = step(here, images, labels)
        let found = step(there, images.to(device), labels.to(device))
        let gradients = zip(found.gradients, expected.gradients).map { Self.difference($0, $1) }
        here.eval()
        there.eval()
        let inference = withoutGrad { Self.difference(there(images.to(device)), here(images)) }
        let halved = withoutGrad {
            withAutocast(.bfloat16, device: device) {
                Self.difference(there(images.to(device)).to(.float32), here(images))
            }
        }
        reportNumbers(
            "\(name) \(device) against cpu",
            [
                "logits": Self.difference(found.logits, expected.logits), "gradients": gradients.max() ?? .nan,
                "inference": inference, "inference_bfloat16": halved,
            ])
    }

    /// The largest difference of two tensors divided by the standard deviation of the second.
    private static func difference(_ found: Tensor, _ expected: Tensor) -> Double {
        let (a, b) = (found.elements, expected.elements)
        let mean = b.reduce(0, +) / Double(max(1, b.count))
        let deviation = (b.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, b.count))).squareRoot()
        return (zip(a, b).map { abs($0 - $1) }.max() ?? 0) / max(deviation, 1e-12)
    }

    /// Compares losses of a training step and detections of an image on the device and on the CPU, with the same weights.
    private func compareDetectors(on device: Device) throws {
        for (name, make) in Self.detectors where isWanted(name) {
            Random.seed(0)
            let here = try make("resnet18", 5)
            let there = try make("resnet18", 5)
            try there.loadStateDict(here.stateDict())
            there.move(to: device)
            let images = [Tensor.rand([3, 240, 320]), Tensor.rand([3, 320, 240])]
            let targets = images.map { _ in Self.target(classes: 5) }
            // Fresh networks give every box nearly the same score. Without random sampling, the losses can be compared.
            here.eval()
            there.eval()
            let (expected, found) = withoutGrad {
                (here.detect(images: images), there.detect(images: images.map { $0.to(device) }))
            }
            let boxes = zip(found, expected).map { found, expected in
                found.boxes.shape == expected.boxes.shape
                    ? zip(found.boxes.elements, expected.boxes.elements).map { abs($0 - $1) }.max() ?? 0
                    : .infinity
            }
            there.train()
            let optimizer = SGD(
                groups: ParameterGroup.split(there, weightDecay: 1e-4), learningRate: 1e-3, momentum: 0.9)
            var losses: [Double] = []
            for _ in 0..<3 {
                optimizer.zeroGrad()
                let terms = there.losses(images: images.map { $0.to(device) }, targets: targets)
                let loss = terms.dropFirst().reduce(terms[0].value) { $0 + $1.value }
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            }
            reportNumbers(
                "\(name) \(device) against cpu",
                [
                    "detections": Double(expected.reduce(0) { $0 + $1.boxes.shape[0] }),
                    "boxes_pixels": boxes.max() ?? .nan, "loss_first": losses[0], "loss_third": losses[2],
                ])
        }
    }

    private static let detectors: [(String, @Sendable (String, Int) throws -> any Detector)] = [
        (
            "fasterrcnn_fpn",
            { try FasterRCNN(FasterRCNNConfiguration(), backbone: BackboneArchitecture(text: $0), classCount: $1) }
        ),
        ("fasterrcnn_c4", { try FasterRCNN(.c4, backbone: BackboneArchitecture(text: $0), classCount: $1) }),
        ("ssd300", { try SSD(.ssd300, backbone: BackboneArchitecture(text: $0), classCount: $1) }),
    ]

    private static func target(classes: Int) -> DetectionTarget {
        DetectionTarget(
            boxes: [Box(x0: 20, y0: 30, x1: 120, y1: 140), Box(x0: 90, y0: 60, x1: 200, y1: 190)],
            labels: [1, min(2, classes)])
    }

    private func timeClassifiers(_ inputs: Inputs) throws {
        for name in inputs.models {
            let architecture = try BackboneArchitecture(text: name)
            Random.seed(0)
            let network = try Backbone(architecture)
            network.convertToChannelsLast()
            network.move(to: inputs.device)
            let optimizer = SGD(
                groups: ParameterGroup.split(network, weightDecay: 1e-4), learningRate: 0.01, momentum: 0.9)
            let images = Tensor.randn([inputs.batch, 3] + extents(of: architecture), device: inputs.device).to(
                memoryFormat: architecture.rank == .video ? .channelsLast3D : .channelsLast)
            let labels = Tensor((0..<inputs.batch).map { Int64($0 % (architecture.classes ?? 1)) }).to(inputs.device)
            let few = images.narrow(dim: 0, start: 0, length: max(1, inputs.batch / 2))
            for precision in [DType.float32, .bfloat16] {
                func inPrecision(_ body: () -> Tensor) -> Tensor {
                    precision == .bfloat16 ? withAutocast(.bfloat16, device: inputs.device, body) : body()
                }
                network.train()
                measure(
                    "\(name) training step \(precision) \(inputs.device)", batch: inputs.batch, warmUp: 3,
                    runs: inputs.rounds ?? 20
                ) {
                    optimizer.zeroGrad()
                    F.crossEntropy(inPrecision { network(images) }.to(.float32), labels).backward()
                    optimizer.step()
                    inputs.device.synchronize()
                }
                network.eval()
                withoutGrad {
                    measure(
                        "\(name) inference \(precision) \(inputs.device)", batch: few.shape[0], warmUp: 3,
                        runs: inputs.rounds ?? 20
                    ) {
                        _ = inPrecision { network(few) }
                        inputs.device.synchronize()
                    }
                }
            }
        }
    }

    private func timeDetectors(_ inputs: Inputs) throws {
        var configuration = FasterRCNNConfiguration()
        configuration.maxSize = 800
        let cases: [(String, any Detector, side: Int, batch: Int)] = [
            (
                "fasterrcnn_resnet50_fpn",
                try FasterRCNN(configuration, backbone: BackboneArchitecture(text: "resnet50"), classCount: 90), 800, 4
            ),
            (
                "ssd300_resnet50", try SSD(.ssd300, backbone: BackboneArchitecture(text: "resnet50"), classCount: 80),
                300, 32
            ),
        ]
        for (name, detector, side, batch) in cases where isWanted(name) {
            detector.move(to: inputs.device)
            let images = (0..<batch).map { _ in Tensor.rand([3, side, side], device: inputs.device) }
            let targets = images.map { _ in Self.target(classes: 5) }
            let optimizer = SGD(
                groups: ParameterGroup.split(detector, weightDecay: 1e-4), learningRate: 1e-4, momentum: 0.9)
            detector.eval()
            measure("\(name) inference \(inputs.device)", warmUp: 3, runs: inputs.rounds ?? 20) {
                _ = withoutGrad { detector.detect(images: [images[0]]) }
                inputs.device.synchronize()
            }
            detector.train()
            measure("\(name) training step \(inputs.device)", batch: batch, warmUp: 3, runs: inputs.rounds ?? 20) {
                optimizer.zeroGrad()
                let losses = detector.losses(images: images, targets: targets)
                losses.dropFirst().reduce(losses[0].value) { $0 + $1.value }.backward()
                optimizer.step()
                inputs.device.synchronize()
            }
        }
    }
}

extension Tensor {
    /// The elements in row-major order, copied from any device.
    fileprivate var elements: [Double] { to(.cpu).array(Float.self).map(Double.init) }
}
