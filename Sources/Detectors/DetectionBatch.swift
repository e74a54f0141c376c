import Annotations
import Tensors

/// Images with their objects, as a detector takes them to train, on its device.
public struct DetectionBatch {
    /// The images, as ``Detector`` takes them.
    public let images: [Tensor]
    /// Each image's objects.
    public let targets: [DetectionTarget]
    /// The boxes of all objects, image by image, `[G, 4]` float32, XYXY pixels of their image.
    package let boxes: Tensor
    /// The labels of all objects, `[G]` int64.
    package let labels: Tensor

    /// A batch on a device. What is on the CPU goes there in one copy that the host does not wait for, so that the batch of a
    /// step can go up while the step before it is computed.
    public init(images: [Tensor], targets: [DetectionTarget], device: Device) {
        let boxes = Tensor(
            targets.flatMap { $0.boxes.flatMap { [$0.x0, $0.y0, $0.x1, $0.y1] } },
            shape: [targets.reduce(0) { $0 + $1.count }, 4])
        let labels = Tensor(targets.flatMap { $0.labels.map(Int64.init) })
        var there = Tensor.upload(images + [boxes, labels], to: device)
        self.labels = there.removeLast()
        self.boxes = there.removeLast()
        self.images = there
        self.targets = targets
    }
}
