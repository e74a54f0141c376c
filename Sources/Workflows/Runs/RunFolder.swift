import Annotations
import Foundation
import Support
import Training

/// The folder of a run, with the names of its files.
public struct RunFolder: Hashable, Sendable {
    /// The folder.
    public let path: String

    /// A folder that exists or will be made.
    public init(_ path: String) { self.path = path }

    /// The recipe with every `--set` applied and an absolute data root.
    public var recipe: String { path + "/recipe.yaml" }
    /// The videos of training and evaluation: how many there are, which are missing, which can't be read and why.
    public var videos: String { path + "/videos.json" }
    /// One JSON record for each step and each evaluation.
    public var metrics: String { path + "/metrics.jsonl" }
    /// The records of `metrics` as a table.
    public var metricsTable: String { path + "/metrics.csv" }
    /// With what, where and on which data the run was trained.
    public var environment: String { path + "/environment.json" }
    /// The lines that training showed, with times.
    public var log: String { path + "/run.log" }
    /// The checkpoint of the last step that was saved.
    public var lastCheckpoint: String { path + "/last.safetensors" }
    /// The checkpoint that scored best.
    public var bestCheckpoint: String { path + "/best.safetensors" }
    /// What `train --find-learning-rate` found: the loss at each learning rate.
    public var learningRates: String { path + "/learning-rate.json" }
    /// The picture of that.
    public var learningRatePicture: String { path + "/learning-rate.png" }
    /// The numbers that `evaluate` measured.
    public var evaluation: String { path + "/metrics.json" }
    /// The detections that `evaluate` scored, in COCO's results format.
    public var detections: String { path + "/detections.json" }
    /// What a classifier made of each image or video that `evaluate` measured.
    public var predictions: String { path + "/predictions.json" }

    /// The page that `report` makes.
    public var report: String { path + "/report.html" }

    /// The checkpoint that a path names: a file itself; in a run's folder the best one, or else the last.
    ///
    /// - Throws: `JobError`.
    public static func checkpoint(at path: String) throws -> String {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw JobError(path, "there is no such run or checkpoint")
        }
        guard isDirectory.boolValue else { return path }
        let run = RunFolder(path)
        for checkpoint in [run.bestCheckpoint, run.lastCheckpoint]
        where FileManager.default.fileExists(atPath: checkpoint) { return checkpoint }
        throw JobError(path, "this folder holds no checkpoint (best.safetensors, last.safetensors)")
    }

    /// The checkpoint that a run in this folder goes on from.
    ///
    /// - Parameter name: `best`, `last`, or a file; nil is the last.
    /// - Throws: `JobError` if it isn't there, or if it is a file from elsewhere and the folder holds a run already.
    func checkpoint(toResumeFrom name: String?) throws -> String {
        switch name {
        case nil, "last": return lastCheckpoint
        case "best": return bestCheckpoint
        case let file?:
            guard FileManager.default.fileExists(atPath: file) else {
                throw JobError(file, "there is no such checkpoint; --resume-from takes best, last or a file")
            }
            let folder = URL(fileURLWithPath: file).deletingLastPathComponent().resolvingSymlinksInPath().path
            let isOwn = folder == URL(fileURLWithPath: path).resolvingSymlinksInPath().path
            guard isOwn || ![lastCheckpoint, bestCheckpoint].contains(where: FileManager.default.fileExists) else {
                throw JobError(
                    path,
                    "already holds a run, and \(file) is not in it; choose another --output, or copy the file there")
            }
            return file
        }
    }

    /// The recipe that trained until a step, kept when the run goes on with another.
    func recipe(untilStep step: Int) -> String { path + "/recipe-until-step-\(step).yaml" }

    /// Checks that no process trains in the folder.
    ///
    /// - Throws: `TrainingError.folderInUse`.
    public func requireFree() throws {
        do throws(FolderLock.Taken) {
            try FolderLock.requireFree(path)
        } catch {
            throw TrainingError.folderInUse(path, by: error.holder)
        }
    }

    /// Whether training or `evaluate` has written files here.
    public var holdsRun: Bool {
        [recipe, evaluation, lastCheckpoint, bestCheckpoint].contains(where: FileManager.default.fileExists)
    }

    /// Makes the folder and checks that files can be written in it.
    public func prepare() throws {
        let files = FileManager.default
        do {
            try files.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw JobError(
                path, "the folder can't be made (\(Support.reason(of: error)))")
        }
        let probe = path + "/.writable-\(ProcessInfo.processInfo.processIdentifier)"
        guard files.createFile(atPath: probe, contents: Data()) else {
            throw JobError(path, "the folder can't be written in; choose another --output")
        }
        try? files.removeItem(atPath: probe)
    }

    /// Writes a file completely or not at all.
    package static func write(_ text: String, to path: String) throws {
        do throws(WholeFileError) {
            try WholeFile.write(text, to: path)
        } catch {
            throw JobError(path, "can't be written (\(error.reason))")
        }
    }
}
