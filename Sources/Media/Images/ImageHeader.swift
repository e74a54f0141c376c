import CMedia

public enum ImageFormat: String, Hashable, Sendable {
    case jpeg = "JPEG"
    case png = "PNG"
}

/// What an image file says about itself before any pixel is decoded.
public struct ImageHeader: Hashable, Sendable {
    public let format: ImageFormat
    /// Upright, that is after the EXIF orientation is undone.
    public let width: Int
    public let height: Int
    /// As the file stores them.
    public let storedWidth: Int
    public let storedHeight: Int
    /// EXIF orientation, 1 (upright) to 8.
    public let orientation: Int
    /// Components as stored: grey 1, colour 3, CMYK 4; in PNG one more for alpha, and 3 for a palette.
    public let channels: Int
    public let bitsPerChannel: Int
    /// A progressive JPEG or an interlaced PNG.
    public let isProgressive: Bool

    init(_ header: cm_header) {
        format = header.format == CM_FORMAT_PNG ? .png : .jpeg
        storedWidth = Int(header.width)
        storedHeight = Int(header.height)
        orientation = Int(header.orientation)
        let turned = orientation >= 5
        width = turned ? storedHeight : storedWidth
        height = turned ? storedWidth : storedHeight
        channels = Int(header.channels)
        bitsPerChannel = Int(header.bits_per_channel)
        isProgressive = header.progressive
    }

    /// Reads the header at the start of `bytes`. `isWhole` says whether that is the whole file.
    /// - Returns: nil when more of the file is needed.
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
