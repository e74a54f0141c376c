import Foundation

/// The form that PyTorch wrote before 0.1.10: a tar of the files `storages`, `tensors` and `pickle`. In the last, a
/// number stands for each tensor.
struct PTHTar {
    static func contents(of data: Data) throws -> PTHContents {
        let parts = try parts(of: data)
        func part(_ name: String) throws -> ByteCursor {
            guard let range = parts[name] else {
                throw PTHFault.foreign("it is a tar without PyTorch's part '\(name)'")
            }
            return ByteCursor(data, range)
        }
        var reader = Unpickler(try part("storages"))
        var storages: [Int: PickledStorage] = [:]
        let ranges = try readStorages(&reader, into: &storages)
        reader.bytes = try part("tensors")
        let tensors = try readTensors(&reader, storages)
        reader.bytes = try part("pickle")
        let root = try reader.value { id, heap in
            guard let key = heap.key(id) else { return nil }
            return tensors[key] ?? storages[key].map { heap.storage($0) }
        }
        return PTHContents(heap: reader.heap, root: root, bytes: ranges.bytes(in: data))
    }

    /// Reads the file `storages`: how many there are; for each one a pickle of (key, device, class), the number of its
    /// elements and the elements; then a list of the views, each (key, key of the storage, first element, elements).
    private static func readStorages(
        _ reader: inout Unpickler, into storages: inout [Int: PickledStorage]
    ) throws -> [String: Range<Int>] {
        var ranges: [String: Range<Int>] = [:]
        for _ in 0..<(try number(&reader)) {
            let start = reader.bytes.position
            guard case .list(let place) = try reader.value(), reader.heap.lists[place].count == 3,
                let key = reader.heap.key(reader.heap.lists[place][0]),
                case .global(.storage(let dtype)) = reader.heap.lists[place][2]
            else { throw PTHFault.damaged(at: start, "a storage isn't described by key, device and class") }
            let range = try reader.bytes.storage(elementSize: dtype.size)
            ranges[String(key)] = range
            storages[key] = PickledStorage(key: String(key), dtype: dtype, count: range.count / dtype.size)
        }
        let start = reader.bytes.position
        guard case .list(let views) = try reader.value() else {
            throw PTHFault.damaged(at: start, "the list of its views is missing")
        }
        for view in reader.heap.lists[views] {
            guard case .list(let place) = view, reader.heap.lists[place].count == 4,
                let key = reader.heap.key(reader.heap.lists[place][0]),
                let root = reader.heap.key(reader.heap.lists[place][1]),
                let storage = storages[root]?.view(reader.heap.lists[place].dropFirst(2))
            else { throw PTHFault.damaged(at: start, "a view doesn't lie in its storage") }
            storages[key] = storage
        }
        return ranges
    }

    /// Reads the file `tensors`: how many there are; for each one a pickle of (key, the storage's key, class), the
    /// number of its axes (8 bytes, the last four unused), and in 8 bytes a number its shape, its strides and its
    /// offset.
    private static func readTensors(
        _ reader: inout Unpickler, _ storages: [Int: PickledStorage]
    ) throws -> [Int: PickledValue] {
        var tensors: [Int: PickledValue] = [:]
        for _ in 0..<(try number(&reader)) {
            let start = reader.bytes.position
            guard case .list(let place) = try reader.value(), reader.heap.lists[place].count == 3,
                let key = reader.heap.key(reader.heap.lists[place][0]),
                let storage = reader.heap.key(reader.heap.lists[place][1]).flatMap({ storages[$0] }),
                case .storage(let stored) = reader.heap.storage(storage)
            else { throw PTHFault.damaged(at: start, "a tensor isn't described by key, storage and class") }
            let rank = try reader.bytes.count(4)
            _ = try reader.bytes.skip(4)
            guard rank <= 64 else { throw PTHFault.damaged(at: start, "a tensor has \(rank) axes") }
            let shape = try (0..<rank).map { _ in try reader.bytes.signed(8) }
            let strides = try (0..<rank).map { _ in try reader.bytes.signed(8) }
            let offset = try reader.bytes.signed(8)
            guard
                let tensor = reader.heap.tensor(
                    .init(storage: stored, offset: offset, shape: shape, strides: strides))
            else { throw PTHFault.damaged(at: start, "a tensor doesn't lie in its storage") }
            tensors[key] = tensor
        }
        return tensors
    }

    private static func number(_ reader: inout Unpickler) throws -> Int {
        let start = reader.bytes.position
        guard case .integer(let number) = try reader.value(), number >= 0 else {
            throw PTHFault.damaged(at: start, "a number of records is missing")
        }
        return number
    }

    private static let block = 512

    /// Where the files in a tar lie, by name.
    private static func parts(of data: Data) throws -> [String: Range<Int>] {
        var parts: [String: Range<Int>] = [:]
        var cursor = ByteCursor(data)
        while cursor.remaining >= block {
            let header = data[try cursor.skip(block)]
            let start = header.startIndex
            // Two empty blocks end a tar.
            guard let first = header.first, first != 0 else { break }
            let sum = header.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
            guard let size = octal(header[start + 124..<start + 136]), octal(header[start + 148..<start + 156]) == sum
            else { throw PTHFault.damaged(at: start, "a header of its tar doesn't agree with its sum") }
            let body = try cursor.skip(size)
            _ = try cursor.skip(min(cursor.remaining, (block - size % block) % block))
            // 0 or nothing: a file. Others: folders, links, and what extends the next header.
            let kind = header[start + 156]
            guard kind == UInt8(ascii: "0") || kind == 0 else { continue }
            let name = String(decoding: header.prefix(100).prefix { $0 != 0 }, as: UTF8.self)
            parts[name.hasPrefix("./") ? String(name.dropFirst(2)) : name] = body
        }
        return parts
    }

    /// A number in a header of a tar: in octal digits, or in the bytes themselves where the first bit is set.
    private static func octal(_ field: Data) -> Int? {
        guard let first = field.first else { return nil }
        if first & 0x80 != 0 {
            return field.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) } > UInt64(Int.max)
                ? nil : Int(field.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
        }
        let digits = field.prefix { $0 != 0 }.filter { $0 != UInt8(ascii: " ") }
        return Int(String(decoding: digits, as: UTF8.self), radix: 8)
    }
}

extension PickleHeap {
    /// A key of the tar form: a number, or the digits of one as text.
    func key(_ value: PickledValue) -> Int? {
        switch value {
        case .integer(let number): number
        case .text(let text): Int(text)
        default: nil
        }
    }
}
