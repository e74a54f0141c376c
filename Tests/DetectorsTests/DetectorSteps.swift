import Annotations
import Detectors
import NN
import Tensors

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
