import Annotations
import Media

/// A change of an image and its boxes. It draws its random numbers once and replays them on pixels and boxes alike.
public protocol DetectionTransform: Sendable {
    func apply(_ sample: inout DetectionSample, random: inout SampleRandom)

    /// Whether it does the same to an image of fewer pixels than `sample.size` says. The data set lets a JPEG decode at
    /// a reduced scale where every transform before the first resize is like that.
    var worksAtAnyScale: Bool { get }
}

extension DetectionTransform {
    public var worksAtAnyScale: Bool { false }
}

/// A transform that resizes by a rule of the size alone, so the size is known before the image is decoded.
public protocol ResizingTransform: DetectionTransform {
    /// The size that an image of `size` becomes. Draws what `apply` draws.
    func outputSize(for size: (width: Int, height: Int), random: inout SampleRandom) -> (width: Int, height: Int)

    var filter: ResizeFilter { get }
}

extension ResizingTransform {
    public var worksAtAnyScale: Bool { true }

    public func apply(_ sample: inout DetectionSample, random: inout SampleRandom) {
        let new = outputSize(for: sample.size, random: &random)
        sample.target = sample.target.scaled(from: sample.size, to: new)
        if sample.image.width != new.width || sample.image.height != new.height {
            sample.image = sample.image.resized(width: new.width, height: new.height, filter: filter)
        }
        sample.size = new
    }
}

/// A list of transforms, each with a stream of random numbers of its own.
struct TransformChain: Sendable {
    let transforms: [any DetectionTransform]

    func apply(_ sample: inout DetectionSample, random: SampleRandom) {
        for (position, transform) in transforms.enumerated() {
            var stream = random.stream(position)
            transform.apply(&sample, random: &stream)
        }
    }

    /// The size that the first resize wants of an image of `size`, if nothing before it needs every pixel.
    func neededSize(for size: (width: Int, height: Int), random: SampleRandom) -> (width: Int, height: Int)? {
        for (position, transform) in transforms.enumerated() {
            if let resize = transform as? any ResizingTransform {
                var stream = random.stream(position)
                return resize.outputSize(for: size, random: &stream)
            }
            guard transform.worksAtAnyScale else { return nil }
        }
        return nil
    }
}
