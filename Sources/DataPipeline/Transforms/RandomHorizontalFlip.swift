import Annotations
import Media
import Support

/// Mirrors left and right with a probability (torchvision's `RandomHorizontalFlip`). A box (x0, y0, x1, y1) becomes
/// (W − x1, y0, W − x0, y1).
public struct RandomHorizontalFlip: DetectionTransform, ClassificationTransform {
    /// How likely an image is mirrored, 0…1.
    public let probability: Double

    /// A flip of this probability.
    public init(probability: Double = 0.5) { self.probability = probability }

    /// True: mirroring and scaling can change places.
    public var worksAtAnyScale: Bool { true }

    /// Mirrors the pixels and the boxes, or neither.
    public func apply(_ sample: inout DetectionSample, random: inout SeededRandom) {
        guard random.chance(probability) else { return }
        sample.image = sample.image.flippedHorizontally()
        let width = Float(sample.size.width)
        for i in sample.target.boxes.indices {
            let box = sample.target.boxes[i]
            sample.target.boxes[i] = Box(x0: width - box.x1, y0: box.y0, x1: width - box.x0, y1: box.y1)
        }
    }

    /// The image, mirrored or not.
    public func apply(_ image: ByteImage, random: inout SeededRandom) -> ByteImage {
        random.chance(probability) ? image.flippedHorizontally() : image
    }
}
