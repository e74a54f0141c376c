import Foundation
import Support
import Tensors

/// The processes that train one model together. Each takes its share of every step's micro-batches, the gradients are averaged
/// over all of them, and the first one, rank 0, writes and prints.
public final class TrainingProcesses {
    /// Seconds in which all processes must have come. libtorch's store waits twice for its server.
    static let startSeconds = 45.0
    /// Seconds that an exchange may take: what a process does alone in between, such as writing a checkpoint, is within it.
    static let exchangeSeconds = 1800.0

    package let place: ProcessPlace
    package let group: ProcessGroup
    /// The process that began this one; nil for a launcher of others.
    package let launcher: pid_t?
    private let watch: ProcessWatch
    /// What shows when gradients travelled; nil keeps no times.
    private(set) var timeline: ExchangeTimeline?

    /// The number of this process, from 0.
    public var rank: Int { place.rank }
    /// How many processes there are.
    public var size: Int { place.size }
    /// How many times the launcher has begun anew after a failure.
    public var restarts: Int { place.restarts }
    /// The number of this process on its machine, from 0.
    public var localRank: Int { place.localRank }
    /// How many processes there are on this machine.
    public var localSize: Int { place.localSize }
    /// Whether this process writes and prints.
    public var isFirst: Bool { rank == 0 }

    /// Has the first process write when gradients travel between the processes, beside the backward pass: trace events in JSON,
    /// which <https://ui.perfetto.dev> draws.
    ///
    /// - Throws: `WholeFileError` where the file can't be written.
    public func recordTimeline(to path: String) throws {
        if isFirst { timeline = try ExchangeTimeline(path: path) }
    }

    /// Joins the processes that torchrun, Slurm's `srun`, Open MPI's `mpirun` or `vertebra train --processes` has begun, as the
    /// environment says; waits until all are there.
    ///
    /// - Returns: nil where this is the only process.
    /// - Throws: `ProcessGroupError`, which names the process that has not come, and an error for an environment that
    ///   describes the processes in part.
    public static func join(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> TrainingProcesses? {
        guard let place = try ProcessPlace(environment: environment) else { return nil }
        return try TrainingProcesses(place, launcher: environment[launcherVariable].flatMap { pid_t($0) })
    }

    /// The variable in which a launcher tells its processes its own number, so that they end when it is gone.
    package static let launcherVariable = "VERTEBRA_LAUNCHER"

    /// Joins the other processes; waits until all are there.
    ///
    /// - Parameter launcher: the process that began this one and ends with it; nil looks for none.
    /// - Throws: `ProcessGroupError`, which names the process that has not come.
    package init(_ place: ProcessPlace, launcher: pid_t? = nil) throws {
        self.place = place
        self.launcher = launcher
        func store(serves: Bool) throws -> ProcessStore {
            try ProcessStore(
                host: place.host, port: place.port, serves: serves,
                prefix: "vertebra/\(place.restarts)", timeout: Self.startSeconds / 2)
        }
        let main: ProcessStore
        do {
            main = try store(serves: place.rank == 0 && !place.launcherServesStore)
        } catch let error as ProcessGroupError {
            let address = "\(place.host), port \(place.port)"
            throw ProcessGroupError(
                words: place.rank == 0 && !place.launcherServesStore
                    ? "rank 0 can't open the processes' store at \(address); is the port taken? (\(error))"
                    : "rank \(place.rank) can't reach rank 0 at \(address) within \(Int(Self.startSeconds)) s: has it started, "
                        + "and can this machine reach it? (\(error))")
        }
        try main.set("here/\(place.rank)", "1")
        let deadline = Date() + Self.startSeconds
        for other in 0..<place.size {
            while try !main.has("here/\(other)") {
                guard Date() < deadline else {
                    throw ProcessGroupError(
                        words:
                            "rank \(other) of \(place.size) has not come within \(Int(Self.startSeconds)) s, so rank "
                            + "\(place.rank) ends; has the launcher started it?")
                }
                Thread.sleep(forTimeInterval: 0.05)
            }
        }
        group = try ProcessGroup(main, rank: place.rank, size: place.size, timeout: Self.exchangeSeconds)
        watch = ProcessWatch(try store(serves: false), place, launcher: launcher)
    }

    /// Runs the work of all processes. If it fails here, the others are told; if an exchange fails because another process is
    /// lost, the watch ends this one with a line about that.
    public func run<R>(_ work: () throws -> R) throws -> R {
        do {
            let result = try work()
            try group.barrier()
            watch.end()
            // The first process holds the store until all have stopped watching.
            try group.barrier()
            return result
        } catch {
            if error is ProcessGroupError {
                // The reason is somewhere else; the watch of this process will tell it.
                Thread.sleep(forTimeInterval: ProcessWatch.patience * 2)
            }
            watch.end()
            // What fails in all processes, such as a wrong recipe, is said by one.
            let isNew = !(error is OtherProcessFailed) && watch.tell("rank \(rank) failed: \("\(error)".onOneLine)")
            // The others read it, and the store is the first process's.
            if rank == 0 { Thread.sleep(forTimeInterval: 4) }
            throw isNew ? error : OtherProcessFailed(description: "another process failed", cause: error)
        }
    }
}

/// The work ends because another process's failed, which says why.
package struct OtherProcessFailed: Error, CustomStringConvertible {
    package let description: String
    /// What failed in this process as well.
    package var cause: (any Error)?
}
