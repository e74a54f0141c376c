import Foundation
import Tensors
import TestSupport
import XCTest

/// Writes the pickles that `torch.save` writes, opcode by opcode (protocol 2).
struct PickleBytes {
    private(set) var data = Data([0x80, 2])

    static func of(_ write: (inout PickleBytes) -> Void) -> Data {
        var pickle = PickleBytes()
        write(&pickle)
        return pickle.data + Data(".".utf8)
    }

    mutating func opcode(_ code: String) { data += Data(code.utf8) }
    mutating func raw(_ bytes: [UInt8]) { data += Data(bytes) }

    mutating func none() { opcode("N") }
    mutating func bool(_ value: Bool) { raw([value ? 0x88 : 0x89]) }
    mutating func integer(_ value: Int) {
        raw([0x8A, 8] + (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
    }
    mutating func text(_ value: String) {
        opcode("X")
        raw((0..<4).map { UInt8(truncatingIfNeeded: value.utf8.count >> (8 * $0)) } + Array(value.utf8))
    }
    mutating func global(_ module: String, _ name: String) { opcode("c\(module)\n\(name)\n") }
    mutating func tuple(_ write: (inout PickleBytes) -> Void) {
        opcode("(")
        write(&self)
        opcode("t")
    }
    mutating func integers(_ values: [Int]) { tuple { pickle in values.forEach { pickle.integer($0) } } }
    /// A numpy array; its bytes as Python 3 writes them for Python 2 if `asText`.
    mutating func array(
        type: String, order: String = "<", shape: [Int], isFortran: Bool = false,
        bytes: [UInt8], asText: Bool = false
    ) {
        global("numpy.core.multiarray", "_reconstruct")
        tuple {
            $0.global("numpy", "ndarray")
            $0.integers([0])
            $0.text("b")
        }
        opcode("R")
        tuple {
            $0.integer(1)
            $0.integers(shape)
            $0.global("numpy", "dtype")
            $0.tuple { $0.text(type) }
            $0.opcode("R")
            $0.tuple {
                $0.integer(3)
                $0.text(order)
            }
            $0.opcode("b")
            $0.bool(isFortran)
            if asText {
                // As Python 3 writes bytes for Python 2.
                $0.global("_codecs", "encode")
                $0.tuple {
                    $0.text(String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) })))
                    $0.text("latin1")
                }
                $0.opcode("R")
            } else {
                $0.opcode("B")
                $0.raw((0..<4).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) } + bytes)
            }
        }
        opcode("b")
    }

    mutating func dictionary(_ entries: [(String, (inout PickleBytes) -> Void)], isOrdered: Bool = false) {
        if isOrdered {
            global("collections", "OrderedDict")
            opcode(")R(")
        } else {
            opcode("}(")
        }
        for (key, write) in entries {
            text(key)
            write(&self)
        }
        opcode("u")
    }
}

/// A tensor of an old checkpoint: part of a storage of whole numbers.
struct OldTensor {
    var name: String
    var storage: OldStorage
    var shape: [Int]
    var strides: [Int]
    var offset = 0
}

struct OldStorage {
    var key: Int
    /// As in `torch.FloatStorage`.
    var type: String
    var elementSize: Int
    var bytes: [UInt8]

    var count: Int { bytes.count / elementSize }

    init<T>(_ key: Int, _ type: String, _ values: [T]) {
        self.key = key
        self.type = type
        elementSize = MemoryLayout<T>.size
        bytes = values.withUnsafeBytes(Array.init)
    }
}

