import Foundation
import Support

/// What a COCO file says that no reader here keeps: keypoints, attributes and the like.
package enum COCOExtras {
    /// The keys that are looked for, and what they hold in words.
    private static let keys = [
        ("keypoints", "keypoints"), ("attributes", "attributes"), ("caption", "captions"),
    ]

    /// What a file holds of these, in words; a key whose values are all empty does not count.
    ///
    /// - Throws: ``AnnotationError`` for a file that can't be read.
    package static func found(in path: String) throws -> [String] {
        let data: [UInt8]
        do {
            data = try TextFile.bytes(path)
        } catch {
            throw AnnotationError(error)
        }
        return data.withUnsafeBytes { bytes in keys.filter { holds($0.0, bytes) }.map(\.1) }
    }

    /// Whether a key has a value that is not empty. Quotes within strings are escaped, so that a quoted key is one.
    private static func holds(_ key: String, _ bytes: UnsafeRawBufferPointer) -> Bool {
        let quoted = Array("\"\(key)\"".utf8)
        var place = 0
        while let found = position(of: quoted, in: bytes, from: place) {
            place = found + quoted.count
            var rest = bytes[place...].lazy.filter { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }.makeIterator()
            guard rest.next() == UInt8(ascii: ":"), let first = rest.next() else { continue }
            switch first {
            case UInt8(ascii: "n"), UInt8(ascii: "0"): continue
            case UInt8(ascii: "["): if rest.next() != UInt8(ascii: "]") { return true }
            case UInt8(ascii: "{"): if rest.next() != UInt8(ascii: "}") { return true }
            case UInt8(ascii: "\""): if rest.next() != UInt8(ascii: "\"") { return true }
            default: return true
            }
        }
        return false
    }

    /// Where a word stands first from a byte on; nil if it does not.
    private static func position(of word: [UInt8], in bytes: UnsafeRawBufferPointer, from first: Int) -> Int? {
        guard let base = bytes.baseAddress, let letter = word.first else { return nil }
        var place = first
        while place + word.count <= bytes.count,
            let found = memchr(base + place, Int32(letter), bytes.count - place)
        {
            place = UnsafeRawPointer(found) - base
            if place + word.count <= bytes.count, memcmp(base + place, word, word.count) == 0 { return place }
            place += 1
        }
        return nil
    }
}
