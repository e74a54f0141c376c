import NN
import Support
import Tensors

/// Images made ready for a network: scaled, normalised, padded to one size.
package struct ImageBatch {
    /// `[N, 3, H, W]` float32, channels last; zeros right of and below each image.
    package let tensor: Tensor
    /// The images' own sizes in the batch.
    package let sizes: [ImageSize]
    /// The images' sizes as they were given.
    package let originalSizes: [ImageSize]

    /// The batch's size, padding included.
    package var paddedSize: ImageSize { ImageSize(width: tensor.shape[3], height: tensor.shape[2]) }
}

/// How a detector scales the images that it is given.
package enum ImageScaling: Hashable, Sendable {
    /// Not at all: the loader has done so.
    case none
    /// The shorter side to a length, in training to one of several, unless the longer side would pass its limit.
    case shorterSide([Int], longest: Int)
    /// To one size, whatever the proportions.
    case fixed(ImageSize)
}

/// Makes batches of images as torchvision's `GeneralizedRCNNTransform` does.
package struct ImageBatcher {
    let scaling: ImageScaling
    let normalization: PixelNormalization
    let sizeDivisor: Int

    /// A maker of batches.
    ///
    /// - Parameters:
    ///   - scaling: how images are scaled.
    ///   - mean: the mean of each channel of images in 0…1.
    ///   - deviation: the standard deviation of each channel of images in 0…1.
    ///   - sizeDivisor: batches are padded to multiples of this many pixels.
    package init(_ scaling: ImageScaling, mean: [Double], deviation: [Double], sizeDivisor: Int = 1) {
        self.scaling = scaling
        normalization = PixelNormalization(mean: mean, deviation: deviation)
        self.sizeDivisor = sizeDivisor
    }

    package init(_ configuration: FasterRCNNConfiguration) {
        self.init(
            configuration.resizesImages
                ? .shorterSide(configuration.minSizes, longest: configuration.maxSize) : .none,
            mean: configuration.imageMean, deviation: configuration.imageStd, sizeDivisor: configuration.sizeDivisor)
    }

    /// The size that an image is scaled to; with several shorter sides, the one for `minSize`.
    package func scaledSize(of size: ImageSize, minSize: Int) -> ImageSize {
        switch scaling {
        case .none: return size
        case .fixed(let fixed): return fixed
        case .shorterSide(_, let longest):
            return ResizeRule.shortestEdge(minSize, longest: longest).size(of: size)
        }
    }

    /// One batch on the device. In training, an image draws its scale from libtorch's generator if there are several.
    package func batch(_ images: [Tensor], training: Bool, device: Device) -> ImageBatch {
        precondition(!images.isEmpty, "a batch needs at least one image")
        return recorded(as: "image_batch", [images[0]], recordedArguments, outputs: { [$0.tensor] }) {
            make(images, training: training, device: device)
        }
    }

    private func make(_ images: [Tensor], training: Bool, device: Device) -> ImageBatch {
        withoutGrad {
            let planes = Tensor.upload(images, to: device).map(Self.planes)
            let originals = planes.map { ImageSize(width: $0.shape[2], height: $0.shape[1]) }
            let sizes = originals.map { scaledSize(of: $0, minSize: minSize(training: training)) }
            func padded(_ extent: Int) -> Int { (extent + sizeDivisor - 1) / sizeDivisor * sizeDivisor }
            let height = padded(sizes.map(\.height).max() ?? 0)
            let width = padded(sizes.map(\.width).max() ?? 0)
            let batch = Tensor.zeros(
                [images.count, 3, height, width], dtype: .float32, device: device, memoryFormat: .channelsLast)
            for (i, image) in planes.enumerated() {
                let region = batch.select(dim: 0, index: i)
                    .narrow(dim: 1, start: 0, length: sizes[i].height)
                    .narrow(dim: 2, start: 0, length: sizes[i].width)
                if sizes[i] == originals[i] {
                    region.copyInPlace(from: image)
                    normalization.normalizeInPlace(region, isByte: image.dtype == .uint8)
                } else {
                    let values = image.unsqueeze(0).to(.float32).to(memoryFormat: .channelsLast).clone()
                    normalization.normalizeInPlace(values.select(dim: 0, index: 0), isByte: image.dtype == .uint8)
                    let scaled = F.interpolate(values, size: [sizes[i].height, sizes[i].width], mode: .bilinear)
                    region.copyInPlace(from: scaled.select(dim: 0, index: 0))
                }
            }
            return ImageBatch(tensor: batch, sizes: sizes, originalSizes: originals)
        }
    }

    /// What a recording says of how batches are made.
    private var recordedArguments: [String: RecordedArgument] {
        var arguments: [String: RecordedArgument] = [
            "mean": .doubles(normalization.mean), "deviation": .doubles(normalization.deviation),
            "size_divisor": .int(sizeDivisor),
        ]
        switch scaling {
        case .none: break
        case .shorterSide(let sizes, let longest):
            arguments["shorter_side"] = .int(sizes[sizes.count - 1])
            arguments["longer_side"] = .int(longest)
        case .fixed(let size): arguments["size"] = .ints([size.height, size.width])
        }
        return arguments
    }

    private func minSize(training: Bool) -> Int {
        guard case .shorterSide(let sizes, _) = scaling else { return 0 }
        guard training, sizes.count > 1 else { return sizes[sizes.count - 1] }
        return sizes[Tensor.randint(0, sizes.count, [1]).itemInt()]
    }

    /// The image as `[3, H, W]`, whichever way its channels lie.
    private static func planes(_ image: Tensor) -> Tensor {
        let shape = image.shape
        if image.dtype == .uint8, shape.count == 3, shape[2] == 3 { return image.permute([2, 0, 1]) }
        precondition(
            shape.count == 3 && shape[0] == 3 && (image.dtype == .uint8 || image.dtype.isFloatingPoint),
            "an image is uint8 [H, W, 3] or [3, H, W], or floating point [3, H, W], not \(image.dtype) \(shape)")
        return image
    }
}
