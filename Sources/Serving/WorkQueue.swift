import Foundation
import Support
import Tensors

/// The requests for the network, one after the other. A thread decodes what comes next while the network, on a thread of its
/// own, looks at what was decoded before.
final class WorkQueue: @unchecked Sendable {
    /// What a request asks for.
    struct Job: Sendable {
        /// Whether anybody still waits for the answer.
        let isWanted: @Sendable () -> Bool
        /// Decodes; what it returns runs the network and gives the answer's JSON.
        let prepare: @Sendable () throws -> @Sendable () throws -> String
        /// Is told what came of it, on any thread and once.
        let finish: @Sendable (Result<String, any Error>) -> Void
    }

    private typealias Prepared = (job: Job, work: @Sendable () throws -> String)

    /// How many decoded requests wait for the network: enough that it never waits, and few, as pixels take memory.
    private static let mostPrepared = 2

    private let monitor = Monitor()
    // Accessed only while the monitor is locked:
    private var waiting: [Job] = []
    private var prepared: [Prepared] = []
    private var isClosed = false, isDecoding = true
    private var secondsPerJob = 0.0
    private var threads: [WorkerThreads] = []

    private let torchThreads: Int

    /// Starts both threads. The network uses as many threads as operations on tensors use here.
    init() {
        torchThreads = Threads.count
        threads = [
            WorkerThreads(count: 1) { [unowned self] _ in decode() },
            WorkerThreads(count: 1) { [unowned self] _ in runNetwork() },
        ]
    }

    func add(_ job: Job) {
        monitor.locked {
            waiting.append(job)
            monitor.signalAll(.work)
        }
    }

    /// About how many seconds `count` requests take, by how long the last ones took.
    func seconds(for count: Int) -> Int {
        monitor.locked { Int(min(60, (secondsPerJob * Double(count)).rounded(.up))) }
    }

    /// Waits until what was added is done, and ends the threads. Nothing may be added meanwhile.
    func close() {
        monitor.locked {
            isClosed = true
            monitor.signalAll(.work)
            monitor.signalAll(.results)
        }
        for thread in threads { thread.join() }
        threads = []
    }

    private func decode() {
        while let job = nextWaiting() {
            guard job.isWanted() else {
                job.finish(.failure(Stopped()))
                continue
            }
            do {
                let work = try job.prepare()
                monitor.locked {
                    prepared.append((job, work))
                    monitor.signalAll(.results)
                }
            } catch {
                job.finish(.failure(error))
            }
        }
        monitor.locked {
            isDecoding = false
            monitor.signalAll(.results)
        }
    }

    private func nextWaiting() -> Job? {
        monitor.locked {
            while !(waiting.isEmpty && isClosed) {
                if !waiting.isEmpty, prepared.count < Self.mostPrepared { return waiting.removeFirst() }
                monitor.wait(for: .work)
            }
            return nil
        }
    }

    private func nextPrepared() -> Prepared? {
        monitor.locked {
            while prepared.isEmpty, isDecoding { monitor.wait(for: .results) }
            guard !prepared.isEmpty else { return nil }
            monitor.signalAll(.work)
            return prepared.removeFirst()
        }
    }

    /// Runs the network until the queue is closed and empty. Where memory is wanting, the request at hand fails and a new thread
    /// goes on: the old one can't.
    private func runNetwork() {
        final class Current: @unchecked Sendable { var job: Job? }
        let current = Current()
        Threads.count = torchThreads
        var isDone = false
        while !isDone {
            do {
                try throwingOutOfMemory { [self] in
                    while let (job, work) = nextPrepared() {
                        current.job = job
                        let began = ContinuousClock.now
                        let result: Result<String, any Error> =
                            job.isWanted()
                            ? StopSignal.asking({ !job.isWanted() }) { Result(catching: work) } : .failure(Stopped())
                        current.job = nil
                        let seconds = (ContinuousClock.now - began) / .seconds(1)
                        monitor.locked { secondsPerJob += 0.2 * (seconds - secondsPerJob) }
                        job.finish(result)
                    }
                }
                isDone = true
            } catch {
                current.job?.finish(.failure(error))
                current.job = nil
            }
        }
    }
}
