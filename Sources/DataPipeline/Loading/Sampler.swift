import Support

/// The order in which an epoch visits a data set: a pure function of the sampler's own settings and the epoch.
public protocol Sampler: Sendable {
    /// How many indices an epoch has: as many as every other.
    var count: Int { get }

    /// The indices of one epoch, in order.
    func order(epoch: Int) -> [Int]

    /// The batches of one epoch, in order. All but the last hold `batchSize` indices; with `dropLast` a smaller last one
    /// is left out. The number of batches is the same in every epoch.
    func batches(epoch: Int, batchSize: Int, dropLast: Bool) -> [[Int]]
}

extension Sampler {
    /// Those of the first epoch, counted.
    public var count: Int { order(epoch: 0).count }

    /// The order cut into batches.
    public func batches(epoch: Int, batchSize: Int, dropLast: Bool) -> [[Int]] {
        order(epoch: epoch).chunked(batchSize, dropLast: dropLast)
    }
}

extension Array {
    func chunked(_ size: Int, dropLast: Bool) -> [[Element]] {
        precondition(size > 0, "a batch of \(size) samples")
        let end = dropLast ? count - count % size : count
        return stride(from: 0, to: end, by: size).map { Array(self[$0..<Swift.min($0 + size, end)]) }
    }
}

/// Every index once, from first to last.
public struct SequentialSampler: Sampler {
    /// Indices, from 0.
    public let count: Int

    /// A sampler of a data set of `count` samples.
    public init(count: Int) { self.count = count }

    /// 0, 1, 2, … in every epoch.
    public func order(epoch: Int) -> [Int] { Array(0..<count) }
}

/// Every index once, in an order that (seed, epoch) decides.
public struct ShuffledSampler: Sampler {
    /// Indices, from 0.
    public let count: Int
    /// What decides the order, with the epoch.
    public let seed: UInt64

    /// A sampler of a data set of `count` samples.
    public init(count: Int, seed: UInt64) {
        self.count = count
        self.seed = seed
    }

    /// The epoch's shuffle.
    public func order(epoch: Int) -> [Int] {
        // No sample has a negative index, so no sample shares this sequence.
        var random = SeededRandom(seed: seed, epoch: epoch, index: -1)
        return random.permutation(of: count)
    }
}

/// Another sampler's order without some indices.
public struct PartialSampler: Sampler {
    /// The sampler whose order is taken.
    public let base: any Sampler
    /// Indices that are left out.
    public let leftOut: Set<Int>

    /// `base` without the indices `leftOut`.
    public init(_ base: any Sampler, leavingOut leftOut: Set<Int>) {
        self.base = base
        self.leftOut = leftOut
    }

    /// The base's, less those that it has.
    public var count: Int { leftOut.isEmpty ? base.count : order(epoch: 0).count }

    /// The base's order without those.
    public func order(epoch: Int) -> [Int] {
        let order = base.order(epoch: epoch)
        return leftOut.isEmpty ? order : order.filter { !leftOut.contains($0) }
    }
}

/// Batches of images of similar proportions, which waste little on padding (torchvision's `GroupedBatchSampler`).
///
/// Indices come in shuffled order; each joins the open batch of its group, and a full batch is handed out at once. What
/// is left at the end is batched from one group to the next, so every index comes as often as without groups, and every
/// epoch has as many batches.
public struct AspectGroupedBatchSampler: Sampler {
    /// The order in which indices join their groups.
    public let base: any Sampler
    /// The group of each index: 0 for the tallest images.
    public let groups: [Int]

    /// `aspectRatios` are width over height. Groups part at the `boundaries`, by default at 1: portrait and landscape.
    public init(aspectRatios: [Float], boundaries: [Float] = [1], seed: UInt64) {
        self.init(
            aspectRatios: aspectRatios, boundaries: boundaries,
            base: ShuffledSampler(count: aspectRatios.count, seed: seed))
    }

    /// `base` gives the order of indices, which may come more than once or not at all.
    public init(aspectRatios: [Float], boundaries: [Float] = [1], base: any Sampler) {
        self.base = base
        let sorted = boundaries.sorted()
        groups = aspectRatios.map { ratio in sorted.count { $0 <= ratio } }
    }

    /// As many as the base has.
    public var count: Int { base.count }

    /// The indices batch by batch, for batches of one: the order of the base.
    public func order(epoch: Int) -> [Int] { base.order(epoch: epoch) }

    /// Batches of one group each, but for what is left at the end.
    public func batches(epoch: Int, batchSize: Int, dropLast: Bool) -> [[Int]] {
        var open = [[Int]](repeating: [], count: (groups.max() ?? 0) + 1)
        var batches: [[Int]] = []
        for index in order(epoch: epoch) {
            let group = groups[index]
            open[group].append(index)
            if open[group].count == batchSize {
                batches.append(open[group])
                open[group].removeAll(keepingCapacity: true)
            }
        }
        return batches + open.flatMap { $0 }.chunked(batchSize, dropLast: dropLast)
    }
}
