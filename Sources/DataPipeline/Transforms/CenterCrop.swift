import Media
import Support

/// The middle of the image resized to a shorter side: torchvision's `Resize` and `CenterCrop`, 256 and 224 pixels for
/// ImageNet.
public struct CenterCrop: DecodingTransform {
    /// Pixels of the shorter side before the crop.
    public let shorterSide: Int
    /// Pixels of both sides of the crop.
    public let side: Int

    /// A crop of `side` × `side` pixels; `side` must not exceed `shorterSide`.
    public init(shorterSide: Int = 256, side: Int = 224) {
        precondition(side <= shorterSide, "a crop of \(side) from a shorter side of \(shorterSide)")
        self.shorterSide = shorterSide
        self.side = side
    }

    private var rule: ResizeRule { .shorterSide(shorterSide, .down) }

    /// The resized picture's size: the crop's scale needs no more pixels.
    public func minimumSize(of size: ImageSize, random: inout SeededRandom) -> ImageSize { rule.size(of: size) }

    /// Where the crop lies in the resized picture.
    private func corner(in resized: ImageSize) -> (x: Int, y: Int) {
        (
            Int((Double(resized.width - side) / 2).rounded(.toNearestOrEven)),
            Int((Double(resized.height - side) / 2).rounded(.toNearestOrEven))
        )
    }

    /// What the crop shows of an image of `size`, in that image's pixels.
    public func region(of size: ImageSize) -> ImageRegion {
        let resized = rule.size(of: size)
        let corner = corner(in: resized)
        let across = Double(size.width) / Double(resized.width)
        let down = Double(size.height) / Double(resized.height)
        return ImageRegion(
            x: Double(corner.x) * across, y: Double(corner.y) * down, width: Double(side) * across,
            height: Double(side) * down)
    }

    /// The pixels of a resized picture, at most. Only a strip of extreme proportions would have more.
    private static let mostPixels = 100_000_000

    /// The crop of a strip, whose ends are not resized with it: pixels beside the crop don't count in its outermost ones.
    private func cutOut(of image: ByteImage) -> ByteImage {
        let region = region(of: image.size)
        func pixels(from start: Double, _ length: Double, of side: Int) -> (start: Int, length: Int) {
            let first = max(0, min(side - 1, Int(start)))
            return (first, max(1, min(side, Int((start + length).rounded(.up))) - first))
        }
        let (x, width) = pixels(from: region.x, region.width, of: image.width)
        let (y, height) = pixels(from: region.y, region.height, of: image.height)
        return image.cropped(x: x, y: y, width: width, height: height).resized(width: side, height: side)
    }

    /// The crop, `side` × `side` pixels.
    public func apply(_ image: ByteImage, random: inout SeededRandom) -> ByteImage {
        let size = rule.size(of: image.size)
        guard size.width * size.height <= Self.mostPixels else { return cutOut(of: image) }
        let corner = corner(in: size)
        return image.resized(to: size).cropped(x: corner.x, y: corner.y, width: side, height: side)
    }
}
