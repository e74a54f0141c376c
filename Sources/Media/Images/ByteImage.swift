import CMedia
import Glibc
import Support

/// A picture of 8-bit samples, `[height, width, channels]`: grey (1 channel) or RGB (3), interleaved, rows from top to
/// bottom without padding. A NumPy array of that shape and of type `uint8` has the same bytes.
///
/// It is a value: copies share their memory until one of them is changed.
public struct ByteImage: @unchecked Sendable {
    /// Columns of pixels, at least 1.
    public let width: Int
    /// Rows of pixels, at least 1.
    public let height: Int
    /// Samples a pixel: 1 (grey) or 3 (red, green, blue).
    public let channels: Int

    private var storage: Storage

    private final class Storage {
        let base: UnsafeMutableRawPointer

        init(adopting base: UnsafeMutableRawPointer) {
            self.base = base
        }

        convenience init(byteCount: Int) {
            self.init(adopting: memory(of: byteCount, for: "a picture"))
        }

        deinit { free(base) }
    }

    private init(width: Int, height: Int, channels: Int, storage: Storage) {
        self.width = width
        self.height = height
        self.channels = channels
        self.storage = storage
    }

    /// A picture of `width` x `height` pixels, at least 1 each, whose samples are all `value`.
    public init(width: Int, height: Int, channels: Int = 3, filledWith value: UInt8 = 0) {
        self.init(width: width, height: height, channels: channels) { memory in
            memory.fill(with: value)
        }
    }

    /// A picture with the samples `pixels`, `[height, width, channels]`, of which there must be exactly as many.
    public init(width: Int, height: Int, channels: Int = 3, pixels: [UInt8]) {
        precondition(
            pixels.count == width * height * channels,
            "ByteImage: \(pixels.count) bytes do not make \(width) x \(height) pixels of \(channels) channels")
        self.init(width: width, height: height, channels: channels) { memory in
            memory.copyBytes(from: pixels)
        }
    }

    /// A picture whose samples `fill` writes, `[height, width, channels]`; what it leaves unwritten is undefined.
    /// - Throws: What `fill` throws.
    public init(
        width: Int, height: Int, channels: Int, filledBy fill: (UnsafeMutableRawBufferPointer) throws -> Void
    ) rethrows {
        precondition(
            width > 0 && height > 0 && (channels == 1 || channels == 3),
            "ByteImage: no such image as \(width) x \(height) pixels of \(channels) channels")
        let count = width * height * channels
        let storage = Storage(byteCount: count)
        try fill(UnsafeMutableRawBufferPointer(start: storage.base, count: count))
        self.init(width: width, height: height, channels: channels, storage: storage)
    }

    /// Takes over memory that a decoder has filled.
    init?(adopting pixels: cm_pixels) {
        guard let data = pixels.data else { return nil }
        self.init(
            width: Int(pixels.width), height: Int(pixels.height), channels: Int(pixels.channels),
            storage: Storage(adopting: UnsafeMutableRawPointer(data)))
    }

    /// Width and height in pixels.
    public var size: ImageSize { ImageSize(width: width, height: height) }

    /// How many bytes the samples take: `width * height * channels`.
    public var byteCount: Int { width * height * channels }

    /// Calls `body` with the samples, `[height, width, channels]`. The pointer is good for the call only.
    /// - Throws: What `body` throws.
    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try withExtendedLifetime(storage) {
            try body(UnsafeRawBufferPointer(start: storage.base, count: byteCount))
        }
    }

    /// Calls `body` with the samples, `[height, width, channels]`, to change. They are copied first when another value
    /// shares them. The pointer is good for the call only.
    /// - Throws: What `body` throws.
    public mutating func withUnsafeMutableBytes<R>(_ body: (UnsafeMutableRawBufferPointer) throws -> R) rethrows -> R {
        if !isKnownUniquelyReferenced(&storage) {
            let copy = Storage(byteCount: byteCount)
            memcpy(copy.base, storage.base, byteCount)
            storage = copy
        }
        return try withExtendedLifetime(storage) {
            try body(UnsafeMutableRawBufferPointer(start: storage.base, count: byteCount))
        }
    }

    /// The sample in column `x`, row `y` and channel `c`, each counted from 0. It must lie inside the picture.
    public subscript(x: Int, y: Int, c: Int = 0) -> UInt8 {
        get {
            let offset = checkedOffset(x, y, c)
            return withUnsafeBytes { $0[offset] }
        }
        set {
            let offset = checkedOffset(x, y, c)
            withUnsafeMutableBytes { $0[offset] = newValue }
        }
    }

    private func checkedOffset(_ x: Int, _ y: Int, _ c: Int) -> Int {
        precondition(
            x >= 0 && x < width && y >= 0 && y < height && c >= 0 && c < channels,
            "ByteImage: no sample (\(x), \(y), \(c)) in \(width) x \(height) x \(channels)")
        return (y * width + x) * channels + c
    }

    /// The samples as an array, `[height, width, channels]`.
    public var pixels: [UInt8] { withUnsafeBytes { Array($0) } }

    /// The picture as RGB: grey is repeated in all three channels, and RGB stays as it is.
    public func convertedToRGB() -> ByteImage {
        guard channels == 1 else { return self }
        return ByteImage(width: width, height: height, channels: 3) { target in
            withUnsafeBytes { source in
                for i in 0..<source.count {
                    target[3 * i] = source[i]
                    target[3 * i + 1] = source[i]
                    target[3 * i + 2] = source[i]
                }
            }
        }
    }

    /// The picture as grey: RGB becomes the luma of ITU-R BT.601, (19595 R + 38470 G + 7471 B + 32768) / 65536, which
    /// is Pillow's `convert("L")`; grey stays as it is.
    public func convertedToGrey() -> ByteImage {
        guard channels == 3 else { return self }
        return ByteImage(width: width, height: height, channels: 1) { target in
            withUnsafeBytes { source in
                guard let from = source.baseAddress, let to = target.baseAddress else { return }
                cm_luma(
                    from.assumingMemoryBound(to: UInt8.self), width * height, to.assumingMemoryBound(to: UInt8.self))
            }
        }
    }
}

extension ByteImage: Equatable {
    /// Whether both pictures have the same size, channels and samples.
    public static func == (a: ByteImage, b: ByteImage) -> Bool {
        guard a.width == b.width, a.height == b.height, a.channels == b.channels else { return false }
        return a.withUnsafeBytes { x in b.withUnsafeBytes { y in x.hasSameBytes(as: y) } }
    }
}

extension ByteImage: CustomStringConvertible {
    /// Size and kind, for example "640 x 480 RGB image".
    public var description: String { "\(width) x \(height) \(channels == 1 ? "grey" : "RGB") image" }
}

extension UnsafeRawBufferPointer {
    /// The bytes as C takes them.
    var bytePointer: UnsafePointer<UInt8>? { baseAddress?.assumingMemoryBound(to: UInt8.self) }

    /// Whether both hold as many bytes, of equal values.
    func hasSameBytes(as other: UnsafeRawBufferPointer) -> Bool {
        guard let mine = baseAddress, let others = other.baseAddress else { return count == other.count }
        return count == other.count && memcmp(mine, others, count) == 0
    }
}

extension UnsafeMutableRawBufferPointer {
    /// The bytes as C takes them.
    var bytePointer: UnsafeMutablePointer<UInt8>? { baseAddress?.assumingMemoryBound(to: UInt8.self) }

    /// Sets every byte to `value`.
    func fill(with value: UInt8) {
        guard let baseAddress else { return }
        memset(baseAddress, Int32(value), count)
    }
}