/// Checkpoints as PyTorch wrote them before version 1.6.
enum OldCheckpoints {
    private static func number(_ value: Int, bytes: Int = 8) -> Data {
        Data((0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
    }

    private static func storages(_ tensors: [OldTensor]) -> [OldStorage] {
        Dictionary(tensors.map { ($0.storage.key, $0.storage) }, uniquingKeysWith: { a, _ in a }).values
            .sorted { $0.key < $1.key }
    }

    /// A tensor of the stream form, in the object's pickle.
    static func streamTensor(_ tensor: OldTensor, _ pickle: inout PickleBytes) {
        pickle.global("torch._utils", "_rebuild_tensor_v2")
        pickle.tuple {
            $0.tuple {
                $0.text("storage")
                $0.global("torch", "\(tensor.storage.type)Storage")
                $0.text("\(tensor.storage.key)")
                $0.text("cpu")
                $0.integer(tensor.storage.count)
                $0.none()
            }
            $0.opcode("Q")
            $0.integer(tensor.offset)
            $0.integers(tensor.shape)
            $0.integers(tensor.strides)
            $0.bool(false)
            $0.global("collections", "OrderedDict")
            $0.opcode(")R")
        }
        pickle.opcode("R")
    }

    /// Magic number, version, machine, object, keys; of each storage its size and its elements.
    static func stream(_ tensors: [OldTensor], object: ((inout PickleBytes) -> Void)? = nil) -> Data {
        var file = PickleBytes.of { $0.raw([0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]) }
        file += PickleBytes.of { $0.integer(1001) }
        file += PickleBytes.of { $0.dictionary([("little_endian", { $0.bool(true) })]) }
        file += PickleBytes.of { pickle in
            if let object { return object(&pickle) }
            pickle.dictionary(tensors.map { tensor in (tensor.name, { streamTensor(tensor, &$0) }) }, isOrdered: true)
        }
        let storages = storages(tensors)
        file += PickleBytes.of { pickle in
            pickle.opcode("](")
            for storage in storages { pickle.text("\(storage.key)") }
            pickle.opcode("e")
        }
        for storage in storages { file += number(storage.count) + Data(storage.bytes) }
        return file
    }

    /// A tar of `pickle`, `tensors` and `storages`. Tensor i has the key 7000 + i.
    static func tar(_ tensors: [OldTensor], views: [(key: Int, root: Int, first: Int, count: Int)] = []) -> Data {
        let object = PickleBytes.of { pickle in
            pickle.dictionary(
                tensors.enumerated().map { i, tensor in
                    (
                        tensor.name,
                        {
                            $0.text("\(7000 + i)")
                            $0.opcode("Q")
                        }
                    )
                }, isOrdered: true)
        }
        var described = PickleBytes.of { $0.integer(tensors.count) }
        for (i, tensor) in tensors.enumerated() {
            described += PickleBytes.of {
                $0.tuple {
                    $0.integer(7000 + i)
                    $0.integer(tensor.storage.key)
                    $0.global("torch", "\(tensor.storage.type)Tensor")
                }
            }
            described += number(tensor.shape.count, bytes: 4) + Data(count: 4)
            for value in tensor.shape + tensor.strides + [tensor.offset] { described += number(value) }
        }
        let roots = storages(tensors).filter { storage in !views.contains { $0.key == storage.key } }
        var stored = PickleBytes.of { $0.integer(roots.count) }
        for storage in roots {
            stored += PickleBytes.of {
                $0.tuple {
                    $0.integer(storage.key)
                    $0.text("cpu")
                    $0.global("torch", "\(storage.type)Storage")
                }
            }
            stored += number(storage.count) + Data(storage.bytes)
        }
        stored += PickleBytes.of { pickle in
            pickle.opcode("](")
            for view in views { pickle.integers([view.key, view.root, view.first, view.count]) }
            pickle.opcode("e")
        }
        return [("pickle", object), ("tensors", described), ("storages", stored)].reduce(Data()) {
            $0 + entry($1.0, $1.1)
        }
            + Data(count: 1024)
    }

    /// One file of a tar: a header with its sum, the bytes, and zeros to a full block.
    private static func entry(_ name: String, _ body: Data) -> Data {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at place: Int) {
            header.replaceSubrange(place..<place + text.utf8.count, with: text.utf8)
        }
        put(name, at: 0)
        put("0000644", at: 100)
        put(String(format: "%011o", body.count), at: 124)
        put(String(repeating: " ", count: 8), at: 148)
        put("0", at: 156)
        put("ustar", at: 257)
        put("00", at: 263)
        put(String(format: "%06o", header.reduce(0) { $0 + Int($1) }), at: 148)
        header[154] = 0
        return Data(header) + body + Data(count: (512 - body.count % 512) % 512)
    }
}

extension XCTestCase {
    /// Reads the bytes of a checkpoint as a file of that name.
    func read(_ data: Data, _ name: String = "old.pth") throws -> PTHFile {
        let path = try temporaryDirectory() + "/" + name
        try data.write(to: URL(fileURLWithPath: path))
        return try PTH.read(path)
    }

    /// The message of the error that the bytes of a checkpoint give, or what was read. The error is one of weights files
    /// and names the file.
    func message(_ data: Data) -> String {
        do {
            return "read: \(try read(data).tensors.map(\.name))"
        } catch let error as WeightsFileError {
            XCTAssertTrue(error.description.contains("old.pth: "), error.description)
            return error.description
        } catch {
            XCTFail("\(error)")
            return ""
        }
    }
}
