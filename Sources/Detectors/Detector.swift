import Annotations
import Backbones
import NN
import Support
import Tensors

/// A network that finds objects in images.
///
/// Images come as a list, each of its own size: `uint8` `[H, W, 3]` or `[3, H, W]`, or `float32` `[3, H, W]` in 0…1, RGB.
/// Scaling, normalisation and batching are the detector's own.
public protocol Detector: Module {
    /// Kinds of objects, without the background. Labels are 1…classCount.
    var classCount: Int { get }

    /// The device that holds the weights.
    var device: Device { get }

    /// The backbone, or the stages of it that are used: for weights of a classifier.
    var body: Backbone { get }

    /// The terms of the training loss, each a scalar with a gradient; their sum is the loss. An image without objects
    /// trains the network to find nothing there.
    ///
    /// Boxes are XYXY pixels of their image. A box without extent or a label out of range traps: the data pipeline
    /// refuses both with the record's name.
    func losses(_ examples: DetectionBatch) -> [(name: String, value: Tensor)]

    /// What may be in each image, in pixels of the image that was given: every candidate with a score above
    /// `suppression.scoreThreshold`, in no order that counts. Many stand for the same object.
    func candidates(images: [Tensor]) -> [Detections]

    /// What becomes of candidates that overlap, and how many stay. At first what the configuration says.
    var suppression: BoxSuppression { get set }

    /// Factors on the terms of the classification loss, float32 `[1 + classCount]` on the device, the background's first; nil for
    /// 1 each. The sum of the terms is divided by their number, not by their factors.
    var classWeights: Tensor? { get set }

    /// The detector's kind in a few words: "SSD300".
    var title: String { get }
}

extension Detector {
    /// The terms of the training loss for images with their objects, wherever the images are.
    public func losses(images: [Tensor], targets: [DetectionTarget]) -> [(name: String, value: Tensor)] {
        losses(DetectionBatch(images: images, targets: targets, device: device))
    }

    /// The objects that the network finds in each image, best first: its candidates, thinned out by ``suppression``.
    /// XYXY pixels of the image that was given; no gradient flows.
    public func detect(images: [Tensor]) -> [Detections] {
        withoutGrad {
            let candidates = candidates(images: images)
            return recorded(as: "suppression", [], suppression.recordedArguments) {
                candidates.map { suppression($0) }
            }
        }
    }
}

/// What a detector found in one image.
public struct Detections: Sendable {
    /// The boxes, `[n, 4]` float32, XYXY pixels.
    public var boxes: Tensor
    /// The scores, `[n]` float32 in 0…1.
    public var scores: Tensor
    /// The labels, `[n]` int64 in 1…classCount.
    public var labels: Tensor

    /// n objects, each with a box, a score and a label.
    public init(boxes: Tensor, scores: Tensor, labels: Tensor) {
        self.boxes = boxes
        self.scores = scores
        self.labels = labels
    }

    /// Number of objects.
    public var count: Int { scores.count }

    /// These detections with boxes in pixels of an image of another size, such as that of the file, where the network
    /// saw a smaller one.
    public func scaled(from size: ImageSize, to other: ImageSize) -> Detections {
        guard size != other else { return self }
        return Detections(boxes: size.scaling(boxes, to: other), scores: scores, labels: labels)
    }
}

extension ImageSize {
    /// XYXY boxes `[n, 4]` in pixels of this size as pixels of another.
    func scaling(_ boxes: Tensor, to other: ImageSize) -> Tensor {
        guard self != other else { return boxes }
        let x = Float(other.width) / Float(width)
        let y = Float(other.height) / Float(height)
        return boxes * Tensor([x, y, x, y], shape: [1, 4]).to(boxes.device)
    }
}
