import Support

/// What the threads of an epoch share.
final class EpochWork<D: Dataset>: @unchecked Sendable {
    /// One batch in the making.
    private struct Slot {
        var results: [LoadedSample<D.Sample>?]
        var missing: Int
    }

    let batches: [[Int]]
    let start: Int
    let loading: SampleLoading<D>
    private let prefetch: Int
    private let monitor = Monitor()

    // Under the monitor:
    private var slots: [Slot?]
    private var nextStep: Int
    private var nextPosition = 0
    private var consumedSteps: Int
    private var isCancelled = false

    init(dataset: D, batches: [[Int]], epoch: Int, start: Int, prefetch: Int, loading: SampleLoading<D>) {
        self.batches = batches
        self.start = start
        self.loading = loading
        self.prefetch = prefetch
        slots = Array(repeating: nil, count: prefetch)
        nextStep = start
        consumedSteps = start
    }

    func runWorker() {
        while let (step, position) = takeSample() {
            let outcome = loading.load(batches[step][position], step: step)
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

    func waitForResults() -> (step: Int, results: [LoadedSample<D.Sample>])? {
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

    func loadOnThisThread() -> (step: Int, results: [LoadedSample<D.Sample>])? {
        let step: Int? = monitor.locked {
            guard !isCancelled, consumedSteps < batches.count else { return nil }
            consumedSteps += 1
            return consumedSteps - 1
        }
        return step.map { step in (step, batches[step].map { loading.load($0, step: step) }) }
    }

    func cancel() {
        monitor.locked {
            isCancelled = true
            monitor.signalAll(.work)
            monitor.signalAll(.results)
        }
    }
}
