/// How much a video file may ask for before it is refused with ``MediaError/Kind/tooLarge``.
public struct VideoLimits: Hashable, Sendable {
    /// The most pixels of a frame, width times height.
    public var maxPixels: Int
    /// The most frames.
    public var maxFrames: Int

    /// Limits of 100 million pixels and 10 million frames unless said otherwise.
    public init(maxPixels: Int = 100_000_000, maxFrames: Int = 10_000_000) {
        self.maxPixels = maxPixels
        self.maxFrames = maxFrames
    }
}

extension VideoOptions {
    /// Options that differ from the usual ones in threads, what damage means, stream and limits.
    package init(threads: Int, damage: Damage = .fail, stream: Int?, limits: VideoLimits) {
        self.init(
            threads: threads, damage: damage, maxPixels: limits.maxPixels, maxFrames: limits.maxFrames, stream: stream)
    }
}

/// How a video file is read.
public struct VideoOptions: Hashable, Sendable {
    /// What to do with a file that is truncated or damaged.
    public enum Damage: Hashable, Sendable {
        /// Throws a ``MediaError`` that names the file and the frame.
        case fail
        /// Gives the frames that come out exactly as they were encoded, and says which are missing. A frame that is
        /// predicted from a damaged one is missing too.
        case keepDecodable
    }

    /// The threads of the decoder, at least 1; above 16, where FFmpeg ends to gain, 16 are used. Only H.264, HEVC, VP8 and VP9 use more than 1, and the pixels don't
    /// depend on it; only in a damaged H.264 file FFmpeg 5 may find one frame fewer damaged with several threads than
    /// with 1. A loader that runs several readers at once gives each its share, usually 1.
    public var threads: Int

    /// The threads that the decoder is told to use.
    var decoderThreads: Int32 { Int32(max(1, min(threads, 16))) }

    /// What to do with a file that is truncated or damaged.
    public var damage: Damage
    /// Whether frames are turned upright, as the container says; otherwise they come as they are stored.
    public var appliesRotation: Bool
    /// The most pixels of a frame, width times height, before the file is refused.
    public var maxPixels: Int
    /// The most frames before the file is refused. What is kept of each in memory takes 64 bytes.
    public var maxFrames: Int
    /// The number of the stream that is read, counted from 0 as FFmpeg counts all streams of the file; nil for the one that
    /// FFmpeg prefers (`av_find_best_stream`).
    public var stream: Int?
    /// What ``VideoReader/order`` was when the file was read before.
    package var order: VideoOrder?

    /// Options for upright frames, one thread and a failure on damage, with limits of 100 million pixels and 10 million
    /// frames, of the stream that FFmpeg prefers, unless said otherwise.
    public init(
        threads: Int = 1, damage: Damage = .fail, appliesRotation: Bool = true, maxPixels: Int = 100_000_000,
        maxFrames: Int = 10_000_000, stream: Int? = nil
    ) {
        precondition(threads > 0, "VideoOptions: \(threads) threads")
        self.threads = threads
        self.damage = damage
        self.appliesRotation = appliesRotation
        self.maxPixels = maxPixels
        self.maxFrames = maxFrames
        self.stream = stream
    }
}
