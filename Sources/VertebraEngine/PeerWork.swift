import ArgumentParser
import Benchmarks
import Commands
import Foundation
import ScoreCommands
import Support
import Tensors

extension PeerOptions {
    /// Measures the cases, prints each, and says in the end what fell and what could not be measured.
    ///
    /// - Parameter threads: the number that was asked for; nil for that of the file to compare with, or else 2.
    func work(python: String, threads: Int?, rounds: Int?, filter: String?, json: Bool) throws {
        let threads = try threads ?? against.map { try PeerFile.read($0).threads } ?? 2
        let program = (Engine.path as NSString).deletingLastPathComponent + "/vertebra"
        let run = PeerRun(
            command: vertebra ?? program, python: try pathOfPython(python), scripts: try scripts(above: program),
            threads: threads, rounds: rounds ?? 5)
        let session = try PeerSession(run, against: against, output: output, filter: filter)
        var fell: [String] = []
        var failed: [String] = []
        var compared = 0
        printToStandardError("\(Processor.current), \(threads) threads, \(run.rounds) rounds")
        try StopSignal.watching(saving: false) {
            try session.measure { report in
                switch report {
                case .measured(let comparison):
                    if comparison.verdict == .fell { fell.append(comparison.now.name) }
                    compared += 1
                    printToStandardOutput(json ? comparison.line : comparison.text)
                case .notMeasured(let name, let reason, let isFailure):
                    if isFailure { failed.append(name) }
                    printToStandardError("vertebra: \(name): not measured: \(reason)")
                }
                fflush(nil)
            }
        }
        if !fell.isEmpty {
            printToStandardError("vertebra: fell by more than the spread: \(fell.joined(separator: "; "))")
        }
        if compared == 0 { printToStandardError("vertebra: nothing could be measured") }
        guard fell.isEmpty, failed.isEmpty, compared > 0 else { throw ExitCode.failure }
    }

    /// The folder of the scripts of other programs, in the checkout that the command was built in.
    private func scripts(above program: String) throws -> String {
        var folder = URL(fileURLWithPath: program)
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let scripts = folder.appendingPathComponent("tools/peers")
            if FileManager.default.fileExists(atPath: scripts.appendingPathComponent("compared.py").path) {
                return scripts.path
            }
        }
        throw ValidationError(
            "--peers needs the scripts in tools/peers, which are in no folder above \(program); run tools/bench of a checkout."
        )
    }

    /// A name without a folder is looked for on the PATH, as a shell does.
    private func pathOfPython(_ name: String) throws -> String {
        let folders =
            name.contains("/")
            ? [""] : (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { $0 + "/" }
        guard let path = folders.map({ $0 + name }).first(where: FileManager.default.isExecutableFile) else {
            throw ValidationError("--peers: there is no program \(name).")
        }
        guard try PeerRun.isPython(path) else {
            throw ValidationError("--peers: \(path) is not Python 3; its --version must print so.")
        }
        return path
    }
}
