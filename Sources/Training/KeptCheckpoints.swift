import Foundation
import Support

/// The checkpoints of a run's best evaluations, each in a file whose name says the step and the metric.
///
/// The files are the record: nothing else knows of them, so that a crash between two writes leaves nothing untrue.
package struct KeptCheckpoints {
    /// One of the files.
    package struct Entry {
        package let path: String
        package let step: Int
        /// The metric's value; NaN if it can't be read.
        package let value: Double
    }

    let folder: String
    let criterion: TrainingOptions.Criterion

    /// The checkpoints in a run's folder.
    package init(folder: String, criterion: TrainingOptions.Criterion) {
        (self.folder, self.criterion) = (folder, criterion)
    }

    private static let start = "best-step-"
    private static let ending = ".safetensors"

    /// Whether a file's name is one of these.
    static func isName(_ name: String) -> Bool { name.hasPrefix(start) && name.hasSuffix(ending) }

    /// The name of the file that a partly written one was to become; nil for other files.
    static func nameOfLeftover(_ file: String) -> String? {
        guard file.hasPrefix(start), let range = file.range(of: ending + ".") else { return nil }
        let name = String(file[..<range.lowerBound]) + ending
        return WholeFile.isLeftover(file, of: name) ? name : nil
    }

    /// The file of an evaluation.
    package func path(step: Int, value: Double) -> String {
        // A metric of one's own may have a name that no file can have.
        let metric = criterion.metric.map { $0.isLetter || $0.isNumber || "._-".contains($0) ? String($0) : "_" }
            .joined()
        return "\(folder)/\(Self.start)\(step)-\(metric)-\(String(format: "%.4f", value))\(Self.ending)"
    }

    /// Those that are there, the best first, and of equal ones the earlier first. Files that can't be read, and those of runs
    /// that measured something else, come last.
    package func entries() -> [Entry] {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter(Self.isName)
        let found = names.map { name -> Entry in
            let path = folder + "/" + name
            let info = try? Checkpoint.readInfo(path)
            return Entry(path: path, step: info?.step ?? .max, value: info?.metrics[criterion.metric] ?? .nan)
        }
        return found.sorted { a, b in
            if a.value.isNaN != b.value.isNaN { return b.value.isNaN }
            if a.value != b.value, !a.value.isNaN { return criterion.prefers(a.value, to: b.value) }
            return (a.step, a.path) < (b.step, b.path)
        }
    }

    /// Writes the checkpoint of an evaluation if it is among the best, and removes what is no longer. Where the disk is full, the
    /// file that would be removed anyway goes first.
    ///
    /// - Parameters:
    ///   - count: How many are kept.
    ///   - write: Writes the checkpoint to a path, whole or not at all.
    /// - Returns: The file; nil if `count` others are better.
    package func keep(step: Int, value: Double, of count: Int, write: (_ path: String) throws -> Void) throws -> String?
    {
        let path = path(step: step, value: value)
        // An evaluation that is done again takes the place of its first.
        var others = entries().filter { $0.step != step && $0.path != path }
        let earlier = entries().filter { $0.step == step && $0.path != path }
        let better = others.prefix { !$0.value.isNaN && !criterion.prefers(value, to: $0.value) }.count
        guard better < count else { return nil }
        do {
            try write(path)
        } catch let error as CheckpointError {
            guard case .cannotWrite = error, others.count >= count, let worst = others.popLast() else { throw error }
            try? FileManager.default.removeItem(atPath: worst.path)
            try write(path)
        }
        for entry in earlier + others.dropFirst(count - 1) { try? FileManager.default.removeItem(atPath: entry.path) }
        return path
    }
}
