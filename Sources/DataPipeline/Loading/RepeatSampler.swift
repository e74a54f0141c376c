import Support

/// Every index as often in an epoch as its factor says, in an order that (seed, epoch) decides.
///
/// Of a factor of 2.3, each epoch has two or three visits, 2.3 on average. These are drawn anew in each epoch, for all indices
/// together, so that every epoch has as many visits (systematic sampling; Madow, "On the Theory of Systematic Sampling, II", 1949).
public struct RepeatSampler: Sampler {
    /// Visits of each index in an epoch, on average.
    public let factors: [Double]
    /// What decides the draws and the order, with the epoch.
    public let seed: UInt64
    /// Visits in an epoch: the sum of the factors, rounded.
    public let count: Int
    private let total: Double

    /// A sampler of a data set of as many samples as there are factors. Factors that are not finite or below 0, and those whose sum
    /// is not above 0, trap.
    public init(factors: [Double], seed: UInt64) {
        precondition(factors.allSatisfy { $0.isFinite && $0 >= 0 }, "RepeatSampler: a factor is below 0 or not finite")
        total = factors.reduce(0, +)
        precondition(total > 0, "RepeatSampler: all factors are 0")
        self.factors = factors
        self.seed = seed
        count = max(1, Int(total.rounded()))
    }

    /// The epoch's visits.
    public func order(epoch: Int) -> [Int] {
        // Negative indices belong to no sample, so no sample shares these sequences.
        var draws = SeededRandom(seed: seed, epoch: epoch, index: -2)
        let walk = draws.permutation(of: factors.count)
        let start = draws.uniform(), spacing = total / Double(count)
        var visits: [Int] = []
        visits.reserveCapacity(count)
        var end = 0.0
        for index in walk where factors[index] > 0 {
            end += factors[index]
            while visits.count < count, (Double(visits.count) + start) * spacing < end { visits.append(index) }
        }
        // The sum may be rounded to a little less than the last mark.
        while visits.count < count, let last = walk.last(where: { factors[$0] > 0 }) { visits.append(last) }
        var order = SeededRandom(seed: seed, epoch: epoch, index: -1)
        return order.permutation(of: count).map { visits[$0] }
    }

    /// The factors of repeat factor sampling: r(c) = max(1, √(threshold / f(c))), where f(c) is the share of images with class c; an
    /// image has the largest of its classes (Gupta et al., "LVIS: A Dataset for Large Vocabulary Instance Segmentation", 2019,
    /// section 5), and 1 without any.
    ///
    /// - Parameters:
    ///   - classes: The classes in each image, each once.
    ///   - threshold: The share of images below which a class is repeated.
    public static func repeatFactors(classes: [[Int]], threshold: Double) -> [Double] {
        var images: [Int: Int] = [:]
        for own in classes { for k in own { images[k, default: 0] += 1 } }
        let factors = images.mapValues { max(1, (threshold / (Double($0) / Double(classes.count))).squareRoot()) }
        return classes.map { own in own.reduce(1) { max($0, factors[$1] ?? 1) } }
    }
}
