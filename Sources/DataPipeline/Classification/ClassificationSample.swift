import Media
import Tensors

/// An image or a clip of one class.
public struct ClassificationSample: Sendable {
    /// The frames of a clip in their order, or one image; RGB, transformed, all of one size.
    public var frames: [ByteImage]
    /// The class, from 0.
    public var label: Int
    /// The file, and the record in it where it holds several.
    public var name: String

    /// A clip; one without frames traps.
    public init(frames: [ByteImage], label: Int, name: String) {
        precondition(!frames.isEmpty, "\(name): a sample without frames")
        self.frames = frames
        self.label = label
        self.name = name
    }

    /// A single image.
    public init(image: ByteImage, label: Int, name: String) {
        self.init(frames: [image], label: label, name: name)
    }

    /// The image, or the first frame.
    public var image: ByteImage { frames[0] }
}

/// A set of images, or of clips, with a class each.
public protocol ClassificationDataset: Dataset where Sample == ClassificationSample {
    /// The names of labels 0, 1, ….
    var classNames: [String] { get }
    /// The class of sample `index`, from 0, without opening it.
    func label(_ index: Int) -> Int
}

extension Batch where Sample == ClassificationSample {
    /// The images: uint8 `[N, 3, H, W]`, channels last in memory. Samples of another size than the first trap.
    public var images: Tensor {
        Tensor(stacking: samples.map { [$0.image] }, names: samples.map(\.name))[.all, .all, 0]
    }

    /// The clips: uint8 `[N, 3, T, H, W]`, channels last in memory. Samples with another size or number of frames than
    /// the first trap.
    public var clips: Tensor { Tensor(stacking: samples.map(\.frames), names: samples.map(\.name)) }

    /// The classes, from 0: int64 `[N]`.
    public var labels: Tensor { Tensor(samples.map { Int64($0.label) }, shape: [samples.count]) }
}

extension Tensor {
    /// A tensor of clips that have equally many frames of one size: uint8 `[N, 3, T, H, W]`, channels last in memory.
    /// Clips that differ trap.
    ///
    /// - Parameters:
    ///   - clips: the clips' frames, RGB.
    ///   - names: what a message calls each clip.
    public init(stacking clips: [[ByteImage]], names: [String]) {
        let first = clips.first?.first
        let (width, height, length) = (first?.width ?? 0, first?.height ?? 0, clips.first?.count ?? 0)
        var pixels: [UInt8] = []
        pixels.reserveCapacity(clips.count * length * width * height * 3)
        for (clip, name) in zip(clips, names) {
            precondition(clip.count == length, "\(name) has \(clip.count) frames, in a batch of \(length)")
            for frame in clip {
                precondition(
                    frame.width == width && frame.height == height,
                    "\(name) is \(frame), in a batch of \(width) x \(height)")
                frame.withUnsafeBytes { pixels += $0 }
            }
        }
        self = Tensor(pixels, shape: [clips.count, length, height, width, 3]).permute([0, 4, 1, 2, 3])
    }
}
