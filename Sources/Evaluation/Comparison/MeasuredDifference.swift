/// How much more a run measured than another, and between which bounds that could lie with other images of the same kind.
public struct MeasuredDifference: Hashable, Sendable, Codable {
    /// The difference on all images.
    public let value: Double
    /// The lower bound of the 95 % interval: of the resampled differences, 2.5 % are below.
    public let low: Double
    /// The upper bound of the 95 % interval: of the resampled differences, 2.5 % are above.
    public let high: Double
    /// The resamples in which there was something to measure.
    public let resamples: Int
    /// Whether the interval leaves 0 out: then images chosen by chance explain the difference in fewer than one of twenty
    /// such comparisons.
    public let isBeyondChance: Bool

    /// - Parameter samples: The differences on the resamples; there must be one.
    package init(_ value: Double, samples: [Double]) {
        let sorted = samples.sorted()
        self.value = value
        low = Self.quantile(0.025, of: sorted)
        high = Self.quantile(0.975, of: sorted)
        resamples = sorted.count
        isBeyondChance = low > 0 || high < 0
    }

    /// The number below which a share of sorted numbers lies, between neighbours in proportion, as `numpy.quantile` computes it.
    static func quantile(_ share: Double, of sorted: [Double]) -> Double {
        let place = share * Double(sorted.count - 1)
        let below = Int(place)
        guard below + 1 < sorted.count else { return sorted[sorted.count - 1] }
        return sorted[below] + (place - Double(below)) * (sorted[below + 1] - sorted[below])
    }
}
