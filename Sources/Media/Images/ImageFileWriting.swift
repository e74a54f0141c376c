import CMedia
import Glibc
import Support

/// How pixels become a JPEG.
public struct JPEGEncoding: Hashable, Sendable {
    /// Luma samples per chroma sample, across and down.
    public enum Subsampling: Hashable, Sendable, CaseIterable {
        case none444, half422, quarter420, half440, quarter411
    }

    /// 1 to 100.
    public var quality: Int
    public var subsampling: Subsampling
    public var isProgressive: Bool
    /// Huffman tables made for the picture: smaller, slower.
    public var optimizesTables: Bool
    /// A restart marker every so many rows of MCUs; 0 for none.
    public var restartRows: Int
    /// The EXIF orientation to record, 1 to 8; nil for none. The pixels are written as they are.
    public var orientation: Int?

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
    /// Encodes `image` as a JPEG.
    public static func encodeJPEG(
        _ image: ByteImage, encoding: JPEGEncoding = JPEGEncoding(), name: String = "image"
    ) throws -> [UInt8] {
        try withJPEG(image, encoding, name: name) { Array($0) }
    }

    /// Writes `image` to `path` as a JPEG of `quality` 1 to 100. The file appears whole or not at all.
    public static func writeJPEG(_ image: ByteImage, to path: String, quality: Int = 95) throws {
        try writeJPEG(image, to: path, encoding: JPEGEncoding(quality: quality))
    }

    /// Writes `image` to `path` as a JPEG. The file appears whole or not at all.
    public static func writeJPEG(_ image: ByteImage, to path: String, encoding: JPEGEncoding) throws {
        try writeJPEG(image, to: path, encoding: encoding, syncs: true)
    }

    /// Writes `image` to `path` as a JPEG; without `syncs` for one of many files that count only together.
    package static func writeJPEG(_ image: ByteImage, to path: String, encoding: JPEGEncoding, syncs: Bool) throws {
        try withJPEG(image, encoding, name: path) { try write($0, to: path, syncs: syncs) }
    }

    /// Encodes `image` as a PNG; `compression` from 0 (none) to 9 (smallest).
    public static func encodePNG(_ image: ByteImage, compression: Int = 6, name: String = "image") throws -> [UInt8] {
        try withPNG(image, compression, name: name) { Array($0) }
    }

    /// Writes `image` to `path` as a PNG. The file appears whole or not at all.
    public static func writePNG(_ image: ByteImage, to path: String, compression: Int = 6) throws {
        try writePNG(image, to: path, compression: compression, syncs: true)
    }

    /// Writes `image` to `path` as a PNG; without `syncs` for one of many files that count only together.
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

    /// Runs a C encoder and lends what it made.
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
