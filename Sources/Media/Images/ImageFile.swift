import CMedia
import Glibc

/// Image files: JPEG and PNG, told apart by their content, never by their name.
public enum ImageFile {
    /// What the names of such files end with, in small letters: how a folder's are found.
    public static let endings: Set<String> = ["jpg", "jpeg", "png"]

    /// Decodes the image at `path`: RGB and upright unless `options` say otherwise.
    /// - Throws: `MediaError`, naming the file.
    public static func read(_ path: String, options: DecodeOptions = DecodeOptions()) throws -> ByteImage {
        let file = try FileBytes(path, maximum: options.limits.maxFileBytes)
        return try file.withUnsafeBytes { bytes throws(MediaError) in
            try decode(bytes, name: path, options: options)
        }
    }

    /// Decodes an encoded image in memory; `name` is what an error calls it.
    /// - Throws: `MediaError`.
    public static func decode(
        _ bytes: [UInt8], name: String = "image", options: DecodeOptions = DecodeOptions()
    ) throws -> ByteImage {
        try bytes.withUnsafeBytes { try decode($0, name: name, options: options) }
    }

    /// Decodes an encoded image in memory; `name` is what an error calls it.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, name: String = "image", options: DecodeOptions = DecodeOptions()
    ) throws(MediaError) -> ByteImage {
        guard let header = try ImageHeader(in: bytes, isWhole: true, name: name) else {
            throw MediaError(kind: .truncated, name: name, cause: "it ends inside its header")
        }
        let orientation = options.appliesOrientation ? header.orientation : 1
        var pixels = cm_pixels()
        var report = cm_report()
        let status: cm_status
        switch header.format {
        case .jpeg:
            let minimum = minimumSize(of: header, oriented: orientation, options: options)
            var o = cm_jpeg_decode_options()
            o.channels = options.channels == .grey ? 1 : 3
            o.orientation = Int32(orientation)
            o.minimum_width = Int32(clamping: minimum.width)
            o.minimum_height = Int32(clamping: minimum.height)
            if let size = options.targetSize {
                precondition(
                    size.width > 0 && size.height > 0, "DecodeOptions.targetSize: \(size.width) x \(size.height)")
                o.target_width = Int32(clamping: size.width)
                o.target_height = Int32(clamping: size.height)
            }
            o.accept_damage = options.truncation == .acceptWithWarning
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
        if let size = options.targetSize { image = image.resized(width: size.width, height: size.height) }
        return image
    }

    /// Reads size, channels and format of the image at `path` without decoding it, and of a large file only the start.
    /// - Throws: `MediaError`, naming the file.
    public static func header(_ path: String) throws -> ImageHeader {
        // Most headers end within a page or two; thumbnails and colour profiles take some further.
        var length: Int? = 1 << 14
        while true {
            let file = try FileBytes(path, first: length)
            let isWhole = file.isWhole
            let header = try file.withUnsafeBytes { bytes throws(MediaError) in
                try ImageHeader(in: bytes, isWhole: isWhole, name: path)
            }
            if let header { return header }
            length = length.flatMap { $0 < 1 << 24 ? $0 * 8 : nil }
        }
    }

    /// Reads the header of an encoded image in memory.
    public static func header(of bytes: [UInt8], name: String = "image") throws -> ImageHeader {
        let header = try bytes.withUnsafeBytes { try ImageHeader(in: $0, isWhole: true, name: name) }
        guard let header else { throw MediaError(kind: .truncated, name: name, cause: "it ends inside its header") }
        return header
    }

    /// The least upright size that a reduced JPEG must keep; zeros for full size.
    private static func minimumSize(
        of header: ImageHeader, oriented orientation: Int, options: DecodeOptions
    ) -> (width: Int, height: Int) {
        if let size = options.minimumSize { return size }
        guard let side = options.minimumShorterSide else { return (0, 0) }
        return (side, side)
    }
}

/// The text in a fixed buffer of a C struct.
func text<T>(of buffer: T) -> String {
    withUnsafeBytes(of: buffer) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}

extension MediaError {
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
        self.init(kind: kind, name: name, cause: text(of: report.error), frame: frame)
    }
}
