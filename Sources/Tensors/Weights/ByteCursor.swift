import Foundation

/// Reads a part of a file from its front; every reading that reaches beyond the part's end is a fault.
struct ByteCursor {
    let data: Data
    /// In the file.
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

    /// The place of the next `count` bytes.
    mutating func skip(_ count: Int) throws -> Range<Int> {
        guard count >= 0, count <= remaining else {
            throw PTHFault.damaged(at: position, "\(count) bytes are announced, and \(remaining) are left")
        }
        defer { position += count }
        return position..<position + count
    }

    /// A little-endian number of `bytes` bytes, 8 at most.
    mutating func unsigned(_ bytes: Int) throws -> UInt64 {
        var value: UInt64 = 0
        for i in 0..<bytes { value |= UInt64(try byte()) << UInt64(8 * i) }
        return value
    }

    /// A little-endian number in two's complement.
    mutating func signed(_ bytes: Int) throws -> Int {
        let unused = UInt64(64 - 8 * bytes)
        return Int(Int64(bitPattern: try unsigned(bytes) << unused) >> Int64(unused))
    }

    /// A count of bytes or records.
    mutating func count(_ bytes: Int) throws -> Int {
        let start = position
        let value = try unsigned(bytes)
        guard let count = Int(exactly: value) else {
            throw PTHFault.damaged(at: start, "a count of \(value) is announced")
        }
        return count
    }

    /// What stands before the next line feed.
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
