/// The samples of one step, in the sampler's order.
public struct Batch<Sample: Sendable>: Sendable {
    /// The epoch, from 0.
    public let epoch: Int
    /// The step, from 0 in the epoch, whatever step the loader started at.
    public let step: Int
    /// The samples that could be loaded.
    public let samples: [Sample]
    /// The data set's index of each sample.
    public let indices: [Int]
    /// What failed on the way to this batch, if the loader's policy goes on.
    public let skipped: [SkippedSample]

    /// A batch as a loader makes it.
    public init(epoch: Int, step: Int, samples: [Sample], indices: [Int], skipped: [SkippedSample] = []) {
        self.epoch = epoch
        self.step = step
        self.samples = samples
        self.indices = indices
        self.skipped = skipped
    }
}
