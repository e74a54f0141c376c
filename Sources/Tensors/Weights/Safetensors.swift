import CTorch
import Foundation
import Support

/// What a safetensors file holds: tensors by name, and free text.
public struct SafetensorsFile: Sendable {
    /// The tensors by name, in the order of their bytes, on the CPU.
    public var tensors: [(name: String, tensor: Tensor)]
    /// The file's free text, by key.
    public var metadata: [String: String]
}

/// Reads and writes the safetensors format: eight bytes that give the header's length (little-endian), a header in JSON
/// that gives each tensor's type, shape and range of bytes, then the bytes.
public enum Safetensors {
    private static let typeNames: [DType: String] = [
        .float32: "F32", .float64: "F64", .bfloat16: "BF16", .float16: "F16", .uint8: "U8", .int8: "I8",
        .int16: "I16", .int32: "I32", .int64: "I64", .bool: "BOOL",
    ]
    private static let maximumHeader = 100_000_000

    private struct Entry: Decodable {
        let dtype: String
        let shape: [Int]
        let dataOffsets: [Int]

        enum CodingKeys: String, CodingKey {
            case dtype, shape
            case dataOffsets = "data_offsets"
        }
    }

    private enum HeaderValue: Decodable {
        case entry(Entry)
        case metadata([String: String])

        init(from decoder: Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let entry = try? container.decode(Entry.self) {
                self = .entry(entry)
            } else {
                self = .metadata(try container.decode([String: String].self))
            }
        }
    }

    /// Reads a file; with a condition, only the tensors that it asks for, and the bytes of the others are not touched.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - isWanted: whether the tensor of a name is read.
    /// - Throws: ``WeightsFileError`` naming the file and the tensor, for anything that isn't as the format says, also
    ///   in tensors that are not asked for.
    public static func read(
        _ path: String, where isWanted: (_ name: String) -> Bool = { _ in true }
    ) throws -> SafetensorsFile {
        try read(path, where: isWanted) { bytes, _, shape, dtype in
            Tensor(bytes: UnsafeRawBufferPointer(bytes), shape: shape, dtype: dtype)
        }
    }

    /// Reads like ``read(_:where:)``, but copies nothing: the tensors are the file's own bytes, mapped. For tensors that are copied to
    /// where they belong before long, because a program that writes into the file, instead of replacing it, changes them.
    package static func map(_ path: String, where isWanted: (_ name: String) -> Bool) throws -> SafetensorsFile {
        try read(path, where: isWanted) { bytes, file, shape, dtype in
            guard let start = bytes.baseAddress, Int(bitPattern: start) % dtype.size == 0 else {
                return Tensor(bytes: UnsafeRawBufferPointer(bytes), shape: shape, dtype: dtype)
            }
            return Tensor(borrowing: start, owner: file, shape: shape, dtype: dtype)
        }
    }

