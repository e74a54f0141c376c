import CTorch
import Foundation
import Support

/// A weights file that can't be read or written, with its path.
public struct WeightsFileError: Error, CustomStringConvertible, Sendable {
    /// The file.
    public let path: String
    /// What is wrong with it.
    public let reason: String
    /// The file and what is wrong with it.
    public var description: String { "\(path): \(reason)" }

    package init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    init(_ error: WholeFileError) {
        let after = error.attempt == .write || error.attempt == .replace ? "; nothing was changed" : ""
        self.init(path: error.path, reason: "can't be written (\(error.reason))\(after)")
    }
}

/// The weights of a PyTorch checkpoint.
public struct PTHFile: Sendable {
    /// In the file's order.
    public var tensors: [(name: String, tensor: Tensor)]
    /// The keys that led to them in the checkpoint: `["state_dict"]`, or none.
    public var keys: [String]
    /// What else the checkpoint holds, such as "epoch (90)" and "optimizer (a dictionary of 2)".
    public var leftOut: [String]
}

/// PyTorch's checkpoint files (`.pth`, `.pt`, `.pth.tar`) of every version: tensors by name. Of what else a pickle may hold
/// plain values are named; any other object is refused, and nothing is ever run.
public enum PTH {
    /// The state dict in a checkpoint.
    ///
    /// It may stand under a key (`{"state_dict": {…}, "epoch": 90}`); dictionaries inside it, or several state dicts beside
    /// each other, give names joined by dots. Only its own tensors are read from the disk.
    /// - Throws: `WeightsFileError` with the place, where the file is missing, damaged, not PyTorch's, or holds arbitrary
    ///   objects.
    public static func read(_ path: String) throws -> PTHFile {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
        } catch {
            throw WeightsFileError(path: path, reason: "no such file, or it can't be read")
        }
        do {
            let contents = try contents(of: data, path: path)
            let search = try StateDictSearch(contents.heap, root: contents.root)
            guard !search.tensors.isEmpty else { throw PTHFault.foreign("it holds no tensors") }
            var storages: [String: Tensor] = [:]
            let tensors = try search.tensors.map { name, place in
                (name, try tensor(contents, place, name: name, storages: &storages))
            }
            return PTHFile(tensors: tensors, keys: search.keys, leftOut: search.leftOut)
        } catch let fault as PTHFault {
            throw WeightsFileError(path: path, reason: fault.message)
        }
    }

    private static func contents(of data: Data, path: String) throws -> PTHContents {
        switch PTHForm(data) {
        case .zip: return try PTHArchive(path).contents()
        case .stream: return try PTHStream.contents(of: data)
        case .tar: return try PTHTar.contents(of: data)
        case nil: throw PTHFault.foreign("it has none of the forms that PyTorch writes (zip, stream of pickles, tar)")
        }
    }

    private static func tensor(
        _ contents: PTHContents, _ place: Int, name: String, storages: inout [String: Tensor]
    ) throws -> Tensor {
        let tensor = contents.heap.tensors[place]
        let storage = contents.heap.storages[tensor.storage]
        let bytes = try storages[storage.key] ?? contents.bytes(storage.key)
        storages[storage.key] = bytes
        guard storage.first + storage.count <= bytes.count / storage.dtype.size else {
            throw PTHFault.damaged(
                "the tensor '\(name)' needs \(storage.count) elements of storage \(storage.key), which has \(bytes.count) bytes"
            )
        }
        var out: OpaquePointer?
        let status = withSizes(tensor.shape) { shape, rank in
            withSizes(tensor.strides) { strides, _ in
                ct_view_bytes(
                    bytes.raw, storage.dtype.code, Int64(storage.first + tensor.offset), shape, strides, rank, &out)
            }
        }
        guard status == 0, let out else {
            throw PTHFault.damaged("the tensor '\(name)' can't be made (\(lastEngineMessage()))")
        }
        return Tensor(owning: out)
    }

    /// Writes a state dict that `torch.load` reads, whole or not at all.
    ///
    /// - Throws: `WeightsFileError`.
    public static func write(_ tensors: [(name: String, tensor: Tensor)], to path: String) throws {
        let names = tensors.map { strdup($0.name) }
        defer { names.forEach { free($0) } }
        do {
            let file = try WholeFile(path: path)
            let status = names.map { UnsafePointer($0) }.withUnsafeBufferPointer { names in
                withHandles(tensors.map(\.tensor)) { ct_write_pth(file.temporaryPath, names.baseAddress, $0, $1) }
            }
            guard status == 0 else { throw WeightsFileError(path: path, reason: lastEngineMessage()) }
            try file.commit()
        } catch let error as WholeFileError {
            throw WeightsFileError(error)
        }
    }
}
