import Annotations
import Architectures
import Backbones
import Detectors
import Foundation
import NN
import Tensors

extension Benchmark {
    /// Measures training steps and inference of networks and detectors on a device, and the memory that they take of it.
    /// `tools/peers/device.py` measures the same in eager PyTorch.
    func runDevice(_ inputs: Inputs) throws {
        try inputs.device.requirePresence()
        try timeClassifiers(inputs)
        try timeDetectors(inputs)
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
                    Self.computing(in: precision, on: inputs.device, body)
                }
                network.train()
                measure(
                    "\(name) training step \(precision) \(inputs.device)", batch: inputs.batch, warmUp: 3,
                    runs: inputs.rounds ?? 20, device: inputs.device
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
                        runs: inputs.rounds ?? 20, device: inputs.device
                    ) {
                        _ = inPrecision { network(few) }
                        inputs.device.synchronize()
                    }
                }
            }
        }
    }

    /// Two objects of an image of 240 pixels or more.
    static let target = DetectionTarget(
        boxes: [Box(x0: 20, y0: 30, x1: 120, y1: 140), Box(x0: 90, y0: 60, x1: 200, y1: 190)], labels: [1, 2])

    private func timeDetectors(_ inputs: Inputs) throws {
        let backbone = inputs.isSmall ? "resnet18" : "resnet50"
        let architecture = try BackboneArchitecture(text: backbone)
        var configuration = FasterRCNNConfiguration()
        configuration.minSizes = inputs.isSmall ? [256] : configuration.minSizes
        configuration.maxSize = inputs.isSmall ? 256 : 800
        let side = inputs.isSmall ? 256 : 800
        let cases: [(String, any Detector, side: Int, batch: Int)] = [
            (
                "fasterrcnn_\(backbone)_fpn", try FasterRCNN(configuration, backbone: architecture, classCount: 90),
                side, inputs.isSmall ? 2 : 4
            ),
            (
                "ssd300_\(backbone)", try SSD(.ssd300, backbone: architecture, classCount: 80), 300,
                inputs.isSmall ? 2 : 32
            ),
        ]
        for (name, detector, side, batch) in cases where isWanted(name) {
            detector.move(to: inputs.device)
            let images = (0..<batch).map { _ in Tensor.rand([3, side, side], device: inputs.device) }
            let targets = images.map { _ in Self.target }
            let optimizer = SGD(
                groups: ParameterGroup.split(detector, weightDecay: 1e-4), learningRate: 1e-4, momentum: 0.9)
            detector.eval()
            measure(
                "\(name) inference \(inputs.device)", warmUp: 3, runs: inputs.rounds ?? 20, device: inputs.device
            ) {
                _ = withoutGrad { detector.detect(images: [images[0]]) }
                inputs.device.synchronize()
            }
            detector.train()
            measure(
                "\(name) training step \(inputs.device)", batch: batch, warmUp: 3, runs: inputs.rounds ?? 20,
                device: inputs.device
            ) {
                optimizer.zeroGrad()
                let losses = detector.losses(images: images, targets: targets)
                losses.dropFirst().reduce(losses[0].value) { $0 + $1.value }.backward()
                optimizer.step()
                inputs.device.synchronize()
            }
        }
    }
}
