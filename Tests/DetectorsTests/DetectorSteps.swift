import Annotations
import Detectors
import NN
import Tensors
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
