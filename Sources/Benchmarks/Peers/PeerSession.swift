import Foundation
import Support
import Tensors

/// Measures cases beside other programs, one after the other, keeps the figures in a file, and compares them with a file's.
package struct PeerSession {
    /// What came of one case.
    package enum Report: Sendable {
        case measured(PeerComparison)
        /// The case could not be measured, and why; `isFailure` if that is a fault and not a program that isn't installed.
        case notMeasured(name: String, reason: String, isFailure: Bool)
    }

    /// The error that there is nothing to measure, or that the figures can't be kept.
    package struct Problem: ErrorOfCall, CustomStringConvertible {
        package let description: String
        package let isOfCall = true
    }

    private let run: PeerRun
    private let against: PeerFile?
    private let output: (path: String, file: PeerFile)?
    private let names: [String]

    /// - Parameters:
    ///   - processor: the kind of this machine's CPU.
    ///   - against: a file to compare with, whose cases alone are measured.
    ///   - output: a file for the figures; cases of it that are not measured stay in it.
    ///   - filter: text that the names of the cases contain.
    /// - Throws: ``PeerFileError`` for a file that is broken or of another kind of CPU, ``Problem`` if nothing is left to do.
    package init(
        _ run: PeerRun, processor: Processor = .current, against: String? = nil, output: String? = nil,
        filter: String? = nil
    ) throws {
        self.run = run
        self.against = try against.map { path in
            let file = try PeerFile.read(path)
            try file.requireProcessor(processor, path: path)
            try Self.require(threads: run.threads, of: file, path: path)
            return file
        }
        self.output = try output.map { path in
            guard FileManager.default.fileExists(atPath: path) else {
                return (path, PeerFile(processor: processor, threads: run.threads))
            }
            let file = try PeerFile.read(path)
            try file.requireProcessor(processor, path: path)
            try Self.require(threads: run.threads, of: file, path: path)
            return (path, file)
        }
        let all = self.against?.cases.map(\.name) ?? PeerCase.all.map(\.name)
        names = all.filter { name in filter.map { name.localizedCaseInsensitiveContains($0) } ?? true }
        guard !names.isEmpty else {
            throw Problem(
                description: "no case contains '\(filter ?? "")'; the cases are: \(all.joined(separator: "; "))")
        }
    }

    private static func require(threads: Int, of file: PeerFile, path: String) throws {
        guard file.threads == threads else {
            throw Problem(
                description:
                    "\(path) has figures with \(file.threads) threads; --threads \(threads) measures something else"
            )
        }
    }

    /// Measures the cases.
    ///
    /// - Parameter report: is told of each case as soon as it is done.
    /// - Throws: `Stopped`, or an error of writing the file. Figures of earlier cases are in the file then.
    package func measure(report: (Report) -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("vertebra-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        var kept = output?.file
        for name in names {
            guard let one = PeerCase.all.first(where: { $0.name == name }) else {
                report(.notMeasured(name: name, reason: "this command has no such case", isFailure: false))
                continue
            }
            if one.scoresFiles, !FileManager.default.fileExists(atPath: folder.path) {
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                try DrawnCOCO.write(to: folder.path)
            }
            switch try run.measure(one, beside: against?[name]?.program, files: folder.path) {
            case .measured(let figures):
                if let output {
                    kept?.put(figures)
                    try kept?.write(to: output.path)
                }
                report(.measured(PeerComparison(then: against?[name], now: figures)))
            case .notInstalled(let reason): report(.notMeasured(name: name, reason: reason, isFailure: false))
            case .failed(let reason): report(.notMeasured(name: name, reason: reason, isFailure: true))
            }
        }
    }
}
