import Foundation

/// A message of Protocol Buffers taken apart: its fields in their order.
public struct ProtobufFields {
    /// What stands in a field, by its wire type.
    public enum Value: Equatable {
        case variable(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        case bytes([UInt8])
    }

    /// The fields' numbers and what they hold.
    public private(set) var fields: [(number: Int, value: Value)] = []

    /// The fields of a message; nil if the bytes are none.
    public init?(_ bytes: some Collection<UInt8>) {
        var rest = Array(bytes)[...]
        func fixed<Number: FixedWidthInteger>(_: Number.Type) -> Number? {
            guard rest.count >= MemoryLayout<Number>.size else { return nil }
            defer { rest = rest.dropFirst(MemoryLayout<Number>.size) }
            return rest.prefix(MemoryLayout<Number>.size).reversed().reduce(0) { $0 << 8 | Number($1) }
        }
        func variable() -> UInt64? {
            var value: UInt64 = 0, shift: UInt64 = 0
            while let byte = rest.popFirst(), shift < 64 {
                value |= UInt64(byte & 0x7F) << shift
                if byte < 0x80 { return value }
                shift += 7
            }
            return nil
        }
        while !rest.isEmpty {
            guard let key = variable() else { return nil }
            let value: Value?
            switch key & 7 {
            case 0: value = variable().map { .variable($0) }
            case 1: value = fixed(UInt64.self).map { .fixed64($0) }
            case 5: value = fixed(UInt32.self).map { .fixed32($0) }
            case 2:
                guard let count = variable(), count <= rest.count else { return nil }
                value = .bytes(Array(rest.prefix(Int(count))))
                rest = rest.dropFirst(Int(count))
            default: value = nil
            }
            guard let value else { return nil }
            fields.append((Int(key >> 3), value))
        }
    }

    /// All fields of a number.
    public func all(_ number: Int) -> [Value] { fields.filter { $0.number == number }.map(\.value) }

    /// An integer field.
    public func integer(_ number: Int) -> Int? {
        guard case .variable(let value)? = all(number).last else { return nil }
        return Int(Int64(bitPattern: value))
    }

    /// A field of 64 bits.
    public func double(_ number: Int) -> Double? {
        guard case .fixed64(let bits)? = all(number).last else { return nil }
        return Double(bitPattern: bits)
    }

    /// A field of 32 bits.
    public func float(_ number: Int) -> Float? {
        guard case .fixed32(let bits)? = all(number).last else { return nil }
        return Float(bitPattern: bits)
    }

    /// A field of bytes.
    public func bytes(_ number: Int) -> [UInt8]? { allBytes(number).last }

    /// All fields of bytes of a number.
    public func allBytes(_ number: Int) -> [[UInt8]] {
        all(number).compactMap { if case .bytes(let bytes) = $0 { bytes } else { nil } }
    }

    /// A field of text.
    public func text(_ number: Int) -> String? { bytes(number).map { String(decoding: $0, as: UTF8.self) } }

    /// A message in a field.
    public func message(_ number: Int) -> ProtobufFields? { bytes(number).flatMap { ProtobufFields($0) } }
}

/// An event of TensorBoard as a file holds it.
public struct ReadEvent {
    /// Something that is shown under a tag.
    public struct Value {
        public let tag: String
        public let scalar: Float?
        public let image: (width: Int, height: Int, channels: Int, bytes: [UInt8])?
        public let plugin: String?
        public let pluginContent: ProtobufFields?
        public let shape: [Int]
        public let floats: [Float]
        public let texts: [String]

        init?(_ fields: ProtobufFields) {
            guard let tag = fields.text(1) else { return nil }
            self.tag = tag
            scalar = fields.float(2)
            image = fields.message(4).map {
                ($0.integer(2) ?? 0, $0.integer(1) ?? 0, $0.integer(3) ?? 0, $0.bytes(4) ?? [])
            }
            let data = fields.message(9)?.message(1)
            plugin = data?.text(1)
            pluginContent = data?.message(2)
            let tensor = fields.message(8)
            shape = tensor?.message(2)?.allBytes(2).compactMap { ProtobufFields($0)?.integer(1) } ?? []
            let packed = tensor?.bytes(5) ?? []
            floats = stride(from: 0, to: packed.count / 4 * 4, by: 4).map { i in
                Float(bitPattern: packed[i..<i + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) })
            }
            texts = tensor?.allBytes(8).map { String(decoding: $0, as: UTF8.self) } ?? []
        }
    }

    public let time: Double
    public let step: Int
    public let version: String?
    public let startsSession: Bool
    public let values: [Value]

    init?(_ bytes: [UInt8]) {
        guard let fields = ProtobufFields(bytes), let time = fields.double(1) else { return nil }
        self.time = time
        step = fields.integer(2) ?? 0
        version = fields.text(3)
        startsSession = fields.message(7)?.integer(1) == 1
        values = fields.message(5)?.allBytes(1).compactMap { ProtobufFields($0).flatMap(Value.init) } ?? []
    }
}

/// Reads files of events, independently of what writes them.
public enum EventReader {
    /// A file's bytes are not what they should be.
    public struct Fault: Error, CustomStringConvertible {
        public let description: String
    }

    /// The events of a file, each held to its checksums.
    public static func events(_ path: String) throws -> [ReadEvent] {
        var rest = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))[...]
        var events: [ReadEvent] = []
        while !rest.isEmpty {
            guard rest.count >= 12 else { throw Fault(description: "a record of \(rest.count) bytes") }
            let length = rest.prefix(8)
            let count = length.reversed().reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(8)
            try check(length, &rest)
            guard rest.count >= count + 4 else { throw Fault(description: "a record that is cut short") }
            let bytes = rest.prefix(count)
            rest = rest.dropFirst(count)
            try check(bytes, &rest)
            guard let event = ReadEvent(Array(bytes)) else { throw Fault(description: "a record that is no event") }
            events.append(event)
        }
        return events
    }

    /// The files of events in a folder, in the order of their names.
    public static func files(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasPrefix("events.out.tfevents.") }.sorted().map { folder + "/" + $0 }
    }

    private static func check(_ bytes: ArraySlice<UInt8>, _ rest: inout ArraySlice<UInt8>) throws {
        let stored = rest.prefix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        rest = rest.dropFirst(4)
        // Bit by bit, where the writer has a table.
        var remainder = UInt32.max
        for byte in bytes {
            remainder ^= UInt32(byte)
            for _ in 0..<8 { remainder = remainder & 1 == 1 ? remainder >> 1 ^ 0x82F6_3B78 : remainder >> 1 }
        }
        let plain = ~remainder
        guard stored == (plain >> 15 | plain << 17) &+ 0xA282_EAD8 else {
            throw Fault(description: "a record whose checksum is another")
        }
    }
}
