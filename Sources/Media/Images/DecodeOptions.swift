import Support

/// How much an image file may ask for before its decoding is refused with ``MediaError/Kind/tooLarge``. The size is
/// read in the header, before memory for pixels is taken.
public struct DecodeLimits: Hashable, Sendable {
    /// The most pixels, width times height.
    public var maxPixels: Int
    /// The most bytes of memory that decoding may take, for the picture and for the decoder's own copies of it.
    public var maxBytes: Int
    /// The most bytes of the encoded file. ``ImageFile/read(_:options:)`` looks at it; bytes in memory are decoded
    /// whatever their number.
    public var maxFileBytes: Int
    /// The most scans of a progressive JPEG. Each costs a pass over the picture, however few bytes it has; encoders
    /// write about 10.
    public var maxScans: Int

    /// Limits for files that are not to be trusted: 100 million pixels, 1 GiB of memory, files of 256 MiB and 200 scans
    /// unless said otherwise.
    public init(
        maxPixels: Int = 100_000_000, maxBytes: Int = 1 << 30, maxFileBytes: Int = 1 << 28, maxScans: Int = 200
    ) {
        self.maxPixels = maxPixels
        self.maxBytes = maxBytes
        self.maxFileBytes = maxFileBytes
        self.maxScans = maxScans
    }
}

/// What to do with a JPEG that ends early or is damaged, and of which libjpeg still makes a picture. A PNG in that state
/// always throws: its checksums leave no doubt.
public enum DamagedImages: String, Hashable, Sendable, Codable, CaseIterable {
    /// Throws a ``MediaError``.
    case refuse
    /// Returns the picture as libjpeg makes it, which Pillow, OpenCV and torchvision train on, and tells
    /// ``DecodeOptions/onWarning``.
    case accept
}

/// How an image file becomes pixels.
public struct DecodeOptions: Sendable {
    /// The colours a picture is decoded to.
    public enum Channels: Sendable {
        /// Three channels: red, green, blue. Grey files are repeated in all three.
        case rgb
        /// One channel: luma, as ``ByteImage/convertedToGrey()`` computes it, or the stored luma of a JPEG.
        case grey
    }

    /// The colours of the decoded picture.
    public var channels: Channels
    /// Whether the picture is turned upright as its file's orientation says; otherwise it comes as it is stored.
    public var appliesOrientation: Bool
    /// How large a file may be before it is refused.
    public var limits: DecodeLimits
    /// What to do with a JPEG that ends early or is damaged.
    public var damagedImages: DamagedImages
    /// The size that the decoded picture, upright, must have at least; nil for full size. It lets a JPEG be decoded at
    /// a reduced scale, the smallest of 1/8, 1/4, 1/2 and 1 that leaves both sides that long. For a shorter side of s
    /// pixels, whichever side that is, ask for s x s. PNG ignores it.
    ///
    /// It saves time where the picture is resized to this size or less afterwards. The pixels differ a little from
    /// those of a full decode that is resized: fine detail is dropped rather than blended.
    public var minimumSize: ImageSize?
    /// The size that the upright picture is resampled to, with ``ResizeFilter/bilinearAntialiased``; nil for none. With
    /// `minimumSize` as well, a JPEG is first decoded at the reduced scale.
    ///
    /// In a JPEG whose colours are YCbCr, luma and chroma are resampled before they become RGB. That is less work than
    /// ``ByteImage/resized(width:height:filter:)`` after decoding, and gives equal pixels but for rounding and for
    /// colours that YCbCr can hold and RGB can't. A picture that has the size already is decoded as without it, bit for bit.
    public var targetSize: ImageSize?
    /// Called with what is odd in a file that was decoded all the same; nil to ignore it. Nothing is ever printed.
    public var onWarning: (@Sendable (MediaWarning) -> Void)?

    /// Options for an upright RGB picture at full size, unless said otherwise.
    public init(
        channels: Channels = .rgb, appliesOrientation: Bool = true, limits: DecodeLimits = DecodeLimits(),
        damagedImages: DamagedImages = .refuse, minimumSize: ImageSize? = nil, targetSize: ImageSize? = nil,
        onWarning: (@Sendable (MediaWarning) -> Void)? = nil
    ) {
        self.channels = channels
        self.appliesOrientation = appliesOrientation
        self.limits = limits
        self.damagedImages = damagedImages
        self.minimumSize = minimumSize
        self.targetSize = targetSize
        self.onWarning = onWarning
    }
}
