import Foundation
import Support

/// Loads batches on threads of its own, ahead of whoever consumes them.
///
/// Batches come in order and are the same bit for bit whatever the number of threads: the sampler fixes the indices of an
/// epoch, and a sample depends on (seed, epoch, index) alone. At most `prefetch` batches are loaded or in the making at
/// any time, so memory is bounded.
public final class DataLoader<D: Dataset>: Sendable {
    /// Where samples come from.
    public let dataset: D
    /// Samples in a batch; the last of an epoch may have fewer.
    public let batchSize: Int
    /// The order of an epoch's samples.
    public let sampler: any Sampler
    /// Threads that load; 0 loads on the thread that calls `next`.
    public let threads: Int
    /// Batches that are loaded or in the making ahead of the consumer, at most.
    public let prefetch: Int
    /// What decides every random draw, with the epoch and the index.
    public let seed: UInt64
    /// What is done with a sample that throws.
    public let failurePolicy: FailurePolicy
    /// Whether an epoch's last batch is left out where it is smaller.
    public let dropLast: Bool
    /// Which batches this process loads.
    public let share: BatchShare
    /// Batches of an epoch, the same for all epochs; those of other processes count too.
    public let batchesPerEpoch: Int
    private let log = SkipLog()

    /// A loader of batches; without `threads`, there is one thread per processor. A `batchSize` or `prefetch` below 1
    /// traps.
    public init(
        dataset: D, batchSize: Int, sampler: any Sampler, threads: Int? = nil, prefetch: Int = 4, seed: UInt64 = 0,
        failurePolicy: FailurePolicy = .stop, dropLast: Bool = false, share: BatchShare = BatchShare()
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
        self.share = share
        let count = sampler.count
        let batches = dropLast ? count / batchSize : (count + batchSize - 1) / batchSize
        batchesPerEpoch = share.wholeSteps ? batches - batches % share.stepBatches : batches
    }

    private func batches(epoch: Int) -> [[Int]] {
        Array(sampler.batches(epoch: epoch, batchSize: batchSize, dropLast: dropLast).prefix(batchesPerEpoch))
    }

    /// Everything skipped or replaced in the batches handed out so far.
    public var skipped: [SkippedSample] { log.all }

    /// This process's batches of an epoch from batch `start` on, exactly as they would come without a start in the middle.
    /// Loading begins at once. A start past the end of the epoch traps.
    public func epoch(_ epoch: Int, startingAtBatch start: Int = 0) -> LoaderEpoch<D> {
        let batches = batches(epoch: epoch)
        precondition(
            start >= 0 && start <= batches.count, "start at batch \(start) of an epoch of \(batches.count) batches")
        let own = batches.enumerated().dropFirst(start).filter { share.takes($0.offset) }
        return LoaderEpoch(
            work: EpochWork(
                dataset: dataset, batches: own.map { ($0.offset, $0.element) }, prefetch: prefetch,
                loading: SampleLoading(dataset: dataset, seed: seed, epoch: epoch, policy: failurePolicy)),
            threads: threads, log: log)
    }
}

/// Failures of all epochs of a loader.
final class SkipLog: @unchecked Sendable {
    private let monitor = Monitor()
    private var entries: [SkippedSample] = []

    var all: [SkippedSample] { monitor.locked { entries } }

    func append(_ skipped: [SkippedSample]) {
        guard !skipped.isEmpty else { return }
        monitor.locked { entries += skipped }
    }
}
