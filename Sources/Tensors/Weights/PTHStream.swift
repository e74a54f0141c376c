import Foundation

/// The form that PyTorch wrote from 0.1.10 to 1.5, and still writes with `_use_new_zipfile_serialization=False`:
/// pickles of a magic number, a version, the machine, the object and the storages' keys; then, for each storage, how
/// many elements it has (8 bytes) and the elements.
struct PTHStream {
    /// 0x1950a86a20f9469cfc6c, as a pickle holds it.
    private static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
    private static let version = 1001

    static func contents(of data: Data) throws -> PTHContents {
        var reader = Unpickler(ByteCursor(data))
        let first = try reader.value()
        guard case .large(magic) = first else {
            // A pickle alone, as detectron2's weights are: its arrays stand in itself.
            return PTHContents(heap: reader.heap, root: first) { key in
                throw PTHFault.damaged("its storage \(key) is missing")
            }
        }
        guard case .integer(version) = try reader.value() else {
            throw PTHFault.foreign(at: reader.bytes.position, "its version isn't \(version)")
        }
        _ = try reader.value()
        let root = try reader.value { id, heap in
            if let object = heap.object(named: id) {
                guard case .object(let type) = object else { return object }
                // The storages behind the pickle can't be told apart without the size of each one's elements.
                throw PTHFault.foreign("it holds a \(type), whose elements aren't known here")
            }
            return heap.storage(named: id).map { heap.storage($0) }
        }
        let keysAt = reader.bytes.position
        guard case .list(let keys) = try reader.value() else {
            throw PTHFault.damaged(at: keysAt, "the list of its storages is missing")
        }
        let sizes = try elementSizes(reader.heap, at: keysAt)
        var ranges: [String: Range<Int>] = [:]
        for key in reader.heap.lists[keys] {
            let start = reader.bytes.position
            guard case .text(let key) = key, let size = sizes[key] else {
                throw PTHFault.damaged(at: start, "\(reader.heap.description(key)) is no key of its storages")
            }
            ranges[key] = try reader.bytes.storage(elementSize: size)
        }
        return PTHContents(heap: reader.heap, root: root, bytes: ranges.bytes(in: data))
    }

    /// Bytes of one element of each storage, by its key.
    private static func elementSizes(_ heap: PickleHeap, at offset: Int) throws -> [String: Int] {
        var sizes: [String: Int] = [:]
        for storage in heap.storages {
            guard sizes.updateValue(storage.dtype.size, forKey: storage.key) ?? storage.dtype.size == storage.dtype.size
            else { throw PTHFault.damaged(at: offset, "its storage \(storage.key) has two types of elements") }
        }
        return sizes
    }
}

extension ByteCursor {
    /// The place of a storage's elements: here stands how many there are (8 bytes), and then they do.
    mutating func storage(elementSize: Int) throws -> Range<Int> {
        let start = position
        let (bytes, isTooLarge) = try count(8).multipliedReportingOverflow(by: elementSize)
        guard !isTooLarge, bytes <= remaining else {
            throw PTHFault.damaged(at: start, "a storage is announced that is larger than the rest of the file")
        }
        return try skip(bytes)
    }
}

extension [String: Range<Int>] {
    /// A reader of these parts of a file, which copies the bytes of the one that it is asked for.
    func bytes(in data: Data) -> (_ key: String) throws -> Tensor {
        { key in
            guard let range = self[key] else { throw PTHFault.damaged("its storage \(key) is missing") }
            return data.withUnsafeBytes {
                Tensor(bytes: UnsafeRawBufferPointer(rebasing: $0[range]), shape: [range.count], dtype: .uint8)
            }
        }
    }
}
