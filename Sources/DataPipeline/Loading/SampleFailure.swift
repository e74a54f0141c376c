/// A sample that could not be loaded.
public struct SkippedSample: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The epoch that it was wanted in, from 0.
    public let epoch: Int
    /// The step that it was wanted in, from 0 in the epoch.
    public let step: Int
    /// The sample's index in the data set.
    public let index: Int
    /// The sample as the data set describes it: its file.
    public let name: String
    /// The error's description.
    public let reason: String

    /// The sample, where it was wanted, and why it failed.
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
    /// A sample failed and the policy is to stop.
    case sample(index: Int, name: String, epoch: Int, step: Int, underlying: any Error)
    /// Every sample failed.
    case all(skipped: [SkippedSample])
    /// A sample failed, and so did everything drawn in its place.
    case replacements(epoch: Int, step: Int, skipped: [SkippedSample])

    /// Which sample failed, why, and what to do.
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
