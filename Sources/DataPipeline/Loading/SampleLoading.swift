import Support

/// What came of loading one place in a batch.
struct LoadedSample<Sample: Sendable>: Sendable {
    var index: Int
    var sample: Result<Sample, any Error>
    /// Failures on the way, the place's own first.
    var failures: [SkippedSample] = []
}

/// How an epoch loads single samples: by its failure policy.
struct SampleLoading<D: Dataset>: Sendable {
    let dataset: D
    let seed: UInt64
    let epoch: Int
    let policy: FailurePolicy

    private static var maximumReplacements: Int { 8 }

    func load(_ index: Int, step: Int) -> LoadedSample<D.Sample> {
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

    private func attempt(_ index: Int, step: Int) -> LoadedSample<D.Sample> {
        var random = SeededRandom(seed: seed, epoch: epoch, index: index)
        do {
            return LoadedSample(index: index, sample: .success(try dataset.sample(at: index, random: &random)))
        } catch {
            let failure = SkippedSample(
                epoch: epoch, step: step, index: index, name: dataset.describe(index), reason: "\(error)")
            return LoadedSample(index: index, sample: .failure(error), failures: [failure])
        }
    }

    func batch(step: Int, results: [LoadedSample<D.Sample>]) throws -> Batch<D.Sample> {
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
