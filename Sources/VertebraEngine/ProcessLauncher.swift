import Foundation
import ScoreCommands
import Support
import Training

/// Starts the processes of a training on this machine, hands signals on to them, and ends them all when one fails.
struct ProcessLauncher {
    /// How many processes there are.
    let count: Int
    /// How many times to begin anew after a failure.
    let maxRestarts: Int
    /// The arguments of each process, without the program's name. What a process does after a failure follows from its
    /// ``ProcessPlace``.
    let arguments: [String]

    /// Runs the processes to their end; the exit code of the training.
    func run() throws -> Int32 {
        let signals = ForwardedSignals()
        defer { signals.end() }
        for restart in 0...maxRestarts {
            let end = try runOnce(restart, signals)
            guard let failure = end.failure else { return 0 }
            // The processes have said why.
            guard !signals.haveCome, end.code != 2, restart < maxRestarts else {
                if let words = failure.words { printToStandardError("vertebra: \(words)") }
                return end.code
            }
            printToStandardError(
                "vertebra: \(failure.words ?? "rank \(failure.rank) failed"); beginning again, "
                    + "\(restart + 1) of \(maxRestarts) times")
        }
        return 1
    }

    private struct Failure {
        var rank: Int
        /// What ended it, where it could not say so itself.
        var words: String?
    }

    private func runOnce(
        _ restart: Int, _ signals: ForwardedSignals
    ) throws -> (code: Int32, failure: Failure?) {
        guard let port = ProcessPlace.freePort() else { throw LaunchError("this machine has no free port") }
        var running: [pid_t: Int] = [:]
        for rank in 0..<count {
            let place = ProcessPlace(rank: rank, of: count, port: port, restarts: restart)
            do {
                running[try start(place)] = rank
            } catch {
                for process in running.keys { kill(process, SIGKILL) }
                throw error
            }
        }
        var failure: Failure?, code: Int32 = 0, patience: Date?
        while !running.isEmpty {
            signals.forward(to: Array(running.keys))
            var status: Int32 = 0
            let ended = waitpid(-1, &status, WNOHANG)
            if ended < 0 && errno != EINTR { break }
            guard ended > 0, let rank = running.removeValue(forKey: ended) else {
                if let end = patience, end < Date() {
                    for process in running.keys { kill(process, SIGKILL) }
                    patience = nil
                }
                usleep(20_000)
                continue
            }
            let signal = status & 0x7F
            let exitCode = (status >> 8) & 0xFF
            guard signal != 0 || exitCode != 0, failure == nil else {
                // A wrong call is one in all processes, whichever ends first.
                if exitCode == 2 { code = 2 }
                continue
            }
            failure = Failure(
                rank: rank,
                words: signal == 0
                    ? nil
                    : "rank \(rank) of \(count) was ended by signal \(signal) (\(String(cString: strsignal(signal))))")
            code = signal == 0 ? exitCode : 1
            // Those that are told of a failure end by themselves; for one that was killed they would wait in vain.
            patience = Date() + (signal == 0 ? 10 : 2)
        }
        return (code, failure)
    }

    private func start(_ place: ProcessPlace) throws -> pid_t {
        var environment = ProcessInfo.processInfo.environment
        environment.merge(place.environment) { $1 }
        environment[TrainingProcesses.launcherVariable] = "\(getpid())"
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A group of its own, so that a terminal's Ctrl-C comes to it once, by way of this process.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF))
        // This process ignores what it hands on; a process that begins ignoring SIGHUP would take it for nohup.
        var handedOn = sigset_t()
        sigemptyset(&handedOn)
        for number in ForwardedSignals.numbers { sigaddset(&handedOn, number) }
        posix_spawnattr_setsigdefault(&attributes, &handedOn)
        var process: pid_t = 0
        let program = try programPath()
        // The name that the user called is what their messages begin with.
        let words = ([CommandLine.arguments[0]] + arguments).map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in words + variables { free(text) } }
        let status = posix_spawn(&process, program, nil, &attributes, words, variables)
        guard status == 0 else {
            throw LaunchError("process \(place.rank) can't be started (\(String(cString: strerror(status))))")
        }
        return process
    }

    private func programPath() throws -> String {
        guard let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            throw LaunchError("/proc/self/exe does not name the program")
        }
        return path
    }
}

/// The error that processes can't be started.
struct LaunchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Signals that ask for an end, kept for the processes of a training.
private final class ForwardedSignals {
    static let numbers = [SIGINT, SIGTERM, SIGHUP]
    private let sources: [any DispatchSourceSignal]
    private let monitor = Monitor()
    private var pending: [Int32] = []
    /// Whether any has come.
    private(set) var haveCome = false

    init() {
        let queue = DispatchQueue(label: "signals")
        sources = Self.numbers.map { DispatchSource.makeSignalSource(signal: $0, queue: queue) }
        for (number, source) in zip(Self.numbers, sources) {
            signal(number, SIG_IGN)
            source.setEventHandler { [weak self] in self?.receive(number) }
            source.resume()
        }
    }

    private func receive(_ number: Int32) {
        monitor.locked {
            pending.append(number)
            haveCome = true
        }
    }

    func forward(to processes: [pid_t]) {
        let taken = monitor.locked {
            defer { pending = [] }
            return pending
        }
        for number in taken { for process in processes { kill(process, number) } }
    }

    func end() { for source in sources { source.cancel() } }
}
