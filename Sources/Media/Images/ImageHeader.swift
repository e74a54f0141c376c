import CMedia
import Support

/// The formats of image files that are read and written.
public enum ImageFormat: String, Hashable, Sendable {
    /// JPEG: baseline or progressive, with Huffman or arithmetic coding.
    case jpeg = "JPEG"
    /// PNG, interlaced or not.
    case png = "PNG"
}

/// What an image file says about its picture, known without decoding any pixel.
public struct ImageHeader: Hashable, Sendable {
    /// The file's format, told by its content and not by its name.
    public let format: ImageFormat
    /// The upright picture's size, which is that of what ``ImageFile/read(_:options:)`` returns.
    public let size: ImageSize
    /// The size as the file stores it, before the picture is turned upright.
    public let storedSize: ImageSize
    /// The EXIF orientation, 1 (upright) to 8; 1 when the file says nothing. With 5 to 8 the stored sides are swapped.
    public let orientation: Int
    /// The components of a pixel in the file: grey 1, colour 3, CMYK 4; in PNG one more for alpha, and 3 for a palette.
    public let channels: Int
    /// The bits of a stored component: 8 in nearly all files; 1, 2, 4 and 16 occur in PNG, 12 in JPEG.
    public let bitsPerChannel: Int
    /// Whether it is a progressive JPEG or an interlaced PNG.
    public let isProgressive: Bool

    /// Columns of pixels of the upright picture.
    public var width: Int { size.width }
    /// Rows of pixels of the upright picture.
    public var height: Int { size.height }

    init(_ header: cm_header) {
        format = header.format == CM_FORMAT_PNG ? .png : .jpeg
        storedSize = ImageSize(width: Int(header.width), height: Int(header.height))
        orientation = Int(header.orientation)
        size = orientation >= 5 ? ImageSize(width: storedSize.height, height: storedSize.width) : storedSize
        channels = Int(header.channels)
        bitsPerChannel = Int(header.bits_per_channel)
        isProgressive = header.progressive
    }

    /// Reads the header at the start of `bytes`. `isWhole` says whether that is the whole file; nil means that more of
    /// the file is needed.
    /// - Throws: `MediaError`, which calls the file `name`.
    init?(in bytes: UnsafeRawBufferPointer, isWhole: Bool, name: String) throws(MediaError) {
        guard bytes.count > 0 else { throw MediaError(kind: .empty, name: name, cause: "") }
        var header = cm_header()
        switch cm_read_header(bytes.bytePointer, bytes.count, &header) {
        case CM_HEADER_OK:
            self.init(header)
        case CM_HEADER_INCOMPLETE:
            guard isWhole else { return nil }
            throw MediaError(kind: .truncated, name: name, cause: "it ends inside its header")
        case CM_HEADER_CORRUPT:
            throw MediaError(
                kind: .corrupt, name: name,
                cause: "its \(header.format == CM_FORMAT_PNG ? "PNG" : "JPEG") header makes no sense")
        default:
            throw MediaError(kind: .notAnImage, name: name, cause: FileKind.describe(bytes))
        }
    }
}
