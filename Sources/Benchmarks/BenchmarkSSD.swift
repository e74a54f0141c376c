import Annotations
import Architectures
import Backbones
import DataPipeline
import Detectors
import NN
import Support
import Tensors
import Workflows

extension Benchmark {
    /// Measures SSD300 on each network with 81 classes, background included: detection in one image and in eight, and a
    /// training step of eight. `tools/peers/ssd300.py` does the same in PyTorch.
    func runSSD(_ inputs: Inputs) throws {
        for name in inputs.models {
            Random.seed(0)
            let detector = try SSD(backbone: BackboneArchitecture(text: name), classCount: 80)
            Self.calm(detector)
            let images = (0..<8).map { _ in Tensor.rand([3, 300, 300]) }
            try measureTraining(of: detector, name: name, images: images)
            detector.eval()
            for batch in [1, 8] {
                var candidates = 0
                measure("ssd300 \(name) inference, batch \(batch)", batch: batch, warmUp: 3, runs: 9) {
                    ["candidates_an_image": Double(candidates) / Double(batch)]
                } _: {
                    let found = detector.candidates(images: Array(images[..<batch]))
                    candidates = found.reduce(0) { $0 + $1.count }
                    for one in found { _ = detector.suppression(one) }
                }
            }
        }
    }

    private func measureTraining(of detector: SSD, name: String, images: [Tensor]) throws {
        let targets = images.indices.map { image in
            DetectionTarget(
                boxes: (0..<7).map { object in
                    let (x, y) = (Float(20 + 30 * object), Float((50 * object + 11 * image) % 200))
                    return Box(x0: x, y0: y, x1: x + Float(30 + 10 * object), y1: y + Float(90 - 10 * object))
                }, labels: Array(1...7))
        }
        let optimizer = SGD(
            groups: ParameterGroup.split(detector, weightDecay: 5e-4), learningRate: 1e-4, momentum: 0.9)
        measure("ssd300 \(name) training step, batch 8", batch: 8, warmUp: 2, runs: 5) {
            optimizer.zeroGrad()
            let losses = detector.losses(images: images, targets: targets)
            losses.dropFirst().reduce(losses[0].value) { $0 + $1.value }.backward()
            optimizer.step()
        }
    }

    /// Lowers a fresh network's scores to those of a trained one: only the boxes of ten classes are candidates, not all.
    private static func calm(_ detector: SSD) {
        withoutGrad {
            for (name, parameter) in detector.namedParameters() where name.hasPrefix("head.classification.") {
                if name.hasSuffix(".bias") {
                    let width = detector.classCount + 1
                    let bias = (0..<parameter.tensor.count).map { output -> Float in
                        output % width == 0 ? 4 : output % width <= 10 ? 0.7 : 0
                    }
                    parameter.tensor.copyInPlace(from: Tensor(bias))
                } else {
                    parameter.tensor.copyInPlace(from: parameter.tensor * 0.02)
                }
            }
        }
    }

    /// Measures the making of SSD300's training images on one thread, in milliseconds for each: read, decode, jitter, zoom
    /// out, crop, flip and scale. `tools/peers/ssd_data.py` does the same with torchvision's transforms.
    func runSSDData(_ inputs: Inputs) throws {
        guard let annotations = inputs.annotations, let images = inputs.images else {
            throw MissingInput(
                description: "the suite ssd-data prepares training images: name them with --annotations, an instances "
                    + "JSON, and --images, their folder")
        }
        var input = DetectionInputSection()
        (input.side, input.colorJitter, input.zoomOut, input.iouCrop) = (300, true, 0.5, true)
        let dataset = try DetectionDataset(
            annotations: COCO.readInstances(annotations), imageFolder: images, transforms: input.trainingTransforms,
            filter: DetectionFilter(degenerateBoxes: .skip))
        let count = min(dataset.count, 200)
        var epoch = 0
        try measure("ssd300 training images", batch: count, warmUp: 1, runs: 5, perRun: count, threads: 1) {
            for index in 0..<count {
                var random = SeededRandom(seed: 0, epoch: epoch, index: index)
                _ = try dataset.sample(at: index, random: &random)
            }
            epoch += 1
        }
    }
}
