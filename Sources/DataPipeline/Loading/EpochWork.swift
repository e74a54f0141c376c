import Support

/// What the threads of an epoch share.
final class EpochWork<D: Dataset>: @unchecked Sendable {
    /// One batch in the making.
    private struct Slot {
        var results: [LoadedSample<D.Sample>?]
        var missing: Int
    }

    /// The batches to load: each one's number in the epoch and its indices.
    let batches: [(number: Int, indices: [Int])]
    let loading: SampleLoading<D>
    private let prefetch: Int
    private let monitor = Monitor()

    // Under the monitor:
    private var slots: [Slot?]
    private var next = 0
    private var nextPosition = 0
    private var consumed = 0
    private var isCancelled = false

    init(dataset: D, batches: [(number: Int, indices: [Int])], prefetch: Int, loading: SampleLoading<D>) {
        self.batches = batches
        self.loading = loading
        self.prefetch = prefetch
        slots = Array(repeating: nil, count: prefetch)
    }

    func runWorker() {
        while let (place, position) = takeSample() {
            let outcome = loading.load(batches[place].indices[position], step: batches[place].number)
            monitor.locked {
                slots[place % prefetch]?.results[position] = outcome
                slots[place % prefetch]?.missing -= 1
                if slots[place % prefetch]?.missing == 0, place == consumed { monitor.signalAll(.results) }
            }
        }
    }

    /// The next sample to load, once its batch is within the prefetch; nil when the epoch is over.
    private func takeSample() -> (place: Int, position: Int)? {
        monitor.locked {
            while !isCancelled, next < batches.count, next >= consumed + prefetch {
                monitor.wait(for: .work)
            }
            guard !isCancelled, next < batches.count else { return nil }
            let taken = (next, nextPosition)
            if nextPosition == 0 {
                let size = batches[next].indices.count
                slots[next % prefetch] = Slot(results: Array(repeating: nil, count: size), missing: size)
            }
            nextPosition += 1
            if nextPosition == batches[next].indices.count {
                next += 1
                nextPosition = 0
            }
            return taken
        }
    }

    func waitForResults() -> (step: Int, results: [LoadedSample<D.Sample>])? {
        monitor.locked {
            guard !isCancelled, consumed < batches.count else { return nil }
            let place = consumed
            while slots[place % prefetch].map({ $0.missing > 0 }) ?? true {
                if isCancelled { return nil }
                monitor.wait(for: .results)
            }
            let results = slots[place % prefetch]?.results.compactMap { $0 } ?? []
            slots[place % prefetch] = nil
            consumed += 1
            monitor.signalAll(.work)
            return (batches[place].number, results)
        }
    }

    func loadOnThisThread() -> (step: Int, results: [LoadedSample<D.Sample>])? {
        let place: Int? = monitor.locked {
            guard !isCancelled, consumed < batches.count else { return nil }
            consumed += 1
            return consumed - 1
        }
        return place.map { place in
            let (number, indices) = batches[place]
            return (number, indices.map { loading.load($0, step: number) })
        }
    }

    func cancel() {
        monitor.locked {
            isCancelled = true
            monitor.signalAll(.work)
            monitor.signalAll(.results)
        }
    }
}
