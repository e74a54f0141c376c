import Foundation
import NN
import Support

/// A checkpoint can't be read, written, or used for this run.
public enum CheckpointError: Error, CustomStringConvertible {
    /// There is no such file.
    case missing(path: String)
    /// The file ends early, or its contents make no sense.
    case damaged(path: String, reason: String)
    /// A safetensors file that no training run wrote.
    case foreign(path: String)
    /// A trained model without the optimiser's state, from which training can't go on.
    case modelAlone(path: String)
    /// The file is of a format that a later program writes.
    case newer(path: String, version: Int)
    /// The classes are not those that are wanted, or in another order.
    case otherClasses(path: String, expected: [String], found: [String])
    /// The tensors don't fit the model.
    case otherModel(path: String, StateDictError)
    /// The state doesn't fit the optimiser.
    case otherOptimizer(path: String, reason: String)
    /// Something that decides what follows differs from the run that wrote it.
    case otherRun(path: String, what: String, expected: String, found: String)
    /// Writing failed; `intact` says whether an older checkpoint of that name is still there.
    case cannotWrite(path: String, reason: String, intact: Bool)

    /// The file, what is wrong with it, and what to do.
    public var description: String {
        switch self {
        case .missing(let path):
            return "\(path): there is no such checkpoint; start a new run, or name the folder of the one to resume"
                + Self.others(beside: path)
        case .damaged(let path, let reason):
            return "\(path): the checkpoint is damaged: \(reason)"
                + (Self.others(beside: path).nonEmpty ?? ". Train again from the start")
        case .foreign(let path):
            return "\(path): holds tensors but is no checkpoint of a training run; "
                + "give it as weights to start from instead"
        case .modelAlone(let path):
            return
                "\(path): holds a trained model without its optimiser's state, so its training can't go on; start a new one "
                + "from it with model.weights"
        case .newer(let path, let version):
            return "\(path): is a checkpoint of format \(version); this program reads up to "
                + "\(CheckpointInfo.currentVersion). Use a newer one."
        case .otherClasses(let path, let expected, let found):
            return "\(path): has other classes. " + Self.difference(expected: expected, found: found)
        case .otherModel(let path, let error):
            return "\(path): \(error)"
        case .otherOptimizer(let path, let reason):
            return "\(path): \(reason)"
        case .otherRun(let path, let what, let expected, let found):
            return "\(path): was trained with \(what) \(found), and this run has \(expected): resuming would not "
                + "continue it. Set it back, or start a new run from these weights."
        case .cannotWrite(let path, let reason, let intact):
            return "\(path): the checkpoint can't be saved: \(reason). "
                + (intact ? "The one saved before is intact. " : "") + "Free some space or choose another folder."
        }
    }

    /// The run's other checkpoint, if it is there, and how to go on from it.
    private static func others(beside path: String) -> String {
        let (folder, name) = (FilePath.folder(of: path), (path as NSString).lastPathComponent)
        let other = ["best", "last"].first {
            let file = $0 + ".safetensors"
            return name != file
                && FileManager.default.fileExists(atPath: folder.isEmpty ? file : FilePath.joined(file, to: folder))
        }
        return other.map { ". \($0).safetensors is there too; training goes on from it with --resume-from \($0)" } ?? ""
    }

    private static func difference(expected: [String], found: [String]) -> String {
        func list(_ names: [String]) -> String {
            names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", … (\(names.count) in all)" : "")
        }
        let lacking = expected.filter { !found.contains($0) }
        let extra = found.filter { !expected.contains($0) }
        if lacking.isEmpty && extra.isEmpty {
            return "The names are the same in another order: \(list(found)) instead of \(list(expected))."
        }
        return [
            lacking.isEmpty ? nil : "It lacks \(list(lacking)).", extra.isEmpty ? nil : "It adds \(list(extra)).",
        ].compactMap { $0 }.joined(separator: " ")
    }
}

extension String {
    fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}
