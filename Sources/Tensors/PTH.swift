import CTorch
import Foundation

/// A weights file that can't be read or written, with its path.
public struct WeightsFileError: Error, CustomStringConvertible, Sendable {
    public let path: String
    public let reason: String
    public var description: String { "\(path): \(reason)" }

    package init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }
}

/// PyTorch's checkpoint files (`.pth`, `.pt`): tensors by name, and nothing else that a pickle may hold.
public enum PTH {
    /// The tensors of a state dict, in the file's order.
    ///
    /// Nested dictionaries (`{"model": {…}, "optimizer": {…}}`) give names joined by dots.
    /// - Throws: `WeightsFileError` where the file is missing, isn't PyTorch's zip form, or holds arbitrary objects.
    public static func read(_ path: String) throws -> [(name: String, tensor: Tensor)] {
        guard FileManager.default.isReadableFile(atPath: path) else {
            throw WeightsFileError(path: path, reason: "no such file, or it can't be read")
        }
        final class Found { var tensors: [(name: String, tensor: Tensor)] = [] }
        let found = Found()
        let status = ct_read_pth(
            path,
            { context, name, raw in
                guard let context, let name, let raw else { return }
                Unmanaged<Found>.fromOpaque(context).takeUnretainedValue().tensors
                    .append((String(cString: name), Tensor(owning: raw)))
            }, Unmanaged.passUnretained(found).toOpaque())
        guard status == 0 else {
            throw WeightsFileError(
                path: path,
                reason: "not a PyTorch state dict of tensors (\(lastEngineMessage())). "
                    + "Save it in PyTorch with torch.save(model.state_dict(), path)")
        }
        guard !found.tensors.isEmpty else { throw WeightsFileError(path: path, reason: "the file holds no tensors") }
        return found.tensors
    }

    /// Writes a state dict that `torch.load` reads, through a temporary file beside the target.
    public static func write(_ tensors: [(name: String, tensor: Tensor)], to path: String) throws {
        let temporary = path + ".partial"
        let names = tensors.map { strdup($0.name) }
        defer { names.forEach { free($0) } }
        let status = names.map { UnsafePointer($0) }.withUnsafeBufferPointer { names in
            withHandles(tensors.map(\.tensor)) { ct_write_pth(temporary, names.baseAddress, $0, $1) }
        }
        guard status == 0, rename(temporary, path) == 0 else {
            let reason = status == 0 ? String(cString: strerror(errno)) : lastEngineMessage()
            unlink(temporary)
            throw WeightsFileError(path: path, reason: reason)
        }
    }
}
