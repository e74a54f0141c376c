import Foundation
import NN
import Support
import Tensors

/// A training run as it was at one step, in one safetensors file.
///
/// The model's tensors have their own names, so that any reader of safetensors finds the weights. The optimiser's are
/// under `optimizer/`, the weights that it moves, where those of the model are their average, under `trained/`, the state of libtorch's random generator is `random/cpu`, and the rest is JSON in the file's
/// metadata, under `vertebra_checkpoint`.
public struct Checkpoint: Sendable {
    /// Everything but the tensors.
    public var info: CheckpointInfo
    /// The model's weights and buffers, under their own names: what is used and measured. Where a run averages its weights, this
    /// is the average.
    public var model: [(name: String, tensor: Tensor)]
    /// The weights and buffers that the optimiser moves, where `model` is their average; else empty.
    public var trained: [(name: String, tensor: Tensor)]
    /// The optimiser's state, such as momentum.
    public var optimizer: [(name: String, tensor: Tensor)]
    /// The state of libtorch's generator on the CPU.
    public var randomState: Tensor?
    /// Further texts in the file's metadata, by key: what a run wants to go where its weights go. Training does not read them.
    public var texts: [String: String]
    /// Whether the file holds what a training needs to go on; a model that was exported lacks what the optimiser knew.
    package private(set) var canGoOn: Bool

    private static let metadataKey = "vertebra_checkpoint"
    private static let trainedPrefix = "trained/"
    private static let optimizerPrefix = "optimizer/"
    private static let randomStateName = "random/cpu"

    /// A checkpoint of these tensors, to be written.
    public init(
        info: CheckpointInfo, model: [(name: String, tensor: Tensor)],
        trained: [(name: String, tensor: Tensor)] = [], optimizer: [(name: String, tensor: Tensor)] = [],
        randomState: Tensor? = nil, texts: [String: String] = [:]
    ) {
        self.info = info
        self.model = model
        self.trained = trained
        self.optimizer = optimizer
        self.randomState = randomState
        self.texts = texts
        canGoOn = randomState != nil
    }

    /// Writes the file whole or not at all: a crash or a full disk leaves the one that was there.
    ///
    /// - Throws: ``CheckpointError/cannotWrite(path:reason:intact:)``.
    public func write(to path: String) throws {
        var tensors = model
        tensors += trained.map { (Self.trainedPrefix + $0.name, $0.tensor) }
        tensors += optimizer.map { (Self.optimizerPrefix + $0.name, $0.tensor) }
        if let randomState { tensors.append((Self.randomStateName, randomState)) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            let json = String(decoding: try encoder.encode(info), as: UTF8.self)
            let own = ["format": "pt", Self.metadataKey: json]
            try Safetensors.write(tensors, metadata: texts.merging(own) { $1 }, to: path)
        } catch {
            throw CheckpointError.cannotWrite(
                path: path, reason: "\(error)", intact: FileManager.default.fileExists(atPath: path))
        }
    }

    /// Reads a checkpoint with all its tensors.
    ///
    /// - Throws: ``CheckpointError`` for a file that is missing, damaged, not a checkpoint or of a newer format.
    public static func read(_ path: String) throws -> Checkpoint {
        try read(path) { try Safetensors.read($0) }
    }

    /// Reads a checkpoint without the optimiser's state, the weights that it moves and the random state, to use its model: the optimiser's state
    /// is as large as the weights, or twice that. The model's tensors are the bytes of the file, which must not be written into
    /// until they are loaded into a model; to replace the file is no harm.
    ///
    /// - Throws: ``CheckpointError`` for a file that is missing, damaged, not a checkpoint or of a newer format.
    public static func readModel(_ path: String) throws -> Checkpoint {
        var canGoOn = false
        var checkpoint = try read(path) { path in
            try Safetensors.map(path) { name in
                if name == randomStateName { canGoOn = true }
                return isOfModel(name)
            }
        }
        checkpoint.canGoOn = canGoOn
        return checkpoint
    }

    /// Reads what a checkpoint says of the run, and no tensor.
    ///
    /// - Throws: ``CheckpointError`` for a file that is missing, damaged, not a checkpoint or of a newer format.
    public static func readInfo(_ path: String) throws -> CheckpointInfo {
        try read(path) { try Safetensors.map($0) { _ in false } }.info
    }

    private static func isOfModel(_ name: String) -> Bool {
        !name.hasPrefix(optimizerPrefix) && !name.hasPrefix(trainedPrefix) && name != randomStateName
    }

    private static func read(_ path: String, by open: (_ path: String) throws -> SafetensorsFile) throws -> Checkpoint {
        guard FileManager.default.fileExists(atPath: path) else { throw CheckpointError.missing(path: path) }
        let file: SafetensorsFile
        do {
            file = try open(path)
        } catch {
            throw CheckpointError.damaged(path: path, reason: "\(error)")
        }
        guard let json = file.metadata[metadataKey] else { throw CheckpointError.foreign(path: path) }
        let info = try decodeInfo(json, path: path)
        let texts = file.metadata.filter { $0.key != metadataKey && $0.key != "format" }
        var checkpoint = Checkpoint(info: info, model: [], texts: texts)
        for (name, tensor) in file.tensors {
            if name == randomStateName {
                checkpoint.randomState = tensor
                checkpoint.canGoOn = true
            } else if name.hasPrefix(optimizerPrefix) {
                checkpoint.optimizer.append((String(name.dropFirst(optimizerPrefix.count)), tensor))
            } else if name.hasPrefix(trainedPrefix) {
                checkpoint.trained.append((String(name.dropFirst(trainedPrefix.count)), tensor))
            } else {
                checkpoint.model.append((name, tensor))
            }
        }
        return checkpoint
    }

    private struct Version: Decodable {
        let version: Int
    }

    private static func decodeInfo(_ json: String, path: String) throws -> CheckpointInfo {
        let data = Data(json.utf8)
        do {
            let version = try JSONDecoder().decode(Version.self, from: data).version
            guard version <= CheckpointInfo.currentVersion else {
                throw CheckpointError.newer(path: path, version: version)
            }
            let info = try JSONDecoder().decode(CheckpointInfo.self, from: data)
            guard info.step >= 0, info.epoch >= 0, info.batchInEpoch >= 0, info.batchInEpoch <= info.batchesPerEpoch
            else {
                throw CheckpointError.damaged(
                    path: path, reason: "its description counts steps or batches that can't be")
            }
            return info
        } catch let error as CheckpointError {
            throw error
        } catch {
            throw CheckpointError.damaged(
                path: path, reason: "its description can't be read (\(Support.reason(of: error)))")
        }
    }

    /// Copies the checkpoint's weights into a model.
    ///
    /// - Parameters:
    ///   - model: the model; where this throws, it keeps what it had.
    ///   - classNames: the classes that the checkpoint must have, in their order; nil takes any.
    ///   - path: the file's name, for errors.
    /// - Throws: ``CheckpointError/otherClasses(path:expected:found:)``, or ``CheckpointError/otherModel(path:_:)``
    ///   where the tensors don't fit.
    public func load(into model: Module, classNames: [String]? = nil, path: String) throws {
        if let classNames, classNames != info.classNames {
            throw CheckpointError.otherClasses(path: path, expected: classNames, found: info.classNames)
        }
        do {
            try model.loadStateDict(self.model)
        } catch let error as StateDictError {
            throw CheckpointError.otherModel(path: path, error)
        }
    }
}
