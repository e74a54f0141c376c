/// Guesses from its first bytes what a file is that is neither JPEG nor PNG, for the error message.
enum FileKind {
    /// What the file seems to be, for example "it looks like a GIF image", or its first bytes in hexadecimal.
    static func describe(_ bytes: UnsafeRawBufferPointer) -> String {
        if let kind = guess(bytes) { return "it looks like \(kind)" }
        let start = bytes.prefix(8).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count < 2 ? "0" + digits : digits
        }
        return "it starts with the bytes \(start.joined(separator: " "))"
    }

    /// The bytes by which kinds of files are known, and where they stand.
    private static let signatures: [(offset: Int, bytes: [UInt8], kind: String)] = [
        (0, ascii("GIF8"), "a GIF image"),
        (8, ascii("WEBP"), "a WebP image"),
        (0, ascii("BM"), "a BMP image"),
        (0, ascii("II*\0"), "a TIFF image"),
        (0, ascii("MM\0*"), "a TIFF image"),
        (4, ascii("ftypavif"), "an AVIF image"),
        (4, ascii("ftypheic"), "an HEIC image"),
        (4, ascii("ftypmif1"), "an HEIF image"),
        (4, ascii("ftyp"), "an MP4 video"),
        (8, ascii("AVI "), "an AVI video"),
        (0, [0x1A, 0x45, 0xDF, 0xA3], "a Matroska or WebM video"),
        (0, ascii("FLV\u{1}"), "an FLV video"),
        (0, [0x00, 0x00, 0x01, 0xBA], "an MPEG program stream"),
        (0, [0x00, 0x00, 0x01, 0xB3], "bare MPEG pictures without a container"),
        (0, [0x30, 0x26, 0xB2, 0x75], "a Windows Media file"),
        (0, ascii("OggS"), "an Ogg file"),
        (0, [0xFF, 0x4F, 0xFF, 0x51], "a JPEG 2000 image"),
        (4, ascii("jP  "), "a JPEG 2000 image"),
        (0, [0xFF, 0x0A], "a JPEG XL image"),
        (4, ascii("JXL "), "a JPEG XL image"),
        (0, ascii("8BPS"), "a Photoshop image"),
        (0, ascii("%PDF"), "a PDF document"),
        (0, ascii("PK\u{3}\u{4}"), "a ZIP archive"),
        (0, [0x1F, 0x8B], "gzip-compressed data"),
        (0, ascii("\u{93}NUMPY").map { $0 }, "a NumPy array"),
        (0, ascii("version https://git-lfs"), "a Git LFS pointer, not the file itself"),
    ]

    /// Whether the first bytes are those of a container of videos.
    static func isVideo(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let kind = guess(bytes) else { return false }
        return ["video", "MPEG", "Windows Media", "Ogg"].contains { kind.contains($0) }
    }

    private static func ascii(_ text: String) -> [UInt8] {
        text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
    }

    private static func guess(_ bytes: UnsafeRawBufferPointer) -> String? {
        for signature in signatures where bytes.dropFirst(signature.offset).starts(with: signature.bytes) {
            return signature.kind
        }
        if bytes.prefix(512).allSatisfy({ $0 == 0 }) { return "nothing but zero bytes" }
        let start = bytes.prefix(512)
        guard start.allSatisfy({ $0 >= 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }) else { return nil }
        let text = String(decoding: start, as: UTF8.self).lowercased()
        if text.contains("<!doctype html") || text.contains("<html") {
            return "an HTML page, perhaps a failed download's error message"
        }
        if text.contains("<svg") { return "an SVG drawing" }
        if text.contains("<?xml") { return "an XML document" }
        return "text"
    }
}
