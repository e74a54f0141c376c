/// Which frames of a video make a clip: 16 by default, a stride apart, as iResNet's action recognition takes them (Duta et al.,
/// "Improved Residual Networks for Image and Video Recognition", 2020).
///
/// A clip spans `length * stride` frames. A video that is shorter loops: frame i of it is frame i modulo the video's length.
public struct ClipSampling: Hashable, Sendable {
    /// Frames of a clip.
    public var length: Int
    /// From one frame of the clip to the next: 1 takes every frame.
    public var stride: Int

    /// Clips of `length` frames, `stride` apart; both must be above 0.
    public init(length: Int = 16, stride: Int) {
        precondition(length > 0 && stride > 0, "ClipSampling: \(length) frames, \(stride) apart")
        self.length = length
        self.stride = stride
    }

    /// The paper's Kinetics, read literally: "skip four frames" between two.
    public static let kinetics = ClipSampling(stride: 5)
    /// What others take for Kinetics.
    public static let kineticsStride4 = ClipSampling(stride: 4)
    /// The paper's Something-Something: "skip only one frame".
    public static let somethingSomething = ClipSampling(stride: 2)

    /// Frames of the video from the start of the clip to the end of its last stride.
    public var span: Int { length * stride }

    /// The clip that starts at frame `start` of a video of `frameCount` frames: `length` indices below `frameCount`.
    public func indices(from start: Int, frameCount: Int) -> [Int] {
        precondition(
            frameCount > 0 && start >= 0, "ClipSampling.indices: from frame \(start) of \(frameCount)")
        return (0..<length).map { (start + $0 * stride) % frameCount }
    }

    /// The last frame at which a clip can start without looping; 0 when the video is shorter than the span.
    public func lastStart(frameCount: Int) -> Int { max(0, frameCount - span) }

    /// A clip for training: its start is drawn evenly from those that don't loop, or is the first frame of a short
    /// video.
    public func random(frameCount: Int, using generator: inout some RandomNumberGenerator) -> [Int] {
        indices(from: Int.random(in: 0...lastStart(frameCount: frameCount), using: &generator), frameCount: frameCount)
    }

    /// The starts of `count` clips for testing, spread evenly from the first possible start to the last, to the nearest
    /// frame; a single clip stands in the middle. Clips of a short video all start at its first frame.
    public func evenStarts(_ count: Int = 10, frameCount: Int) -> [Int] {
        precondition(count > 0, "ClipSampling.evenStarts: \(count) clips")
        let last = lastStart(frameCount: frameCount)
        guard count > 1 else { return [last / 2] }
        return (0..<count).map { (2 * $0 * last + count - 1) / (2 * (count - 1)) }
    }

    /// The frames of `count` clips for testing, one clip after the other in time. Frames that they share need decoding
    /// once: read the sorted union of them.
    public func evenClips(_ count: Int = 10, frameCount: Int) -> [[Int]] {
        evenStarts(count, frameCount: frameCount).map { indices(from: $0, frameCount: frameCount) }
    }
}
