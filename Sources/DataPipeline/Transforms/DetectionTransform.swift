import Annotations
import Media
import Support

/// A change of an image and its boxes. It draws its random numbers once and replays them on pixels and boxes alike.
public protocol DetectionTransform: Sendable {
    /// Changes image, boxes and `size` together.
    func apply(_ sample: inout DetectionSample, random: inout SeededRandom)

    /// Whether the transform does the same to an image with other pixels than `sample.size` says. The data set decodes
    /// straight to the size of the first resize if every transform before it is like this. False by default.
    var worksAtAnyScale: Bool { get }
}

extension DetectionTransform {
    /// False: it needs every pixel of the file.
    public var worksAtAnyScale: Bool { false }
}

/// A transform that resizes by the size alone, so the result's size is known before the image is decoded.
public protocol ResizingTransform: DetectionTransform {
    /// The size that an image of `size` becomes. Draws what `apply` draws.
    func outputSize(for size: ImageSize, random: inout SeededRandom) -> ImageSize

    /// How pixels are interpolated.
    var filter: ResizeFilter { get }
}

extension ResizingTransform {
    /// True: where the file was decoded to another size, the resize starts from that.
    public var worksAtAnyScale: Bool { true }

    /// Scales the image and its boxes to `outputSize`.
    public func apply(_ sample: inout DetectionSample, random: inout SeededRandom) {
        let new = outputSize(for: sample.size, random: &random)
        sample.target = sample.target.scaled(from: sample.size, to: new)
        if sample.image.width != new.width || sample.image.height != new.height {
            sample.image = sample.image.resized(to: new, filter: filter)
        }
        sample.size = new
    }
}

/// A list of transforms, each with a stream of random numbers of its own.
struct DetectionChain: Sendable {
    let transforms: [any DetectionTransform]

    func apply(_ sample: inout DetectionSample, random: SeededRandom) {
        for (position, transform) in transforms.enumerated() {
            var stream = random.stream(position)
            transform.apply(&sample, random: &stream)
        }
    }

    /// The size and the filter of the first resize, if nothing before it needs every pixel.
    func firstResize(of size: ImageSize, random: SeededRandom) -> (size: ImageSize, filter: ResizeFilter)? {
        for (position, transform) in transforms.enumerated() {
            if let resize = transform as? any ResizingTransform {
                var stream = random.stream(position)
                return (resize.outputSize(for: size, random: &stream), resize.filter)
            }
            guard transform.worksAtAnyScale else { return nil }
        }
        return nil
    }
}
