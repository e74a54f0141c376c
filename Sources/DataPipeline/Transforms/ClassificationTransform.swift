import Foundation
import Media
import Support

/// A change of an image of one class. Everything random comes from `random`.
public protocol ClassificationTransform: Sendable {
    func apply(_ image: ByteImage, random: inout SeededRandom) -> ByteImage
}

/// What decides how much of a file has to be decoded. The first transform of a data set of files may be one.
public protocol DecodingTransform: ClassificationTransform {
    /// The least size to decode a picture of `size` to, so that nothing is enlarged that was there.
    func minimumSize(of size: (width: Int, height: Int), random: inout SeededRandom) -> (width: Int, height: Int)
}

/// A window of the image's own size, from the image with `padding` black pixels around it (He et al., 2016, section 4.2).
public struct PaddedCrop: ClassificationTransform {
    public let padding: Int

    public init(padding: Int = 4) { self.padding = padding }

    public func apply(_ image: ByteImage, random: inout SeededRandom) -> ByteImage {
        let x = random.integer(in: 0...2 * padding)
        let y = random.integer(in: 0...2 * padding)
        return image.padded(left: padding, top: padding, right: padding, bottom: padding)
            .cropped(x: x, y: y, width: image.width, height: image.height)
    }
}

/// Mirrors left and right.
public struct RandomMirror: ClassificationTransform {
    public let probability: Double

    public init(probability: Double = 0.5) { self.probability = probability }

    public func apply(_ image: ByteImage, random: inout SeededRandom) -> ByteImage {
        random.chance(probability) ? image.flippedHorizontally() : image
    }
}

/// A window of 8 % to 100 % of the area and of proportions between 3:4 and 4:3, resized to a square (Szegedy et al., 2015).
public struct RandomResizedCrop: DecodingTransform {
    public let side: Int
    public let area: ClosedRange<Double>
    public let proportions: ClosedRange<Double>

    public init(side: Int = 224, area: ClosedRange<Double> = 0.08...1, proportions: ClosedRange<Double> = 0.75...4 / 3)
    {
        self.side = side
        self.area = area
        self.proportions = proportions
    }

    /// The window as shares of width and height. After ten draws that don't fit: the middle, as torchvision takes it.
    func window(
        of size: (width: Int, height: Int), random: inout SeededRandom
    ) -> (x: Double, y: Double, width: Double, height: Double) {
        let (width, height) = (Double(size.width), Double(size.height))
        for _ in 0..<10 {
            let target = width * height * random.uniform(area.lowerBound, area.upperBound)
            let proportion = exp(random.uniform(log(proportions.lowerBound), log(proportions.upperBound)))
            let w = (target * proportion).squareRoot().rounded()
            let h = (target / proportion).squareRoot().rounded()
            if w >= 1, h >= 1, w <= width, h <= height {
                let x = Double(random.integer(in: 0...Int(width - w)))
                let y = Double(random.integer(in: 0...Int(height - h)))
                return (x / width, y / height, w / width, h / height)
            }
        }
        let proportion = min(max(width / height, proportions.lowerBound), proportions.upperBound)
        let w = min(width, (height * proportion).rounded())
        let h = min(height, (width / proportion).rounded())
        return ((width - w) / 2 / width, (height - h) / 2 / height, w / width, h / height)
    }

    public func minimumSize(
        of size: (width: Int, height: Int), random: inout SeededRandom
    ) -> (width: Int, height: Int) {
        let window = window(of: size, random: &random)
        return (
            min(size.width, Int((Double(side) / window.width).rounded(.up))),
            min(size.height, Int((Double(side) / window.height).rounded(.up)))
        )
    }

    public func apply(_ image: ByteImage, random: inout SeededRandom) -> ByteImage {
        apply(image, originalSize: (image.width, image.height), random: &random)
    }

    /// The same window whatever size the file was decoded to.
    func apply(
        _ image: ByteImage, originalSize: (width: Int, height: Int), random: inout SeededRandom
    ) -> ByteImage {
        let window = window(of: originalSize, random: &random)
        let x = min(image.width - 1, Int((window.x * Double(image.width)).rounded()))
        let y = min(image.height - 1, Int((window.y * Double(image.height)).rounded()))
        let width = max(1, min(image.width - x, Int((window.width * Double(image.width)).rounded())))
        let height = max(1, min(image.height - y, Int((window.height * Double(image.height)).rounded())))
        return image.cropped(x: x, y: y, width: width, height: height).resized(width: side, height: side)
    }
}

/// The middle of the image resized to a shorter side: 256 and 224 for ImageNet.
public struct CenterCrop: DecodingTransform {
    public let shorterSide: Int
    public let side: Int

    public init(shorterSide: Int = 256, side: Int = 224) {
        precondition(side <= shorterSide, "a crop of \(side) from a shorter side of \(shorterSide)")
        self.shorterSide = shorterSide
        self.side = side
    }

    private func resizedSize(of size: (width: Int, height: Int)) -> (width: Int, height: Int) {
        // The longer side is cut down to a whole number, as torchvision does.
        size.width < size.height
            ? (shorterSide, shorterSide * size.height / size.width)
            : (shorterSide * size.width / size.height, shorterSide)
    }

    public func minimumSize(
        of size: (width: Int, height: Int), random: inout SeededRandom
    ) -> (width: Int, height: Int) { resizedSize(of: size) }

    /// Where the crop lies in the resized picture.
    private func corner(in resized: (width: Int, height: Int)) -> (x: Int, y: Int) {
        (
            Int((Double(resized.width - side) / 2).rounded(.toNearestOrEven)),
            Int((Double(resized.height - side) / 2).rounded(.toNearestOrEven))
        )
    }

    /// What the crop shows of an image of `size`, in that image's pixels.
    public func region(of size: (width: Int, height: Int)) -> ImageRegion {
        let resized = resizedSize(of: size)
        let corner = corner(in: resized)
        let across = Double(size.width) / Double(resized.width)
        let down = Double(size.height) / Double(resized.height)
        return ImageRegion(
            x: Double(corner.x) * across, y: Double(corner.y) * down, width: Double(side) * across,
            height: Double(side) * down)
    }

    public func apply(_ image: ByteImage, random: inout SeededRandom) -> ByteImage {
        let size = resizedSize(of: (image.width, image.height))
        let corner = corner(in: size)
        return image.resized(width: size.width, height: size.height).cropped(
            x: corner.x, y: corner.y, width: side, height: side)
    }
}

/// A list of transforms, each with a stream of random numbers of its own.
struct ClassificationChain: Sendable {
    let transforms: [any ClassificationTransform]

    func apply(_ image: ByteImage, originalSize: (width: Int, height: Int)? = nil, random: SeededRandom) -> ByteImage {
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
    func minimumSize(of size: (width: Int, height: Int), random: SeededRandom) -> (width: Int, height: Int)? {
        guard let first = transforms.first as? any DecodingTransform else { return nil }
        var stream = random.stream(0)
        return first.minimumSize(of: size, random: &stream)
    }
}
