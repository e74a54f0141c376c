import Foundation
import Listings
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
    /// Whether the file held nothing but the weights, as a published one does.
    let isBare: Bool
    /// What a checkpoint says of its model and its training; nil if the file is not a checkpoint.
    let words: Words?
    /// The texts that another program left in a safetensors file.
    let metadata: [String: String]

    /// What goes with a model's weights beside their tensors.
    struct Words {
        let info: CheckpointInfo
        let texts: [String: String]
    }

    /// Reads a state dict from safetensors, from PyTorch's files of any age, or from a pickle of numpy arrays. The file's
    /// first bytes say which it is, whatever its name. A checkpoint gives the weights of its model, a run's folder those of
    /// its best checkpoint. Prefixes that wrappers put in front of every name are taken off.
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
        var isBare = true
        var words: Words?
        var metadata: [String: String] = [:]
        let tensors: [(name: String, tensor: Tensor)]
        switch WeightsForm(contentsOf: path) {
        case .safetensors:
            if let checkpoint = try? Checkpoint.readModel(path) {
                tensors = checkpoint.model
                classNames = checkpoint.info.classNames
                isBare = false
                words = Words(info: checkpoint.info, texts: checkpoint.texts)
                notes.append("a checkpoint of step \(checkpoint.info.step): only its model's weights are used")
            } else {
                let file = try Safetensors.read(path)
                tensors = file.tensors
                metadata = file.metadata
            }
        case .pth:
            let file = try PTH.read(path)
            tensors = file.tensors
            isBare = file.leftOut.isEmpty
            if !file.keys.isEmpty { notes.append("the weights under '\(file.keys.joined(separator: "."))'") }
            if !file.leftOut.isEmpty { notes.append("left out: \(Self.listing(file.leftOut))") }
        }
        let unwrapped = UnwrappedNames(tensors)
        state = unwrapped.state
        self.notes = notes + unwrapped.notes
        self.classNames = classNames
        self.isBare = isBare
        self.words = words
        self.metadata = metadata
    }

    /// A copy of a file's weights with other tensors or other names.
    init(
        _ file: WeightsFile, state: [(name: String, tensor: Tensor)], classNames: [String]? = nil, notes: [String] = []
    ) {
        path = file.path
        self.state = state
        self.notes = file.notes + notes
        self.classNames = classNames ?? file.classNames
        isBare = file.isBare
        words = file.words
        metadata = file.metadata
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

    /// The names in one line, at most `limit` of them.
    static func listing(_ names: [String], limit: Int = 12) -> String {
        names.prefix(limit).joined(separator: ", ") + (names.count > limit ? ", … and \(names.count - limit) more" : "")
    }

    /// Reads a file's state dict alone.
    public static func read(_ path: String) throws -> [(name: String, tensor: Tensor)] {
        try WeightsFile(path).state
    }

    /// Writes the weights in the format that a name asks for, completely or not at all. What a checkpoint says of its model and
    /// its training goes with them into safetensors, without the folders of this machine; PyTorch's format has no place for it.
    ///
    /// - Parameters:
    ///   - path: The file to write.
    ///   - bare: Whether to write the tensors alone.
    ///   - replacing: Whether a file that is there is replaced.
    /// - Returns: Whether there were words that the file has no place for.
    /// - Throws: `WeightsFileError`, also if the file exists and `replacing` is false; `CheckpointError`.
    @discardableResult
    public func write(to path: String, bare: Bool = false, replacing: Bool = true) throws -> Bool {
        guard let words, !bare, WeightsForm(ofName: path) == .safetensors else {
            try Self.write(state, to: path, replacing: replacing)
            return words != nil && !bare
        }
        try Self.requireFree(path, replacing: replacing)
        var info = words.info
        info.recipe = RecipeFile.withoutFolders(info.recipe)
        try Checkpoint(info: info, model: state, texts: words.texts).write(to: path)
        return false
    }

    private static func requireFree(_ path: String, replacing: Bool) throws {
        guard replacing || !FileManager.default.fileExists(atPath: path) else {
            throw WeightsFileError(
                path: path, reason: "the file exists already; choose another name, or replace it with --replace")
        }
    }

    /// Writes a state dict in the format that the file's name asks for, completely or not at all.
    ///
    /// - Throws: `WeightsFileError`, also if the file exists and `replacing` is false.
    public static func write(
        _ state: [(name: String, tensor: Tensor)], to path: String, replacing: Bool = true
    ) throws {
        try requireFree(path, replacing: replacing)
        switch WeightsForm(ofName: path) {
        case .safetensors: try Safetensors.write(state, metadata: ["format": "pt"], to: path)
        case .pth: try PTH.write(state, to: path)
        case nil:
            throw WeightsFileError(
                path: path,
                reason: "the name should end in .safetensors, or in .pth, .pth.tar, .pt or .bin for PyTorch's formats")
        }
    }
}
