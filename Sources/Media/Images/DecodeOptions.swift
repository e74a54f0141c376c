/// What a file may ask for before its decoding is refused. Checked from the header, before pixels are allocated.
public struct DecodeLimits: Hashable, Sendable {
    /// Width times height as stored.
    public var maxPixels: Int
    /// Bytes that decoding may allocate: the picture and the decoder's own whole-picture buffers.
    public var maxBytes: Int
    /// Bytes of the encoded file.
    public var maxFileBytes: Int
    /// Scans of a progressive JPEG: each costs a pass over the picture, however few its bytes. Encoders write about 10.
    public var maxScans: Int

    public init(
        maxPixels: Int = 100_000_000, maxBytes: Int = 1 << 30, maxFileBytes: Int = 1 << 28, maxScans: Int = 200
    ) {
        self.maxPixels = maxPixels
        self.maxBytes = maxBytes
        self.maxFileBytes = maxFileBytes
        self.maxScans = maxScans
    }
}

/// What to do with a JPEG whose picture is incomplete or damaged. A PNG, whose every chunk has a checksum, always fails.
public enum TruncationPolicy: Hashable, Sendable {
    /// Throw a `MediaError`.
    case fail
    /// Return what there is and tell `DecodeOptions.onWarning`.
    case acceptWithWarning
}

/// How an image file becomes pixels.
public struct DecodeOptions: Sendable {
    public enum Channels: Sendable {
        case rgb
        /// Luma.
        case grey
    }

    public var channels: Channels
    /// Turn the picture upright as its EXIF orientation says.
    public var appliesOrientation: Bool
    public var limits: DecodeLimits
    public var truncation: TruncationPolicy
    /// Lets JPEG decode at a reduced scale: the smallest of 1/8, 1/4, 1/2 and 1 at which the upright picture is at least this
    /// large on both sides. For a caller that resizes to that size or less: it saves time, and the pixels differ a
    /// little from a full decode resized (the transform drops the frequencies that the small size can't hold, where a
    /// resize blends them). PNG ignores it.
    public var minimumSize: (width: Int, height: Int)?
    /// The size for a caller that resizes to a shorter side. Used when `minimumSize` is nil.
    public var minimumShorterSide: Int?
    /// Resamples the upright picture to exactly this size, antialiased, in one go with decoding. Of a JPEG in YCbCr the
    /// stored planes are resampled before they become RGB: less work than `resized` after a full decode, and equal to
    /// it but for rounding and for colours that YCbCr can hold and RGB can't. With `minimumSize` as well, both apply.
    public var targetSize: (width: Int, height: Int)?
    /// Hears of what is odd in an accepted file. Nothing is ever printed.
    public var onWarning: (@Sendable (MediaWarning) -> Void)?

    public init(
        channels: Channels = .rgb, appliesOrientation: Bool = true, limits: DecodeLimits = DecodeLimits(),
        truncation: TruncationPolicy = .fail, minimumSize: (width: Int, height: Int)? = nil,
        minimumShorterSide: Int? = nil, targetSize: (width: Int, height: Int)? = nil,
        onWarning: (@Sendable (MediaWarning) -> Void)? = nil
    ) {
        self.channels = channels
        self.appliesOrientation = appliesOrientation
        self.limits = limits
        self.truncation = truncation
        self.minimumSize = minimumSize
        self.minimumShorterSide = minimumShorterSide
        self.targetSize = targetSize
        self.onWarning = onWarning
    }
}
