import Foundation
import Media
import Support

/// A window of 8 % to 100 % of the area and of proportions between 3:4 and 4:3, resized to a square (Szegedy et al., "Going
/// deeper with convolutions", 2015, section 6; torchvision's `RandomResizedCrop`).
public struct RandomResizedCrop: DecodingTransform {
    /// Pixels of both sides of the result.
    public let side: Int
    /// The window's area as a share of the image's.
    public let area: ClosedRange<Double>
    /// The window's width over its height.
    public let proportions: ClosedRange<Double>

    /// A crop with the given window; the defaults are ImageNet's.
    public init(side: Int = 224, area: ClosedRange<Double> = 0.08...1, proportions: ClosedRange<Double> = 0.75...4 / 3)
    {
        self.side = side
        self.area = area
        self.proportions = proportions
    }

    /// The window as shares of width and height. After ten draws that don't fit: the middle, as torchvision takes it.
    func window(
        of size: ImageSize, random: inout SeededRandom
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

    /// The size at which the drawn window still has `side` pixels both ways, or the picture's own.
    public func minimumSize(of size: ImageSize, random: inout SeededRandom) -> ImageSize {
        let window = window(of: size, random: &random)
        return ImageSize(
            width: min(size.width, Int((Double(side) / window.width).rounded(.up))),
            height: min(size.height, Int((Double(side) / window.height).rounded(.up))))
    }

    /// The window, resized to `side` × `side` pixels.
    public func apply(_ image: ByteImage, random: inout SeededRandom) -> ByteImage {
        apply(image, originalSize: image.size, random: &random)
    }

    /// Takes the window that belongs to `originalSize`, whatever size the file was decoded to.
    func apply(_ image: ByteImage, originalSize: ImageSize, random: inout SeededRandom) -> ByteImage {
        let window = window(of: originalSize, random: &random)
        let x = min(image.width - 1, Int((window.x * Double(image.width)).rounded()))
        let y = min(image.height - 1, Int((window.y * Double(image.height)).rounded()))
        let width = max(1, min(image.width - x, Int((window.width * Double(image.width)).rounded())))
        let height = max(1, min(image.height - y, Int((window.height * Double(image.height)).rounded())))
        return image.cropped(x: x, y: y, width: width, height: height).resized(width: side, height: side)
    }
}
