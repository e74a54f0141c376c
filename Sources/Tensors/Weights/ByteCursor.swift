import Foundation

/// Reads a part of a file from its front. A reading that goes beyond the part's end throws a `PTHFault`.
struct ByteCursor {
    let data: Data
    /// Offset in the file of the next byte.
    private(set) var position: Int
    let end: Int

    init(_ data: Data, _ range: Range<Int>? = nil) {
        self.data = data
        position = range?.lowerBound ?? data.startIndex
        end = range?.upperBound ?? data.endIndex
    }

    var remaining: Int { end - position }

    mutating func byte() throws -> UInt8 {
        guard position < end else { throw PTHFault.damaged(at: position, "the file ends here, too early") }
        defer { position += 1 }
        return data[position]
    }

    /// Steps over the next `count` bytes and gives their place in the file.
    mutating func skip(_ count: Int) throws -> Range<Int> {
        guard count >= 0, count <= remaining else {
            throw PTHFault.damaged(at: position, "\(count) bytes are announced, and \(remaining) are left")
        }
        defer { position += count }
        return position..<position + count
    }

    /// Reads a little-endian number of `bytes` bytes, 8 at most.
    mutating func unsigned(_ bytes: Int) throws -> UInt64 {
        var value: UInt64 = 0
        for i in 0..<bytes { value |= UInt64(try byte()) << UInt64(8 * i) }
        return value
    }

    /// Reads a little-endian number of `bytes` bytes in two's complement, 8 at most.
    mutating func signed(_ bytes: Int) throws -> Int {
        let unused = UInt64(64 - 8 * bytes)
        return Int(Int64(bitPattern: try unsigned(bytes) << unused) >> Int64(unused))
    }

    /// Reads a count of bytes or records, little-endian in `bytes` bytes; one that is no `Int` is a fault.
    mutating func count(_ bytes: Int) throws -> Int {
        let start = position
        let value = try unsigned(bytes)
        guard let count = Int(exactly: value) else {
            throw PTHFault.damaged(at: start, "a count of \(value) is announced")
        }
        return count
    }

    /// Reads what stands before the next line feed, and steps over that; at most 4095 bytes, in UTF-8.
    mutating func line() throws -> String {
        let start = position
        guard let feed = data[position..<end].prefix(4096).firstIndex(of: UInt8(ascii: "\n")) else {
            throw PTHFault.damaged(at: start, "a line doesn't end")
        }
        position = feed + 1
        guard let text = String(bytes: data[start..<feed], encoding: .utf8) else {
            throw PTHFault.damaged(at: start, "a line isn't text")
        }
        return text
    }
}
