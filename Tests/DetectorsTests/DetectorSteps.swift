import Annotations
import Detectors
import NN
import Tensors
import TestSupport
import XCTest

/// The sum that training goes down by.
func total(_ losses: [(name: String, value: Tensor)]) -> Tensor {
    losses.dropFirst().reduce(losses[0].value) { $0 + $1.value }
}

/// Plain gradient descent on the same images in every step: the loss before each.
func train(
    _ detector: any Detector, images: [Tensor], targets: [DetectionTarget], steps: Int, rate: Double
) -> [Double] {
    (0..<steps).map { _ in
        let loss = total(detector.losses(images: images, targets: targets))
        loss.backward()
        withoutGrad {
            for parameter in detector.parameters {
                guard let gradient = parameter.tensor.grad else { continue }
                parameter.tensor.addInPlace(gradient, scale: -rate)
                parameter.tensor.setGrad(nil)
            }
        }
        return loss.item()
    }
}

/// Two steps leave the parameters and the statistics of frozen parts as they were, to the bit, and move the others'.
func expectFrozenParts(
    _ detector: any Detector, _ parts: [String], hasFrozenNorms: Bool, images: [Tensor], targets: [DetectionTarget]
) {
    func state() -> [String: [Float]] {
        Dictionary(
            uniqueKeysWithValues: detector.body.stateDict().map { ($0.name, $0.tensor.to(.float32).array(Float.self)) })
    }
    XCTAssertEqual(detector.body.frozenParts, parts)
    let before = state()
    _ = train(detector, images: images, targets: targets, steps: 1, rate: 1e-3)
    // As an evaluation between two epochs does.
    detector.eval()
    detector.train()
    _ = train(detector, images: images, targets: targets, steps: 1, rate: 1e-3)
    for (name, values) in state() {
        let isFrozen = parts.contains { name.hasPrefix($0 + ".") }
        let isOfNorm = name.contains("bn") || name.contains("downsample.1")
        XCTAssertEqual(values == before[name], isFrozen || (hasFrozenNorms && isOfNorm), name)
    }
}

/// Two small images with three objects of two classes.
func smallScenes() -> (images: [Tensor], targets: [DetectionTarget]) {
    (
        [
            Tensor(goldenFill(name: "image0", count: 3 * 64 * 80, lo: 0, hi: 1), shape: [3, 64, 80]),
            Tensor(goldenFill(name: "image1", count: 3 * 64 * 64, lo: 0, hi: 1), shape: [3, 64, 64]),
        ],
        [
            DetectionTarget(
                boxes: [Box(x0: 8, y0: 10, x1: 40, y1: 50), Box(x0: 30, y0: 5, x1: 70, y1: 30)], labels: [1, 2]),
            DetectionTarget(boxes: [Box(x0: 20, y0: 20, x1: 44, y1: 60)], labels: [2]),
        ]
    )
}

/// A Faster R-CNN of few channels for images of some 64 pixels.
func smallFasterRCNN(_ layout: FasterRCNNConfiguration.Layout = .fpn) -> FasterRCNNConfiguration {
    var configuration = layout == .fpn ? FasterRCNNConfiguration() : .c4
    configuration.minSizes = [64]
    configuration.maxSize = 128
    configuration.pyramidChannels = 16
    configuration.boxHeadFeatures = 32
    configuration.rpnChannels = layout == .c4 ? 16 : nil
    if layout == .c4 { configuration.anchorSizes = [[16, 32, 64]] }
    return configuration
}
