import Media
import Tensors

/// An image of one class.
public struct ClassificationSample: Sendable {
    /// RGB, transformed.
    public var image: ByteImage
    /// From 0.
    public var label: Int
    /// The file, and the record in it where it holds several.
    public var name: String

    public init(image: ByteImage, label: Int, name: String) {
        self.image = image
        self.label = label
        self.name = name
    }
}

/// A set of images with a class each.
public protocol ClassificationDataset: Dataset where Sample == ClassificationSample {
    /// The names of labels 0, 1, ….
    var classNames: [String] { get }
}

extension Batch where Sample == ClassificationSample {
    /// uint8 `[N, 3, H, W]`, channels last in memory. All samples have the size of the first.
    public var images: Tensor {
        let (width, height) = samples.first.map { ($0.image.width, $0.image.height) } ?? (0, 0)
        var pixels: [UInt8] = []
        pixels.reserveCapacity(samples.count * width * height * 3)
        for sample in samples {
            precondition(
                sample.image.width == width && sample.image.height == height,
                "\(sample.name) is \(sample.image), in a batch of \(width) x \(height)")
            sample.image.withUnsafeBytes { pixels += $0 }
        }
        return Tensor(pixels, shape: [samples.count, height, width, 3]).permute([0, 3, 1, 2])
    }

    /// int64 `[N]`
    public var labels: Tensor { Tensor(samples.map { Int64($0.label) }, shape: [samples.count]) }
}
