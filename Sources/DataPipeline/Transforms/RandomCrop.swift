import Media
import Support

/// A window of the image's own size, from the image with `padding` black pixels around it: CIFAR's augmentation (He et al.,
/// "Deep residual learning", 2016, section 4.2; torchvision's `RandomCrop(32, padding=4)`).
public struct RandomCrop: ClassificationTransform {
    /// Black pixels on every side.
    public let padding: Int

    /// A crop that moves an image by up to `padding` pixels.
    public init(padding: Int = 4) { self.padding = padding }

    /// The window, of the image's size.
    public func apply(_ image: ByteImage, random: inout SeededRandom) -> ByteImage {
        let x = random.integer(in: 0...2 * padding)
        let y = random.integer(in: 0...2 * padding)
        return image.padded(left: padding, top: padding, right: padding, bottom: padding)
            .cropped(x: x, y: y, width: image.width, height: image.height)
    }
}
