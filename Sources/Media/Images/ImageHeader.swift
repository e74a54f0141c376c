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
    /// The orientation, 1 (upright) to 8, by EXIF's numbers; 1 when the file says nothing. With 5 to 8 the stored sides are
    /// swapped. EXIF says it; in a PNG, XMP does where EXIF doesn't, and a text as ImageMagick writes it counts as EXIF.
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

    /// Reads the header of a PNG in an open file of `size` bytes, with the metadata behind its pixels.
    /// - Throws: `MediaError`, which calls the file `name`.
    init(ofPNG file: Int32, size: Int, name: String) throws(MediaError) {
        var header = cm_header()
        guard cm_read_png_header_in_file(file, UInt64(size), &header) == CM_HEADER_OK else {
            throw MediaError(kind: .unreadable, name: name, cause: "it changed while it was read")
        }
        self.init(header)
    }

    init(_ header: cm_header) {
        format = header.format == CM_FORMAT_PNG ? .png : .jpeg
        storedSize = ImageSize(width: Int(header.width), height: Int(header.height))
        orientation = Int(header.orientation)
        size = orientation >= 5 ? ImageSize(width: storedSize.height, height: storedSize.width) : storedSize
        channels = Int(header.channels)
        bitsPerChannel = Int(header.bits_per_channel)
        isProgressive = header.progressive
    }

    /// What the beginning of a file says of its header.
    enum Reading {
        case header(ImageHeader)
        /// The header ends behind what was read.
        case unfinished
        /// A PNG has metadata behind its pixels, or may have, and these were not read.
        case unfinishedPNG
    }

    /// Reads the header at the start of `bytes`. `isWhole` says whether that is the whole file.
    /// - Throws: `MediaError`, which calls the file `name`.
    static func read(
        _ bytes: UnsafeRawBufferPointer, isWhole: Bool, name: String
    ) throws(MediaError) -> Reading {
        guard bytes.count > 0 else { throw MediaError(kind: .empty, name: name, cause: "") }
        var header = cm_header()
        switch cm_read_header(bytes.bytePointer, bytes.count, &header) {
        case CM_HEADER_OK:
            return header.may_turn && !isWhole ? .unfinishedPNG : .header(ImageHeader(header))
        case CM_HEADER_INCOMPLETE:
            guard isWhole else { return .unfinished }
            throw MediaError(kind: .truncated, name: name, cause: "it ends inside its header")
        case CM_HEADER_CORRUPT:
            throw MediaError(
                kind: .corrupt, name: name,
                cause: "its \(header.format == CM_FORMAT_PNG ? "PNG" : "JPEG") header makes no sense")
        default:
            throw MediaError(kind: .notAnImage, name: name, cause: FileKind.describe(bytes))
        }
    }

    /// The header of a whole file.
    /// - Throws: `MediaError`, which calls the file `name`.
    init(ofWhole bytes: UnsafeRawBufferPointer, name: String) throws(MediaError) {
        guard case .header(let header) = try Self.read(bytes, isWhole: true, name: name) else {
            throw MediaError(kind: .truncated, name: name, cause: "it ends inside its header")
        }
        self = header
    }
}
