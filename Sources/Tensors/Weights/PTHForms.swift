import CTorch
import Foundation

/// A `.pth` file that was opened: what its pickle says, and where the elements are.
struct PTHContents {
    var heap: PickleHeap
    var root: PickledValue
    /// Reads the bytes of the storage of a key, uint8 `[size]`.
    var bytes: (_ key: String) throws -> Tensor
}

/// The forms that `torch.save` has written: a tar before PyTorch 0.1.10, then a stream of pickles, and a zip archive
/// since 1.6.
enum PTHForm {
    case zip, stream, tar

    /// The form that a file's first bytes tell, whatever its name; nil for none of them.
    init?(_ data: Data) {
        if data.starts(with: [0x50, 0x4B]) {
            self = .zip
        } else if data.first == 0x80 {
            self = .stream
        } else if data.count >= 512, data[257..<262].elementsEqual("ustar".utf8) {
            self = .tar
        } else {
            return nil
        }
    }
}

/// PyTorch's zip form: `data.pkl`, and a record for each storage.
final class PTHArchive {
    private let raw: OpaquePointer

    init(_ path: String) throws {
        var opened: OpaquePointer?
        guard ct_archive_open(path, &opened) == 0, let opened else {
            throw PTHFault.damaged("its zip archive can't be opened (\(lastEngineMessage()))")
        }
        raw = opened
    }

    deinit { ct_archive_close(raw) }

    func contents() throws -> PTHContents {
        if try record("constants.pkl") != nil { throw PTHFault.script }
        guard let pickle = try record("data.pkl") else {
            throw PTHFault.foreign("it is a zip archive without data.pkl, which PyTorch's have")
        }
        if let order = try record("byteorder"), order.array(UInt8.self) == Array("big".utf8) {
            throw PTHFault.foreign("it was written on a machine with the other byte order")
        }
        let data = pickle.withUnsafeMutableElements { Data(bytes: $0, count: pickle.count) }
        var unpickler = Unpickler(ByteCursor(data))
        let root = try unpickler.value { id, heap in
            if let object = heap.object(named: id) { return object }
            return heap.storage(named: id).map { heap.storage($0) }
        }
        return PTHContents(heap: unpickler.heap, root: root) { key in
            guard let bytes = try self.record("data/\(key)") else {
                throw PTHFault.damaged("its record data/\(key) is missing")
            }
            return bytes
        }
    }

    private func record(_ name: String) throws -> Tensor? {
        var bytes: OpaquePointer?
        guard ct_archive_record(raw, name, &bytes) == 0 else {
            throw PTHFault.damaged("its record \(name) can't be read (\(lastEngineMessage()))")
        }
        return bytes.map { Tensor(owning: $0) }
    }
}

extension PickleHeap {
    /// The storage of a persistent id ("storage", class, key, device, elements, and of a view its own key, where it
    /// begins, and its elements).
    func storage(named id: PickledValue) -> PickledStorage? {
        guard case .list(let place) = id else { return nil }
        let id = lists[place]
        guard id.count >= 5, case .text("storage") = id[0], case .global(.storage(let dtype)) = id[1],
            case .text(let key) = id[2], case .integer(let count) = id[4], count >= 0, count <= Int.max / dtype.size
        else { return nil }
        var storage = PickledStorage(key: key, dtype: dtype, count: count)
        if id.count > 5, case .list(let place) = id[5] {
            guard let view = storage.view(lists[place].dropFirst()) else { return nil }
            storage = view
        }
        return storage
    }
}

extension PickleHeap {
    /// What a persistent id stands for if that isn't a storage that is known here: a module's class with its source (older
    /// forms), or a storage of another type.
    func object(named id: PickledValue) -> PickledValue? {
        guard case .list(let place) = id, lists[place].count >= 2, case .text(let kind) = lists[place][0] else {
            return nil
        }
        switch (kind, lists[place][1]) {
        case ("module", let value): return value
        case ("storage", .global(.foreign(let name))): return .object(name)
        default: return nil
        }
    }
}

extension PickledStorage {
    /// The part that begins at the first of these numbers and has the second of elements.
    func view(_ numbers: ArraySlice<PickledValue>) -> PickledStorage? {
        guard numbers.count == 2, case .integer(let start)? = numbers.first, case .integer(let size)? = numbers.last,
            start >= 0, start <= count, size >= 0, size <= count - start
        else { return nil }
        var view = self
        view.first += start
        view.count = size
        return view
    }
}
