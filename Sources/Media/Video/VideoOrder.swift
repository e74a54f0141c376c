/// In which order the frames of a video come out of its packets, where that takes decoding all of them. A video that is
/// opened with it need not be decoded again for it.
package struct VideoOrder: Hashable, Sendable {
    /// A checksum of the packets that it belongs to. Of other packets a reader finds the order anew.
    package let key: UInt64
    /// The packet that each frame comes out of, from 0.
    package let packets: [Int64]

    package init(key: UInt64, packets: [Int64]) {
        self.key = key
        self.packets = packets
    }

    /// More than a text may claim to hold.
    private static let mostFrames = 10_000_000
    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// The order as one word. It begins with the key, in 16 hexadecimal digits. Then comes a letter for each frame: how far
    /// its packet stands from the one after the last frame's (A: right there, B: one before, C: one behind, D: two before,
    /// and so on to z), or the same number in brackets. A number after it says how many frames in a row are alike.
    package var text: String {
        let digits = String(key, radix: 16)
        var result = Array((String(repeating: "0", count: 16 - digits.count) + digits).utf8)
        var last: UInt64?, count = 0, expected: Int64 = 0
        func close() {
            guard let last else { return }
            if last < UInt64(Self.letters.count) {
                result.append(Self.letters[Int(last)])
            } else {
                result += Array("[\(last)]".utf8)
            }
            if count > 1 { result += Array(String(count).utf8) }
        }
        for packet in packets {
            let distance = packet &- expected
            let step = UInt64(bitPattern: distance &<< 1 ^ distance >> 63)
            if step != last {
                close()
                (last, count) = (step, 0)
            }
            count += 1
            expected = packet &+ 1
        }
        close()
        return String(decoding: result, as: UTF8.self)
    }

    /// Reads ``text``; nil for what is none.
    package init?(text: some StringProtocol) {
        var rest = Array(text.utf8)[...]
        guard rest.count >= 16, rest.prefix(16).allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
            let key = UInt64(String(decoding: rest.prefix(16), as: UTF8.self), radix: 16)
        else { return nil }
        rest = rest.dropFirst(16)
        func number() -> UInt64? {
            let digits = rest.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
            rest = rest.dropFirst(digits.count)
            return UInt64(String(decoding: digits, as: UTF8.self))
        }
        var packets: [Int64] = [], expected: Int64 = 0
        while let letter = rest.popFirst() {
            let step: UInt64
            if letter == UInt8(ascii: "[") {
                guard let written = number(), rest.popFirst() == UInt8(ascii: "]") else { return nil }
                step = written
            } else {
                guard let place = Self.letters.firstIndex(of: letter) else { return nil }
                step = UInt64(place)
            }
            var count: UInt64 = 1
            if let next = rest.first, next >= UInt8(ascii: "0"), next <= UInt8(ascii: "9") {
                guard let written = number(), written > 1 else { return nil }
                count = written
            }
            guard count <= UInt64(Self.mostFrames - packets.count) else { return nil }
            let distance = Int64(step >> 1) ^ -Int64(step & 1)
            for _ in 0..<count {
                let (packet, overflows) = expected.addingReportingOverflow(distance)
                guard !overflows, packet >= 0, packet < .max else { return nil }
                packets.append(packet)
                expected = packet + 1
            }
        }
        guard !packets.isEmpty else { return nil }
        self.init(key: key, packets: packets)
    }
}
