import Annotations
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
        return withoutGrad {
            let planes = Self.moved(images, to: device).map(Self.planes)
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

    /// The images on the device; those of the host go there in one copy.
    private static func moved(_ images: [Tensor], to device: Device) -> [Tensor] {
        guard device != .cpu, images.count > 1, images.allSatisfy({ $0.device == .cpu && $0.dtype == images[0].dtype })
        else { return images.map { $0.to(device) } }
        let values = Tensor.cat(images.map { $0.contiguous().flatten() }).to(device)
        return zip(images, values.split(sizes: images.map(\.count))).map { $1.reshape($0.shape) }
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

/// The objects of one image as tensors, in pixels of the batch.
package struct GroundTruth {
    /// `[G, 4]` float32, XYXY.
    package let boxes: Tensor
    /// `[G]` int64, 1…classCount.
    package let labels: Tensor
    package let count: Int

    /// Traps on a box without extent and on a label that the network does not have.
    package init(
        _ target: DetectionTarget, image: Int, classCount: Int, from size: ImageSize, to scaled: ImageSize,
        device: Device
    ) {
        boxes = Tensor(
            Self.coordinates(target, image: image, classCount: classCount, from: size, to: scaled),
            shape: [target.count, 4]
        ).to(device)
        labels = Tensor(target.labels.map(Int64.init), shape: [target.count]).to(device)
        count = target.count
    }

    private init(boxes: Tensor, labels: Tensor) { (self.boxes, self.labels, count) = (boxes, labels, labels.count) }

    private static func coordinates(
        _ target: DetectionTarget, image: Int, classCount: Int, from size: ImageSize, to scaled: ImageSize
    ) -> [Float] {
        let x = Float(scaled.width) / Float(size.width)
        let y = Float(scaled.height) / Float(size.height)
        var coordinates: [Float] = []
        coordinates.reserveCapacity(4 * target.count)
        for (box, label) in zip(target.boxes, target.labels) {
            precondition(
                box.x1 > box.x0 && box.y1 > box.y0,
                "image \(image) of the batch has the box (\(box.x0), \(box.y0), \(box.x1), \(box.y1)) without extent")
            precondition(
                (1...classCount).contains(label),
                "image \(image) of the batch has the label \(label); labels are 1…\(classCount)")
            coordinates += [box.x0 * x, box.y0 * y, box.x1 * x, box.y1 * y]
        }
        return coordinates
    }

    /// The objects of every image of a batch, on the batch's device.
    static func all(of targets: [DetectionTarget], in batch: ImageBatch, classCount: Int) -> [GroundTruth] {
        precondition(batch.sizes.count == targets.count, "\(batch.sizes.count) images, but \(targets.count) targets")
        let device = batch.tensor.device
        if device == .cpu {
            return targets.indices.map {
                GroundTruth(
                    targets[$0], image: $0, classCount: classCount, from: batch.originalSizes[$0], to: batch.sizes[$0],
                    device: device)
            }
        }
        // In one copy. Labels are exact as floating-point numbers.
        let numbers = targets.indices.flatMap {
            coordinates(
                targets[$0], image: $0, classCount: classCount, from: batch.originalSizes[$0], to: batch.sizes[$0])
        }
        let counts = targets.map(\.count)
        let total = counts.reduce(0, +)
        let values = Tensor(numbers + targets.flatMap { $0.labels.map(Float.init) }).to(device)
        let boxes = values.narrow(dim: 0, start: 0, length: 4 * total).reshape([total, 4]).split(sizes: counts)
        let labels = values.narrow(dim: 0, start: 4 * total, length: total).to(.int64).split(sizes: counts)
        return zip(boxes, labels).map { GroundTruth(boxes: $0, labels: $1) }
    }

    /// The boxes that each image's candidates match, `[N, n, 4]`; of those that match none, any box.
    ///
    /// - Parameter matched: int64 `[N, n]`, below 0 for none.
    static func boxes(of truths: [GroundTruth], matched: Tensor) -> Tensor {
        gathered(truths, matched) {
            $0.count > 0 ? $0.boxes : Tensor.zeros([1, 4], device: matched.device)
        }
    }

    /// The labels of the objects that each image's candidates match, int64 `[N, n]`; of those that match none, any label.
    static func labels(of truths: [GroundTruth], matched: Tensor) -> Tensor {
        gathered(truths, matched) {
            $0.count > 0 ? $0.labels : Tensor.zeros([1], dtype: .int64, device: matched.device)
        }
    }

    private static func gathered(
        _ truths: [GroundTruth], _ matched: Tensor, _ values: (GroundTruth) -> Tensor
    ) -> Tensor {
        let places = matched.clamp(min: 0).to(.int64)
        return Tensor.stack(
            truths.enumerated().map { values($1).indexSelect(dim: 0, places.select(dim: 0, index: $0)) })
    }
}
