import Foundation
import Support

/// Loads batches on threads of its own, ahead of whoever consumes them.
///
/// Batches come in order and are the same bit for bit whatever the number of threads: the sampler fixes the indices of an
/// epoch, and a sample depends on (seed, epoch, index) alone. At most `prefetch` batches are loaded or in the making at
/// any time, so memory is bounded.
public final class DataLoader<D: Dataset>: Sendable {
    public let dataset: D
    public let batchSize: Int
    public let sampler: any Sampler
    /// 0 loads on the thread that calls `next`.
    public let threads: Int
    /// Batches ahead of the consumer.
    public let prefetch: Int
    public let seed: UInt64
    public let failurePolicy: FailurePolicy
    public let dropLast: Bool
    private let log = SkipLog()

    /// Without `threads`, one per processor.
    public init(
        dataset: D, batchSize: Int, sampler: any Sampler, threads: Int? = nil, prefetch: Int = 4, seed: UInt64 = 0,
        failurePolicy: FailurePolicy = .stop, dropLast: Bool = false
    ) {
        precondition(batchSize > 0 && prefetch > 0, "a loader of batches of \(batchSize), \(prefetch) ahead")
        self.dataset = dataset
        self.batchSize = batchSize
        self.sampler = sampler
        self.threads = max(0, threads ?? ProcessInfo.processInfo.activeProcessorCount)
        self.prefetch = prefetch
        self.seed = seed
        self.failurePolicy = failurePolicy
        self.dropLast = dropLast
    }

    /// Steps of an epoch, the same for all epochs.
    public var stepsPerEpoch: Int {
        sampler.batches(epoch: 0, batchSize: batchSize, dropLast: dropLast).count
    }

    /// Everything skipped or replaced in the batches handed out so far.
    public var skipped: [SkippedSample] { log.all }

    /// The batches of epoch `epoch` from step `startingAtStep` on, exactly as they would come without a start in the
    /// middle. Loading begins at once.
    public func epoch(_ epoch: Int, startingAtStep start: Int = 0) -> LoaderEpoch<D> {
        let batches = sampler.batches(epoch: epoch, batchSize: batchSize, dropLast: dropLast)
        precondition(
            start >= 0 && start <= batches.count, "start at step \(start) of an epoch of \(batches.count) steps")
        return LoaderEpoch(
            work: EpochWork(
                dataset: dataset, batches: batches, epoch: epoch, start: start, prefetch: prefetch,
                source: SampleSource(dataset: dataset, seed: seed, epoch: epoch, policy: failurePolicy)),
            threads: threads, log: log)
    }
}

/// How long the consumer of an epoch waited for data.
public struct LoaderTimings: Hashable, Sendable {
    /// Seconds spent in `next` waiting for a batch.
    public var waiting: Double = 0
    /// Seconds from the first call of `next` to the end of the last.
    public var elapsed: Double = 0

    /// 0…1.
    public var waitingShare: Double { elapsed > 0 ? waiting / elapsed : 0 }
}

/// One epoch's batches, for one consumer. Let go of it at any time: its threads finish their sample and end.
public final class LoaderEpoch<D: Dataset> {
    private let work: EpochWork<D>
    private let workers: WorkerThreads
    private let log: SkipLog
    private var firstCall: ContinuousClock.Instant?

    public private(set) var timings = LoaderTimings()
    /// Everything skipped or replaced in the batches handed out so far.
    public private(set) var skipped: [SkippedSample] = []

    fileprivate init(work: EpochWork<D>, threads: Int, log: SkipLog) {
        self.work = work
        self.log = log
        let steps = work.batches.count - work.start
        workers = WorkerThreads(count: steps > 0 ? threads : 0) { _ in work.runWorker() }
    }

    deinit { cancel() }

    /// Steps of the whole epoch.
    public var stepCount: Int { work.batches.count }

    /// Ends the epoch early; `next` returns nil from then on. Returns when its threads have ended.
    public func cancel() {
        work.cancel()
        workers.join()
    }

    /// The next batch, or nil after the last. After an error the epoch is over.
    public func next() throws -> Batch<D.Sample>? {
        let called = ContinuousClock.now
        let first = firstCall ?? called
        firstCall = first
        let taken = workers.count == 0 ? work.loadOnThisThread() : work.waitForResults()
        let now = ContinuousClock.now
        timings.waiting += called.seconds(to: now)
        timings.elapsed = first.seconds(to: now)
        guard let (step, results) = taken else {
            cancel()
            return nil
        }
        do {
            let batch = try work.source.batch(step: step, results: results)
            skipped += batch.skipped
            log.append(batch.skipped)
            return batch
        } catch {
            cancel()
            throw error
        }
    }
}

extension ContinuousClock.Instant {
    fileprivate func seconds(to later: ContinuousClock.Instant) -> Double {
        let (seconds, attoseconds) = duration(to: later).components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}

/// What the threads of an epoch share.
private final class EpochWork<D: Dataset>: @unchecked Sendable {
    /// One batch in the making.
    private struct Slot {
        var results: [SampleOutcome<D.Sample>?]
        var missing: Int
    }

    let batches: [[Int]]
    let start: Int
    let source: SampleSource<D>
    private let prefetch: Int
    private let monitor = Monitor()

    // Under the monitor:
    private var slots: [Slot?]
    private var nextStep: Int
    private var nextPosition = 0
    private var consumedSteps: Int
    private var isCancelled = false

