import CMedia
import Glibc
import Support

/// How a picture is encoded as a JPEG.
public struct JPEGEncoding: Hashable, Sendable {
    /// How much coarser colour is stored than brightness. Grey pictures have no colour to store.
    public enum Subsampling: Hashable, Sendable, CaseIterable {
        /// Colour as fine as brightness, 4:4:4.
        case none444
        /// Colour half as wide, 4:2:2.
        case half422
        /// Colour half as wide and half as high, 4:2:0: what most JPEGs have.
        case quarter420
        /// Colour half as high, 4:4:0.
        case half440
        /// Colour a quarter as wide, 4:1:1.
        case quarter411
    }

    /// The quality, 1 (smallest file) to 100 (nearest to the picture), on libjpeg's scale, which Pillow and OpenCV use.
    public var quality: Int
    /// How much coarser colour is stored than brightness.
    public var subsampling: Subsampling
    /// Whether the file is progressive, so that its beginning shows the whole picture coarsely.
    public var isProgressive: Bool
    /// Whether the Huffman tables are made for the picture, Pillow's `optimize`: a smaller file, in more time.
    public var optimizesTables: Bool
    /// The rows of MCUs (blocks of 8 or 16 rows of pixels) between two restart markers, from which decoding can go on
    /// after damage; 0 for no markers.
    public var restartRows: Int
    /// The EXIF orientation to record, 1 to 8; nil for none. The pixels are written as they are.
    public var orientation: Int?

    /// An encoding of quality 95, 4:2:0 and baseline, without markers or orientation, unless said otherwise.
    public init(
        quality: Int = 95, subsampling: Subsampling = .quarter420, isProgressive: Bool = false,
        optimizesTables: Bool = false, restartRows: Int = 0, orientation: Int? = nil
    ) {
        self.quality = quality
        self.subsampling = subsampling
        self.isProgressive = isProgressive
        self.optimizesTables = optimizesTables
        self.restartRows = restartRows
        self.orientation = orientation
    }

    /// The options as the C encoder takes them.
    package var cOptions: cm_jpeg_encode_options {
        precondition((1...100).contains(quality), "JPEGEncoding: no quality \(quality); 1 to 100")
        var o = cm_jpeg_encode_options()
        o.quality = Int32(quality)
        let (across, down): (Int32, Int32) =
            switch subsampling {
            case .none444: (1, 1)
            case .half422: (2, 1)
            case .quarter420: (2, 2)
            case .half440: (1, 2)
            case .quarter411: (4, 1)
            }
        o.horizontal_subsampling = across
        o.vertical_subsampling = down
        o.progressive = isProgressive
        o.optimize = optimizesTables
        o.restart_rows = Int32(restartRows)
        o.orientation = Int32(orientation ?? 0)
        return o
    }
}

extension ImageFile {
    /// Encodes `image` as a JPEG and returns the bytes of the file.
    /// - Throws: ``MediaError``, which calls the picture `name`: a side may have up to 65,500 pixels.
    public static func encodeJPEG(
        _ image: ByteImage, encoding: JPEGEncoding = JPEGEncoding(), name: String = "image"
    ) throws -> [UInt8] {
        try withJPEG(image, encoding, name: name) { Array($0) }
    }

    /// Writes `image` to `path` as a JPEG of `quality` 1 to 100. The file appears whole or not at all.
    /// - Throws: ``MediaError``, which names the file.
    public static func writeJPEG(_ image: ByteImage, to path: String, quality: Int = 95) throws {
        try writeJPEG(image, to: path, encoding: JPEGEncoding(quality: quality))
    }

    /// Writes `image` to `path` as a JPEG, as `encoding` says. The file appears whole or not at all.
    /// - Throws: ``MediaError``, which names the file.
    public static func writeJPEG(_ image: ByteImage, to path: String, encoding: JPEGEncoding) throws {
        try writeJPEG(image, to: path, encoding: encoding, syncs: true)
    }

