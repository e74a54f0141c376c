import CTorch
import Foundation
import Support

/// A file of weights can't be read or written.
public struct WeightsFileError: Error, CustomStringConvertible, Sendable {
    /// The file's path, as it was given.
    public let path: String
    /// What is wrong with the file, and what to do.
    public let reason: String
    /// The file and what is wrong with it, in one line.
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

/// The weights in a checkpoint file of PyTorch's.
public struct PTHFile: Sendable {
    /// The tensors by name, in the file's order, on the CPU.
    public var tensors: [(name: String, tensor: Tensor)]
    /// The keys that led to them in the checkpoint: `["state_dict"]`, or none.
    public var keys: [String]
    /// What else the checkpoint holds, each with a word of what it is: "epoch (90)", "optimizer (a dictionary of 2)".
    public var leftOut: [String]
}

/// Reads and writes PyTorch's checkpoint files (`.pth`, `.pt`, `.pth.tar`), reading those of every version of PyTorch.
///
/// Only tensors and numpy's arrays are taken. What a pickle holds beside them, plain values and objects of any class, is
/// named and left out; nothing in a file is ever imported or run.
public enum PTH {
    /// The tensors of the state dict in a checkpoint.
    ///
    /// The state dict may stand under a key (`{"state_dict": {…}, "epoch": 90}`); dictionaries inside it, or several
    /// state dicts beside each other, give names joined by dots. Only its own tensors are read from the disk.
    ///
    /// A pickle of numpy arrays, as detectron2's `.pkl` are, is read in the same way.
    ///
    /// - Throws: ``WeightsFileError`` that says where, if the file is missing, damaged, not PyTorch's, or holds a module
    ///   rather than a state dict.
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
            guard !search.tensors.isEmpty else { throw search.noTensors }
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
        let bytes =
            try storages[storage.key]
            ?? storage.bytes.map { bytes in
                bytes.withUnsafeBytes { Tensor(bytes: $0, shape: [bytes.count], dtype: .uint8) }
            } ?? contents.bytes(storage.key)
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

    /// Writes a state dict that `torch.load` reads, the whole file or none: a crash leaves the old one.
    ///
    /// - Throws: ``WeightsFileError`` where the folder can't be written or the disk is full.
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