    private static func read(
        _ path: String, where isWanted: (_ name: String) -> Bool,
        tensor: (_ bytes: UnsafeMutableRawBufferPointer, _ file: MappedFile, _ shape: [Int], _ dtype: DType) -> Tensor
    ) throws -> SafetensorsFile {
        func fail(_ reason: String) -> WeightsFileError { WeightsFileError(path: path, reason: reason) }
        let file: MappedFile
        do {
            file = try MappedFile(path)
        } catch {
            throw fail("the file can't be read (\(Support.reason(of: error)))")
        }
        let bytes = file.bytes
        guard bytes.count >= 8 else { throw fail("\(bytes.count) bytes are too few for a safetensors file") }
        let length = bytes.prefix(8).enumerated().reduce(UInt64(0)) {
            $0 | UInt64($1.element) << (8 * UInt64($1.offset))
        }
        guard length <= UInt64(min(maximumHeader, bytes.count - 8)) else {
            throw fail("not a safetensors file, or cut short: its header claims \(length) bytes")
        }
        let headerBytes = Data(bytes[8..<8 + Int(length)])
        let header: [String: HeaderValue]
        do {
            header = try JSONDecoder().decode([String: HeaderValue].self, from: headerBytes)
        } catch {
            throw fail("its header isn't the JSON of a safetensors file (\(Support.reason(of: error)))")
        }

        var metadata: [String: String] = [:]
        var entries: [(name: String, entry: Entry)] = []
        for (name, value) in header {
            switch value {
            case .metadata(let values) where name == "__metadata__": metadata = values
            case .entry(let entry): entries.append((name, entry))
            case .metadata: throw fail("the entry '\(name)' lacks a type, a shape or offsets")
            }
        }
        let checksums = try SafetensorsChecksums(takenFrom: &metadata, header: headerBytes) { fail($0) }
        entries.sort { ($0.entry.dataOffsets.first ?? 0, $0.name) < ($1.entry.dataOffsets.first ?? 0, $1.name) }
        let data = bytes.count - 8 - Int(length)
        let wanted = try entries.compactMap {
            name, entry -> (name: String, shape: [Int], dtype: DType, place: Range<Int>)? in
            guard let dtype = typeNames.first(where: { $0.value == entry.dtype })?.key else {
                throw fail("the tensor '\(name)' has the type \(entry.dtype), which isn't supported")
            }
            guard let size = byteCount(entry.shape, dtype), entry.dataOffsets.count == 2, entry.dataOffsets[0] >= 0,
                entry.dataOffsets[0] <= entry.dataOffsets[1], entry.dataOffsets[1] <= data,
                entry.dataOffsets[1] - entry.dataOffsets[0] == size
            else {
                throw fail(
                    "the tensor '\(name)' of shape \(entry.shape) doesn't fit its bytes \(entry.dataOffsets) "
                        + "(the file holds \(data)): it was cut short or changed")
            }
            guard isWanted(name) else { return nil }
            let start = 8 + Int(length) + entry.dataOffsets[0]
            return (name, entry.shape, dtype, start..<start + size)
        }
        if let checksums {
            // The first look at the bytes, so their pages come in on all threads too.
            _ = try parallelMap(count: wanted.count, threads: ProcessInfo.processInfo.activeProcessorCount) { number in
                let (name, _, _, place) = wanted[number]
                try checksums.check(UnsafeRawBufferPointer(rebasing: file.bytes[place]), of: name) {
                    WeightsFileError(path: path, reason: $0)
                }
            }
        }
        return SafetensorsFile(
            tensors: wanted.map { name, shape, dtype, place in
                (name, tensor(UnsafeMutableRawBufferPointer(rebasing: bytes[place]), file, shape, dtype))
            }, metadata: metadata)
    }

    private static func byteCount(_ shape: [Int], _ dtype: DType) -> Int? {
        var size = dtype.size
        for length in shape {
            guard length >= 0 else { return nil }
            let (product, overflow) = size.multipliedReportingOverflow(by: length)
            guard !overflow else { return nil }
            size = product
        }
        return size
    }

    /// Writes tensors and free text to a file, the whole file or none: a crash leaves the old one.
    ///
    /// The file's free text gets checksums of the header and of every tensor, which ``read(_:where:)`` holds the bytes to;
    /// to other programs they are text like any other.
    ///
    /// - Throws: ``WeightsFileError`` where two tensors have one name, the folder can't be written or the disk is full.
    public static func write(
        _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:], to path: String
    ) throws {
        var entries: [String: Any] = [:]
        var offset = 0
        for (name, tensor) in tensors {
            let size = tensor.count * tensor.dtype.size
            guard entries[name] == nil else {
                throw WeightsFileError(path: path, reason: "two tensors are called '\(name)'")
            }
            entries[name] = [
                "dtype": typeNames[tensor.dtype] ?? "", "shape": tensor.shape, "data_offsets": [offset, offset + size],
            ]
            offset += size
        }
        func header(_ checksums: SafetensorsChecksums) throws -> Data {
            entries["__metadata__"] = metadata.merging(checksums.metadata) { $1 }
            var json = try JSONSerialization.data(
                withJSONObject: entries, options: [.sortedKeys, .withoutEscapingSlashes])
            json.append(Data(repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8))
            return json
        }
        do {
            // The checksums are known once the bytes are written; until then there are others of the same length.
            var checksums = SafetensorsChecksums(names: tensors.map(\.name))
            let json = try header(checksums)
            let file = try WholeFile(path: path)
            try file.write((0..<8).map { UInt8(truncatingIfNeeded: json.count >> (8 * $0)) })
            try json.withUnsafeBytes { try file.write($0) }
            for (name, tensor) in tensors {
                let plain = tensor.detached().to(.cpu).contiguous()
                try plain.withUnsafeMutableElements {
                    let elements = UnsafeRawBufferPointer(start: $0, count: plain.count * plain.dtype.size)
                    checksums.note(elements, of: name)
                    try file.write(elements)
                }
            }
            checksums.noteHeader(try header(checksums))
            try header(checksums).withUnsafeBytes { try file.overwrite($0, at: 8) }
            try file.commit()
        } catch let error as WholeFileError {
            throw WeightsFileError(error)
        }
    }
}
