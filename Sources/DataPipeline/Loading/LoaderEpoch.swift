import Support

/// How long the consumer of an epoch waited for data.
public struct LoaderTimings: Hashable, Sendable {
    /// Seconds spent in `next` waiting for a batch.
    public var waiting: Double = 0
    /// Seconds from the first call of `next` to the end of the last.
    public var elapsed: Double = 0

    /// Share of the time that was spent waiting, 0…1.
    public var waitingShare: Double { elapsed > 0 ? waiting / elapsed : 0 }
}

/// One epoch's batches, for one consumer. Let go of it at any time: its threads finish their sample and end.
public final class LoaderEpoch<D: Dataset> {
    private let work: EpochWork<D>
    // Not `parallelMap`, which waits for its own end: these threads load ahead while the caller computes.
    private let workers: WorkerThreads
    private let log: SkipLog
    private var firstCall: ContinuousClock.Instant?

    /// How long `next` waited so far.
    public private(set) var timings = LoaderTimings()
    /// Everything skipped or replaced in the batches handed out so far.
    public private(set) var skipped: [SkippedSample] = []

    init(work: EpochWork<D>, threads: Int, log: SkipLog) {
        self.work = work
        self.log = log
        let steps = work.batches.count
        workers = WorkerThreads(count: steps > 0 ? threads : 0) { _ in work.runWorker() }
    }

    deinit { cancel() }

    /// Ends the epoch early; `next` returns nil from then on. Returns when its threads have ended.
    public func cancel() {
        work.cancel()
        workers.join()
    }

    /// The next batch, or nil after the last.
    ///
    /// - Throws: ``LoaderError``; the epoch is then over.
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
            let batch = try work.loading.batch(step: step, results: results)
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
