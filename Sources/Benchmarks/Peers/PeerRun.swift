import Foundation
import Support
import Tensors

/// Measures cases of this package and of other programs in turn, each measurement in a process of its own.
package struct PeerRun: Sendable {
    /// The error that a measurement failed: which, and what its process said.
    package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
        init(_ description: String) { self.description = description }
    }

    /// What came of a case.
    package enum Outcome: Sendable {
        case measured(PeerFigures)
        /// The other program is not there, and what to do: a clause without a full stop.
        case notInstalled(String)
        /// A side failed, and how: a clause without a full stop.
        case failed(String)
    }

    /// The command of this package to measure, the Python that has the other programs, and the folder of their scripts.
    package let command: String
    package let python: String
    package let scripts: String
    package let threads: Int
    /// How often each side is measured.
    package let rounds: Int

    package init(command: String, python: String, scripts: String, threads: Int, rounds: Int) {
        (self.command, self.python, self.scripts) = (command, python, scripts)
        (self.threads, self.rounds) = (threads, rounds)
    }

    /// Whether a program says that it is Python 3. Another interpreter would make commands of its own of a script's lines: a
    /// shell runs what a docstring has in backquotes.
    ///
    /// - Throws: ``Failure`` if it can't be started, `Stopped`.
    package static func isPython(_ path: String) throws -> Bool {
        let said = try MeasuredProcess(
            path, ["--version"], environment: ProcessInfo.processInfo.environment, seconds: 60)
        return said.status == 0 && said.output.hasPrefix("Python 3.")
    }

    /// Measures a case.
    ///
    /// - Parameters:
    ///   - program: the other program, as ``PeerFigures/program`` names it; nil for the first of the case's that is installed.
    ///   - folder: a folder with the files of ``DrawnCOCO``, for a case that scores files.
    /// - Throws: `Stopped`.
    package func measure(_ one: PeerCase, beside program: String?, files folder: String) throws -> Outcome {
        let candidates = one.peers.filter { peer in program.map { $0.hasPrefix(peer.program) } ?? true }
        guard !candidates.isEmpty else {
            return .notInstalled("it is beside \(program ?? "no program"), which this command does not know")
        }
        var lacks: [String] = []
        for peer in candidates {
            do {
                return .measured(try measure(one, beside: peer, files: folder))
            } catch let missing as Missing {
                lacks.append(missing.package)
            } catch let failure as Failure {
                return .failed(failure.description)
            }
        }
        return .notInstalled(
            "\(python) lacks \(lacks.joined(separator: " and ")), which "
                + "`\(python) -m pip install -r \(scripts)/requirements.txt` installs")
    }

    /// The error that a package of the other program is not installed.
    private struct Missing: Error {
        let package: String
    }

    /// A line that either side prints.
    private struct Line: Decodable {
        var name: String?
        var time: Double?
        var memory: Int?
        var program: String?
        var versions: String?
        var missing: String?
        var score: Double?

        enum CodingKeys: String, CodingKey {
            case name = "case"
            case time = "median_ms"
            case memory = "peak_MiB"
            case score = "AP"
            case program, versions, missing
        }
    }

    private func measure(_ one: PeerCase, beside peer: PeerCase.Peer, files folder: String) throws -> PeerFigures {
        var own: [Line] = []
        var others: [Line] = []
        for round in 0..<rounds {
            // The order changes, so that a drift of the machine's speed favours neither. A package that is missing shows first.
            for isOwn in round % 2 == 0 ? [false, true] : [true, false] {
                if isOwn {
                    own.append(try measureOwn(one, files: folder))
                } else {
                    others.append(try measureOther(peer, scoresFiles: one.scoresFiles, files: folder))
                }
            }
        }
        let scores = Set((own + others).compactMap(\.score).map { ($0 * 1e6).rounded() })
        guard scores.count <= 1 else {
            throw Failure("the two sides' scores are not the same: \(scores.sorted().map { $0 / 1e6 })")
        }
        let times = (own + others).compactMap(\.time)
        guard times.count == 2 * rounds, times.allSatisfy({ $0 > 0 }) else {
            throw Failure("a line gives no time: median_ms must be above 0")
        }
        let today = Date().ISO8601Format().prefix(10)
        return PeerFigures(
            name: one.name, date: String(today), libtorch: Libtorch.loadedVersion,
            program: others[0].program ?? peer.program, versions: others[0].versions ?? "",
            ownTimes: Array(times[..<rounds]), peerTimes: Array(times[rounds...]),
            ownMemory: own.compactMap(\.memory).max(), peerMemory: others.compactMap(\.memory).max())
    }

    private func measureOwn(_ one: PeerCase, files folder: String) throws -> Line {
        let files =
            one.scoresFiles
            ? ["--annotations", DrawnCOCO.annotations(in: folder), "--results", DrawnCOCO.results(in: folder)] : []
        return try run(
            command, ["bench", "--json", "--threads", "\(threads)"] + one.arguments + files, case: one.ownCase,
            environment: ProcessInfo.processInfo.environment)
    }

    private func measureOther(_ peer: PeerCase.Peer, scoresFiles: Bool, files folder: String) throws -> Line {
        var environment = ProcessInfo.processInfo.environment
        // How this package's threads wait for each other is no setting of the other program.
        environment["GOMP_SPINCOUNT"] = nil
        environment["RAYON_NUM_THREADS"] = "\(threads)"
        return try run(
            python,
            ["\(scripts)/\(peer.script)"] + peer.arguments + ["--threads", "\(threads)"]
                + (scoresFiles ? ["--files", folder] : []),
            case: nil, environment: environment)
    }

    /// Runs a process that prints JSON lines; the line of the case, or the only one.
    private func run(
        _ program: String, _ arguments: [String], case name: String?, environment: [String: String]
    ) throws -> Line {
        let process = try MeasuredProcess(program, arguments, environment: environment)
        let lines = process.output.split(separator: "\n").compactMap { line in
            try? JSONDecoder().decode(Line.self, from: Data(line.utf8))
        }
        if let package = lines.lazy.compactMap(\.missing).first { throw Missing(package: package) }
        let asked = ([program] + arguments).joined(separator: " ")
        guard process.status == 0 else {
            throw Failure("`\(asked)` ended with \(process.status): \(process.lastError)")
        }
        let found = lines.filter { name == nil || $0.name == name }
        guard found.count == 1 else {
            throw Failure(
                "`\(asked)` printed \(found.count) lines of \(name.map { "the case '\($0)'" } ?? "a case"), not one")
        }
        return found[0]
    }
}
