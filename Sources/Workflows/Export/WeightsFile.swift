import Foundation
import Tensors
import Training

/// The weights in a file of Vertebra, PyTorch or another program.
public struct WeightsFile: Sendable {
    /// The file.
    public let path: String
    /// The tensors with their names, in the file's order.
    public let state: [(name: String, tensor: Tensor)]
    /// Lines that tell a person what else the file held and how names were changed.
    public let notes: [String]
    /// Class names of the checkpoint, in the order of its labels; nil if the file is not a checkpoint.
    public let classNames: [String]?

    /// Reads a state dict from `.safetensors`, or from PyTorch's `.pth`, `.pt`, `.pth.tar` or `.bin`. A checkpoint gives the
    /// weights of its model, a run's folder those of its best checkpoint.
    ///
    /// - Throws: `WeightsFileError`, `JobError`.
    public init(_ path: String) throws {
        var isFolder: ObjCBool = false
        let path =
            FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
            ? try RunFolder.checkpoint(at: path) : path
        self.path = path
        var notes: [String] = []
        var classNames: [String]?
        let tensors: [(name: String, tensor: Tensor)]
        switch Kind(path) {
        case .safetensors:
            if let checkpoint = try? Checkpoint.readModel(path) {
                tensors = checkpoint.model
                classNames = checkpoint.info.classNames
                notes.append("a checkpoint of step \(checkpoint.info.step): only its model's weights are used")
            } else {
                tensors = try Safetensors.read(path).tensors
            }
        case .pth:
            let file = try PTH.read(path)
            tensors = file.tensors
            if !file.keys.isEmpty { notes.append("the weights under '\(file.keys.joined(separator: "."))'") }
            if !file.leftOut.isEmpty { notes.append("left out: \(Self.listing(file.leftOut))") }
        case nil: throw Self.unknownKind(path)
        }
        if let prefix = Self.wrappers.first(where: { prefix in
            !tensors.isEmpty && tensors.allSatisfy { $0.name.hasPrefix(prefix) }
        }) {
            state = tensors.map { (String($0.name.dropFirst(prefix.count)), $0.tensor) }
            notes.append("'\(prefix)' removed from every name")
        } else {
            state = tensors
        }
        self.notes = notes
        self.classNames = classNames
    }

    /// A copy of a file's weights with other tensors or other names.
    init(_ file: WeightsFile, state: [(name: String, tensor: Tensor)], notes: [String] = []) {
        path = file.path
        self.state = state
        self.notes = file.notes + notes
        classNames = file.classNames
    }

    /// These weights under other names.
    func renamed(
        _ renaming: ([(name: String, tensor: Tensor)]) -> [(name: String, tensor: Tensor)]
    ) -> WeightsFile {
        WeightsFile(self, state: renaming(state))
    }

    /// The weights whose names begin with a prefix, which is taken off.
    func under(_ prefix: String) -> WeightsFile {
        renamed {
            $0.filter { $0.name.hasPrefix(prefix) }.map { (String($0.name.dropFirst(prefix.count)), $0.tensor) }
        }
    }

    /// Prefixes that PyTorch's DataParallel and compiler put in front of every name.
    private static let wrappers = ["module._orig_mod.", "module.", "_orig_mod."]

    /// The names in one line, at most `limit` of them.
    static func listing(_ names: [String], limit: Int = 12) -> String {
        names.prefix(limit).joined(separator: ", ") + (names.count > limit ? ", … and \(names.count - limit) more" : "")
    }

    /// Reads a file's state dict alone.
    public static func read(_ path: String) throws -> [(name: String, tensor: Tensor)] {
        try WeightsFile(path).state
    }

    /// Writes a state dict in the format that the file's name asks for, completely or not at all.
    ///
    /// - Throws: `WeightsFileError`, also if the file exists and `replacing` is false.
    public static func write(
        _ state: [(name: String, tensor: Tensor)], to path: String, replacing: Bool = true
    ) throws {
        guard replacing || !FileManager.default.fileExists(atPath: path) else {
            throw WeightsFileError(
                path: path, reason: "the file exists already; choose another name, or replace it with --replace")
        }
        switch Kind(path) {
        case .safetensors: try Safetensors.write(state, metadata: ["format": "pt"], to: path)
        case .pth: try PTH.write(state, to: path)
        case nil: throw unknownKind(path)
        }
    }

    /// Whether `read` and `write` know the ending of the file's name.
    package static func isKnownKind(_ path: String) -> Bool { Kind(path) != nil }

    private enum Kind {
        case safetensors, pth

        /// The kind by the ending of the file's name; nil for an unknown one.
        init?(_ path: String) {
            let path = path.lowercased() as NSString
            let isTar = path.pathExtension == "tar"
            switch isTar ? (path.deletingPathExtension as NSString).pathExtension : path.pathExtension {
            case "safetensors" where !isTar: self = .safetensors
            case "pth", "pt": self = .pth
            case "bin" where !isTar: self = .pth
            default: return nil
            }
        }
    }

    private static func unknownKind(_ path: String) -> WeightsFileError {
        WeightsFileError(
            path: path,
            reason: "the name should end in .safetensors, or in .pth, .pth.tar, .pt or .bin for PyTorch's formats")
    }
}
