import Foundation
import Support
import Tensors

/// The files of a run's folder.
struct TrainingFiles {
    let folder: String

    var last: String { folder + "/last.safetensors" }
    var best: String { folder + "/best.safetensors" }
    /// The batches of a step that failed, to replay it.
    var failedBatch: String { folder + "/failed_batch.safetensors" }
    var metrics: String { folder + "/metrics.jsonl" }
    /// The numbers of `metrics` as a table.
    var metricsTable: String { folder + "/metrics.csv" }

    /// Whether a run has left checkpoints here.
    var holdRun: Bool {
        [last, best].contains(where: FileManager.default.fileExists) || names.contains(where: KeptCheckpoints.isName)
    }

    /// What is in the folder.
    private var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] }

    /// Whether the best checkpoint is here.
    var holdBest: Bool { FileManager.default.fileExists(atPath: best) }

    /// Makes the folder where there is none.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func makeFolder() throws {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw TrainingError.cannotWrite(path: folder, reason: reason(of: error))
        }
    }

    /// Removes the partly written files of a run that was killed. To be called with the folder locked, or they may be those
    /// of a run that writes them now.
    func removeLeftovers() {
        let own = [last, best, failedBatch, metrics, metricsTable].map { ($0 as NSString).lastPathComponent }
        for file in names
        where own.contains(where: { WholeFile.isLeftover(file, of: $0) }) || KeptCheckpoints.nameOfLeftover(file) != nil
        {
            try? FileManager.default.removeItem(atPath: folder + "/" + file)
        }
    }
}

extension FolderLock {
    /// Locks a run's folder, which exists, for the training of this process.
    ///
    /// - Throws: `TrainingError.folderInUse`, `TrainingError.cannotWrite`.
    package convenience init(ofRun folder: String) throws {
        do {
            try self.init(folder)
        } catch let taken as FolderLock.Taken {
            throw TrainingError.folderInUse(folder, by: taken.holder)
        } catch {
            throw TrainingError.cannotWrite(path: folder, reason: reason(of: error))
        }
    }
}