    /// Writes `image` to `path` as a JPEG. Without `syncs` the file may be lost when the machine stops, which is right
    /// for one of many files that count only together.
    /// - Throws: ``MediaError``, which names the file.
    package static func writeJPEG(_ image: ByteImage, to path: String, encoding: JPEGEncoding, syncs: Bool) throws {
        try withJPEG(image, encoding, name: path) { try write($0, to: path, syncs: syncs) }
    }

    /// Encodes `image` as a PNG of 8 bits a sample and returns the bytes of the file; `compression` is zlib's, 0 (none)
    /// to 9 (smallest).
    /// - Throws: ``MediaError``, which calls the picture `name`.
    public static func encodePNG(_ image: ByteImage, compression: Int = 6, name: String = "image") throws -> [UInt8] {
        try withPNG(image, compression, name: name) { Array($0) }
    }

    /// Writes `image` to `path` as a PNG of 8 bits a sample; `compression` is zlib's, 0 (none) to 9 (smallest). The
    /// file appears whole or not at all.
    /// - Throws: ``MediaError``, which names the file.
    public static func writePNG(_ image: ByteImage, to path: String, compression: Int = 6) throws {
        try writePNG(image, to: path, compression: compression, syncs: true)
    }

    /// Writes `image` to `path` as a PNG. Without `syncs` the file may be lost when the machine stops, which is right
    /// for one of many files that count only together.
    /// - Throws: ``MediaError``, which names the file.
    package static func writePNG(
        _ image: ByteImage, to path: String, compression: Int = 6, syncs: Bool
    ) throws {
        try withPNG(image, compression, name: path) { try write($0, to: path, syncs: syncs) }
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, to path: String, syncs: Bool) throws(MediaError) {
        do throws(WholeFileError) {
            try WholeFile.write(bytes, to: path, syncs: syncs)
        } catch {
            throw MediaError(error)
        }
    }

    private static func withJPEG<R>(
        _ image: ByteImage, _ encoding: JPEGEncoding, name: String, _ body: (UnsafeRawBufferPointer) throws -> R
    ) throws -> R {
        var options = encoding.cOptions
        return try withEncoded(name: name, body) { bytes, count, report in
            image.withUnsafeBytes {
                cm_jpeg_encode(
                    $0.bytePointer, Int32(image.width), Int32(image.height), Int32(image.channels), &options, bytes,
                    count, report)
            }
        }
    }

    private static func withPNG<R>(
        _ image: ByteImage, _ compression: Int, name: String, _ body: (UnsafeRawBufferPointer) throws -> R
    ) throws -> R {
        precondition((0...9).contains(compression), "ImageFile: no PNG compression \(compression); 0 to 9")
        var options = cm_png_encode_options()
        options.compression = Int32(compression)
        options.bit_depth = 8
        return try withEncoded(name: name, body) { bytes, count, report in
            image.withUnsafeBytes {
                cm_png_encode(
                    $0.bytePointer, Int32(image.width), Int32(image.height), Int32(image.channels), &options, bytes,
                    count, report)
            }
        }
    }

    /// Runs a C encoder, calls `body` with the bytes it made, and frees them.
    private static func withEncoded<R>(
        name: String, _ body: (UnsafeRawBufferPointer) throws -> R,
        encode: (
            UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>, UnsafeMutablePointer<Int>,
            UnsafeMutablePointer<cm_report>
        ) -> cm_status
    ) throws -> R {
        var bytes: UnsafeMutablePointer<UInt8>?
        var count = 0
        var report = cm_report()
        let status = encode(&bytes, &count, &report)
        defer { free(bytes) }
        switch status {
        case CM_OK:
            return try body(UnsafeRawBufferPointer(start: bytes, count: count))
        case CM_OUT_OF_MEMORY:
            throw MediaError(kind: .outOfMemory, name: name, cause: "encoding it")
        default:
            // A JPEG's sides go up to 65500 pixels, for one.
            throw MediaError(kind: .unwritable, name: name, cause: text(of: report.error))
        }
    }
}
