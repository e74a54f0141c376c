import Media
import Support

/// A change of an image, or of a frame, that leaves its class as it is. Everything random comes from `random`.
public protocol ClassificationTransform: Sendable {
    /// The changed image, of any size.
    func apply(_ image: ByteImage, random: inout SeededRandom) -> ByteImage
}

/// A transform that decides how much of a file has to be decoded, where it comes first in a data set of files.
public protocol DecodingTransform: ClassificationTransform {
    /// The least size in pixels to decode a picture of `size` to, so that nothing is enlarged that was there. Draws what
    /// `apply` draws.
    func minimumSize(of size: ImageSize, random: inout SeededRandom) -> ImageSize
}

/// A list of transforms, each with a stream of random numbers of its own.
struct ClassificationChain: Sendable {
    let transforms: [any ClassificationTransform]

    /// The image after all transforms.
    ///
    /// - Parameters:
    ///   - image: the decoded image.
    ///   - originalSize: the file's size, where `image` was decoded to another one.
    ///   - random: decides every draw.
    func apply(_ image: ByteImage, originalSize: ImageSize? = nil, random: SeededRandom) -> ByteImage {
        var result = image
        for (position, transform) in transforms.enumerated() {
            var stream = random.stream(position)
            if let crop = transform as? RandomResizedCrop, position == 0, let originalSize {
                result = crop.apply(result, originalSize: originalSize, random: &stream)
            } else {
                result = transform.apply(result, random: &stream)
            }
        }
        return result
    }

    /// What a file has to be decoded to; nil: to its own size.
    func minimumSize(of size: ImageSize, random: SeededRandom) -> ImageSize? {
        guard let first = transforms.first as? any DecodingTransform else { return nil }
        var stream = random.stream(0)
        return first.minimumSize(of: size, random: &stream)
    }
}
