import Annotations
import Media
import Tensors

extension Tensor {
    /// The pixels as a uint8 tensor `[H, W, channels]` on the CPU, without a copy: the two share memory, so the tensor is
    /// not for changing in place.
    public init(_ image: ByteImage) {
        // A copy of the value keeps the pixels where they are: whoever changes another copy gets memory of his own.
        final class Owner {
            let image: ByteImage
            init(_ image: ByteImage) { self.image = image }
        }
        let owner = Owner(image)
        let shape = [image.height, image.width, image.channels]
        self = owner.image.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return Tensor.empty(shape, dtype: .uint8) }
            return Tensor(
                borrowing: UnsafeMutableRawPointer(mutating: base), owner: owner, shape: shape, dtype: .uint8)
        }
    }
}

extension Batch where Sample == DetectionSample {
    /// The images: uint8 `[H, W, 3]` each, sharing the samples' memory.
    public var images: [Tensor] { samples.map { Tensor($0.image) } }

    /// The objects: XYXY pixels in the coordinates of `images`.
    public var targets: [DetectionTarget] { samples.map(\.target) }

    /// The images' names, for messages.
    public var names: [String] { samples.map(\.name) }
}
