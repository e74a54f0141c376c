/// How a video file becomes pixels.
public struct VideoOptions: Hashable, Sendable {
    /// What to do with a file that is truncated or damaged.
    public enum Damage: Hashable, Sendable {
        /// Throw a `MediaError` that names the file and the frame.
        case fail
        /// Give the frames that can be decoded exactly as they were encoded, and say which are missing. A frame that is
        /// predicted from a damaged one is missing too.
        case keepDecodable
    }

    /// Threads of the decoder, at least 1; only H.264, HEVC, VP8 and VP9 make use of more than 1. The pixels don't depend on
    /// it. In a damaged H.264 file FFmpeg 5 may notice a frame less with several threads than with 1. A loader that runs
    /// several readers at once gives each its share, usually 1.
    public var threads: Int
    public var damage: Damage
    /// Turn the frames upright, as the container says. Otherwise they come as they are stored.
    public var appliesRotation: Bool
    /// Width times height as stored.
    public var maxPixels: Int
    /// A longer video is refused: the index of its packets is kept in memory, 64 bytes each.
    public var maxFrames: Int

    public init(
        threads: Int = 1, damage: Damage = .fail, appliesRotation: Bool = true, maxPixels: Int = 100_000_000,
        maxFrames: Int = 10_000_000
    ) {
        precondition(threads > 0, "VideoOptions: \(threads) threads")
        self.threads = threads
        self.damage = damage
        self.appliesRotation = appliesRotation
        self.maxPixels = maxPixels
        self.maxFrames = maxFrames
    }
}
