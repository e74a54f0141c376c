import Annotations
import Media
import Support

/// Mirrors left and right with probability `probability`: a box (x0, y0, x1, y1) becomes (W − x1, y0, W − x0, y1).
public struct RandomHorizontalFlip: DetectionTransform {
    public let probability: Double

    public init(probability: Double = 0.5) { self.probability = probability }

    public var worksAtAnyScale: Bool { true }

    public func apply(_ sample: inout DetectionSample, random: inout SeededRandom) {
        guard random.chance(probability) else { return }
        sample.image = sample.image.flippedHorizontally()
        let width = Float(sample.size.width)
        for i in sample.target.boxes.indices {
            let box = sample.target.boxes[i]
            sample.target.boxes[i] = Box(x0: width - box.x1, y0: box.y0, x1: width - box.x0, y1: box.y1)
        }
    }
}
