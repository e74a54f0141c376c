import Foundation

/// A chunk of a PNG, made by hand.
struct PNGChunk {
    let name: String
    let payload: [UInt8]

    /// How a text is stored.
    enum Text: CaseIterable {
        case plain, compressed, international, internationalCompressed
    }

    /// The chunk with its length and checksum.
    var bytes: [UInt8] {
        let body = Array(name.utf8) + payload
        return Self.big(UInt32(payload.count)) + body + Self.crc(body[...])
    }

    /// Checksum of PNG chunks.
    static func crc(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return big(~crc)
    }

    private static func big(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(value >> (24 - 8 * $0) & 255) } }

    /// A zlib stream of one stored block.
    static func stored(_ bytes: [UInt8]) -> [UInt8] {
        let count = UInt16(bytes.count)
        func little(_ value: UInt16) -> [UInt8] { [UInt8(value & 255), UInt8(value >> 8)] }
        let (a, b) = bytes.reduce((UInt32(1), UInt32(0))) { sums, byte in
            let a = (sums.0 + UInt32(byte)) % 65521
            return (a, (sums.1 + a) % 65521)
        }
        return [0x78, 0x01, 0x01] + little(count) + little(~count) + bytes + big(b << 16 | a)
    }

    /// An EXIF block of one entry: an orientation, unless it is another tag.
    static func exifBlock(_ orientation: UInt8, tag: UInt8 = 0x12) -> [UInt8] {
        [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, tag, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0]
    }

    static func exif(_ orientation: UInt8, tag: UInt8 = 0x12) -> PNGChunk {
        PNGChunk(name: "eXIf", payload: exifBlock(orientation, tag: tag))
    }

    /// EXIF as ImageMagick writes it: as text, in lines of hexadecimal digits.
    static func rawProfile(_ orientation: UInt8, tag: UInt8 = 0x12, as kind: Text = .compressed) -> PNGChunk {
        let block = Array("Exif\0\0".utf8) + exifBlock(orientation, tag: tag)
        let digits = block.map { String(format: "%02x", $0) }.joined()
        let first = digits.prefix(40), rest = digits.dropFirst(40)
        return text("Raw profile type exif", "\nexif\n      \(block.count)\n\(first)\n\(rest)\n", as: kind)
    }

    static func xmp(_ orientation: Int, asElement: Bool = false, as kind: Text = .international) -> PNGChunk {
        text(
            "XML:com.adobe.xmp",
            asElement
                ? "<x:xmpmeta><tiff:Orientation>\(orientation)</tiff:Orientation></x:xmpmeta>"
                : "<x:xmpmeta><rdf:Description tiff:Make=\"A\" tiff:Orientation=\"\(orientation)\"/></x:xmpmeta>",
            as: kind)
    }

    static func text(_ keyword: String, _ value: String, as kind: Text) -> PNGChunk {
        let (key, value) = (Array(keyword.utf8) + [0], Array(value.utf8))
        return switch kind {
        case .plain: PNGChunk(name: "tEXt", payload: key + value)
        case .compressed: PNGChunk(name: "zTXt", payload: key + [0] + stored(value))
        case .international: PNGChunk(name: "iTXt", payload: key + [0, 0] + Array("en\0\0".utf8) + value)
        case .internationalCompressed:
            PNGChunk(name: "iTXt", payload: key + [1, 0] + Array("\0title\0".utf8) + stored(value))
        }
    }

    /// Every way of saying an orientation, each once; EXIF's is not the only one that is right, so that all are read.
    static var allOrientations: [PNGChunk] {
        Text.allCases.flatMap { [rawProfile(6, as: $0), xmp(6, as: $0)] } + [exif(6, tag: 0x13)]
    }
}

extension [PNGChunk] {
    /// A PNG with these chunks, in front of its pixels or behind them.
    func inserted(into png: [UInt8], behindPixels: Bool = false) -> [UInt8] {
        let at = behindPixels ? png.count - 12 : 33
        return Array<UInt8>(png[..<at]) + flatMap(\.bytes) + png[at...]
    }
}