    init(dataset: D, batches: [[Int]], epoch: Int, start: Int, prefetch: Int, source: SampleSource<D>) {
        self.batches = batches
        self.start = start
        self.source = source
        self.prefetch = prefetch
        slots = Array(repeating: nil, count: prefetch)
        nextStep = start
        consumedSteps = start
    }

    func runWorker() {
        while let (step, position) = takeSample() {
            let outcome = source.load(batches[step][position], step: step)
            monitor.locked {
                slots[step % prefetch]?.results[position] = outcome
                slots[step % prefetch]?.missing -= 1
                if slots[step % prefetch]?.missing == 0, step == consumedSteps { monitor.signalAll(.results) }
            }
        }
    }

    /// The next sample to load, once its batch is within the prefetch; nil when the epoch is over.
    private func takeSample() -> (step: Int, position: Int)? {
        monitor.locked {
            while !isCancelled, nextStep < batches.count, nextStep >= consumedSteps + prefetch {
                monitor.wait(for: .work)
            }
            guard !isCancelled, nextStep < batches.count else { return nil }
            let taken = (nextStep, nextPosition)
            if nextPosition == 0 {
                let size = batches[nextStep].count
                slots[nextStep % prefetch] = Slot(results: Array(repeating: nil, count: size), missing: size)
            }
            nextPosition += 1
            if nextPosition == batches[nextStep].count {
                nextStep += 1
                nextPosition = 0
            }
            return taken
        }
    }

    func waitForResults() -> (step: Int, results: [SampleOutcome<D.Sample>])? {
        monitor.locked {
            guard !isCancelled, consumedSteps < batches.count else { return nil }
            let step = consumedSteps
            while slots[step % prefetch].map({ $0.missing > 0 }) ?? true {
                if isCancelled { return nil }
                monitor.wait(for: .results)
            }
            let results = slots[step % prefetch]?.results.compactMap { $0 } ?? []
            slots[step % prefetch] = nil
            consumedSteps += 1
            monitor.signalAll(.work)
            return (step, results)
        }
    }

    func loadOnThisThread() -> (step: Int, results: [SampleOutcome<D.Sample>])? {
        let step: Int? = monitor.locked {
            guard !isCancelled, consumedSteps < batches.count else { return nil }
            consumedSteps += 1
            return consumedSteps - 1
        }
        return step.map { step in (step, batches[step].map { source.load($0, step: step) }) }
    }

    func cancel() {
        monitor.locked {
            isCancelled = true
            monitor.signalAll(.work)
            monitor.signalAll(.results)
        }
    }
}

/// What came of one place in a batch.
private struct SampleOutcome<Sample: Sendable>: Sendable {
    var index: Int
    var sample: Result<Sample, any Error>
    /// Failures on the way, the place's own first.
    var failures: [SkippedSample] = []
}

/// Loads single samples by the failure policy.
private struct SampleSource<D: Dataset>: Sendable {
    let dataset: D
    let seed: UInt64
    let epoch: Int
    let policy: FailurePolicy

    private static var maximumReplacements: Int { 8 }

    func load(_ index: Int, step: Int) -> SampleOutcome<D.Sample> {
        var outcome = attempt(index, step: step)
        guard policy == .replace else { return outcome }
        // Negative streams belong to the loader; transforms use those from 0.
        var choice = SeededRandom(seed: seed, epoch: epoch, index: index, stream: -1)
        while case .failure = outcome.sample, outcome.failures.count <= Self.maximumReplacements {
            let failures = outcome.failures
            outcome = attempt(choice.integer(below: dataset.count), step: step)
            outcome.failures = failures + outcome.failures
        }
        return outcome
    }

    private func attempt(_ index: Int, step: Int) -> SampleOutcome<D.Sample> {
        var random = SeededRandom(seed: seed, epoch: epoch, index: index)
        do {
            return SampleOutcome(index: index, sample: .success(try dataset.sample(at: index, random: &random)))
        } catch {
            let failure = SkippedSample(
                epoch: epoch, step: step, index: index, name: dataset.describe(index), reason: "\(error)")
            return SampleOutcome(index: index, sample: .failure(error), failures: [failure])
        }
    }

    func batch(step: Int, results: [SampleOutcome<D.Sample>]) throws -> Batch<D.Sample> {
        var samples: [D.Sample] = []
        var indices: [Int] = []
        samples.reserveCapacity(results.count)
        let skipped = results.flatMap(\.failures)
        for result in results {
            switch (result.sample, policy) {
            case (.success(let sample), _):
                samples.append(sample)
                indices.append(result.index)
            case (.failure(let error), .stop):
                throw LoaderError.sample(
                    index: result.index, name: dataset.describe(result.index), epoch: epoch, step: step,
                    underlying: error)
            case (.failure, .replace):
                throw LoaderError.replacements(epoch: epoch, step: step, skipped: result.failures)
            case (.failure, .skip):
                break
            }
        }
        return Batch(epoch: epoch, step: step, samples: samples, indices: indices, skipped: skipped)
    }
}

/// Failures of all epochs of a loader.
private final class SkipLog: @unchecked Sendable {
    private let monitor = Monitor()
    private var entries: [SkippedSample] = []

    var all: [SkippedSample] { monitor.locked { entries } }

    func append(_ skipped: [SkippedSample]) {
        guard !skipped.isEmpty else { return }
        monitor.locked { entries += skipped }
    }
}
