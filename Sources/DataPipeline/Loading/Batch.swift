/// Samples of one step, in the sampler's order.
public struct Batch<Sample: Sendable>: Sendable {
    public let epoch: Int
    /// Counted from 0 in the epoch, whatever step the loader started at.
    public let step: Int
    public let samples: [Sample]
    /// The data set's index of each sample.
    public let indices: [Int]
    /// What failed on the way to this batch, if the loader's policy goes on.
    public let skipped: [SkippedSample]

    public init(epoch: Int, step: Int, samples: [Sample], indices: [Int], skipped: [SkippedSample] = []) {
        self.epoch = epoch
        self.step = step
        self.samples = samples
        self.indices = indices
        self.skipped = skipped
    }
}

/// A sample that could not be loaded.
public struct SkippedSample: Hashable, Sendable, CustomStringConvertible {
    public let epoch: Int
    public let step: Int
    public let index: Int
    /// The sample as the data set describes it: its file.
    public let name: String
    /// The error's description.
    public let reason: String

    public var description: String { "sample \(index) (\(name)), epoch \(epoch), step \(step): \(reason)" }
}

/// What a loader does with a sample that throws.
public enum FailurePolicy: String, Hashable, Sendable, Codable, CaseIterable {
    /// `next` throws `LoaderError.sample` when it comes to the sample's batch.
    case stop
    /// The batch is smaller, and empty where every sample of it failed. For evaluation, where none may come twice.
    case skip
    /// Another sample, which (seed, epoch, index) decides, takes its place, so batches keep their size. After eight
    /// failures in a row `next` throws. For training.
    case replace
}

/// Why a loader stopped.
public enum LoaderError: Error, CustomStringConvertible {
    case sample(index: Int, name: String, epoch: Int, step: Int, underlying: any Error)
    case all(skipped: [SkippedSample])
    case replacements(epoch: Int, step: Int, skipped: [SkippedSample])

    public var description: String {
        switch self {
        case .sample(let index, let name, let epoch, let step, let underlying):
            return "sample \(index) (\(name)) could not be loaded in epoch \(epoch), step \(step): \(underlying)"
        case .all(let skipped):
            return "none of the \(skipped.count) samples can be read; the first: "
                + (skipped.first.map(\.description) ?? "none") + ". Run `vertebra data check` on the data set."
        case .replacements(let epoch, let step, let skipped):
            return "at epoch \(epoch), step \(step) a sample and \(skipped.count - 1) replacements failed; the first: "
                + (skipped.first.map(\.description) ?? "none") + ". Run `vertebra data check` on the data set."
        }
    }
}
