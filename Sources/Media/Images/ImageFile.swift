import CMedia
import Glibc

/// Reads and writes JPEG and PNG files. Their content tells them apart, never their name.
///
/// A picture comes upright by its EXIF orientation. In a PNG that is the chunk `eXIf`, or else the text "Raw profile type
/// exif", or else XMP's `tiff:Orientation`, wherever they stand in the file, as Pillow's `exif_transpose` has it.
///
/// JPEGs are decoded by libjpeg-turbo with its default settings; CMYK becomes RGB as in Pillow, OpenCV and torchvision.
/// In a PNG, alpha and transparent colours are dropped and not blended, palettes become colours, samples of 16 bits are
/// rounded to 8, and gamma and colour profiles are not applied.
public enum ImageFile {
    /// The endings of names that such files have, in small letters and without the dot: by them a folder's pictures are
    /// found.
    public static let endings: Set<String> = ["jpg", "jpeg", "png"]

    /// Reads the picture in the file at `path`: RGB and upright, unless `options` say otherwise.
    /// - Throws: ``MediaError``, which names the file.
    public static func read(_ path: String, options: DecodeOptions = DecodeOptions()) throws -> ByteImage {
        let file = try FileBytes(path, maximum: options.limits.maxFileBytes)
        return try file.withUnsafeBytes { bytes throws(MediaError) in
            try decode(bytes, name: path, options: options)
        }
    }

    /// Decodes the bytes of a JPEG or PNG file: RGB and upright, unless `options` say otherwise.
    /// - Throws: ``MediaError``, which calls the bytes `name`.
    public static func decode(
        _ bytes: [UInt8], name: String = "image", options: DecodeOptions = DecodeOptions()
    ) throws -> ByteImage {
        try bytes.withUnsafeBytes { try decode($0, name: name, options: options) }
    }

    /// Decodes the bytes of a JPEG or PNG file that lie in memory of the caller's: RGB and upright, unless `options`
    /// say otherwise.
    /// - Throws: ``MediaError``, which calls the bytes `name`.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, name: String = "image", options: DecodeOptions = DecodeOptions()
    ) throws(MediaError) -> ByteImage {
        let header = try ImageHeader(ofWhole: bytes, name: name)
        let orientation = options.appliesOrientation ? header.orientation : 1
        var pixels = cm_pixels()
        var report = cm_report()
        let status: cm_status
        switch header.format {
        case .jpeg:
            var o = cm_jpeg_decode_options()
            o.channels = options.channels == .grey ? 1 : 3
            o.orientation = Int32(orientation)
            o.minimum_width = Int32(clamping: options.minimumSize?.width ?? 0)
            o.minimum_height = Int32(clamping: options.minimumSize?.height ?? 0)
            if let size = options.targetSize {
                precondition(
                    size.width > 0 && size.height > 0, "DecodeOptions.targetSize: \(size.width) x \(size.height)")
                o.target_width = Int32(clamping: size.width)
                o.target_height = Int32(clamping: size.height)
            }
            o.accept_damage = options.damagedImages == .accept
            o.max_pixels = UInt64(clamping: options.limits.maxPixels)
            o.max_bytes = UInt64(clamping: options.limits.maxBytes)
            o.max_scans = Int32(clamping: options.limits.maxScans)
            status = cm_jpeg_decode(bytes.bytePointer, bytes.count, &o, &pixels, &report)
        case .png:
            var o = cm_png_decode_options()
            o.channels = options.channels == .grey ? 1 : 3
            o.orientation = Int32(orientation)
            o.max_pixels = UInt64(clamping: options.limits.maxPixels)
            o.max_bytes = UInt64(clamping: options.limits.maxBytes)
            status = cm_png_decode(bytes.bytePointer, bytes.count, &o, &pixels, &report)
        }
        guard status == CM_OK, var image = ByteImage(adopting: pixels) else {
            throw MediaError(status, name: name, report: report)
        }
        if let onWarning = options.onWarning, report.warnings > 0 || report.truncated || report.damaged {
            let kind: MediaWarning.Kind = report.truncated ? .truncated : report.damaged ? .damaged : .irregular
            onWarning(MediaWarning(kind: kind, name: name, cause: text(of: report.warning)))
        }
        if let size = options.targetSize { image = image.resized(to: size) }
        return image
    }

    /// Reads what the file at `path` says about its picture, without decoding it. Only as much of the file is read as
    /// that takes.
    /// - Throws: ``MediaError``, which names the file.
    public static func header(_ path: String) throws -> ImageHeader {
        // Most headers end within a page or two; thumbnails and colour profiles take some further.
        var length: Int? = 1 << 14
        while true {
            let file = try FileBytes(path, first: length)
            let isWhole = file.isWhole
            let reading = try file.withUnsafeBytes { bytes throws(MediaError) in
                try ImageHeader.read(bytes, isWhole: isWhole, name: path)
            }
            switch reading {
            case .header(let header):
                return header
            case .unfinishedPNG:
                // Pixels are many: what stands behind them is read without them.
                return try FileBytes.withFile(path) { file, size in
                    Result { () throws(MediaError) in try ImageHeader(ofPNG: file, size: size, name: path) }
                }.get()
            case .unfinished:
                break
            }
            length = length.flatMap { $0 < 1 << 24 ? $0 * 8 : nil }
        }
    }

    /// Reads what the bytes of a JPEG or PNG file say about its picture, without decoding it.
    /// - Throws: ``MediaError``, which calls the bytes `name`.
    public static func header(of bytes: [UInt8], name: String = "image") throws -> ImageHeader {
        try bytes.withUnsafeBytes { try ImageHeader(ofWhole: $0, name: name) }
    }

    /// Reads what the bytes of a JPEG or PNG file, in memory of the caller's, say about its picture, without decoding it.
    /// - Throws: ``MediaError``, which calls the bytes `name`.
    package static func header(of bytes: UnsafeRawBufferPointer, name: String) throws(MediaError) -> ImageHeader {
        try ImageHeader(ofWhole: bytes, name: name)
    }
}

/// The text in an array of characters of a C struct, up to its first zero.
func text<T>(of buffer: T) -> String {
    withUnsafeBytes(of: buffer) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}

extension MediaError {
    /// The error for a C call that failed with `status` and said why in `report`.
    init(_ status: cm_status, name: String, report: cm_report, frame: Int? = nil) {
        let kind: Kind =
            switch status {
            case CM_TRUNCATED: .truncated
            case CM_TOO_LARGE: .tooLarge
            case CM_UNSUPPORTED: .unsupported
            case CM_OUT_OF_MEMORY: .outOfMemory
            case CM_UNREADABLE: .unreadable
            case CM_EMPTY: .empty
            case CM_NOT_A_VIDEO: .notAVideo
            case CM_NO_VIDEO_STREAM: .noPictures
            default: .corrupt
            }
        self.init(
            kind: kind, name: name, cause: text(of: report.error), frame: frame, isAcceptable: report.acceptable)
    }
}
