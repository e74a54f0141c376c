import Foundation

/// What a range test found: the loss while the learning rate grows from step to step (Smith, "Cyclical Learning Rates for
/// Training Neural Networks", 2017, section 3.3).
public struct LearningRateRange: Hashable, Sendable, Codable {
    /// One step.
    public struct Point: Hashable, Sendable, Codable {
        /// The rate that the step was taken with.
        public var learningRate: Double
        /// The step's loss.
        public var loss: Double
        /// The mean of the losses so far in which late ones count more.
        public var smoothedLoss: Double

        enum CodingKeys: String, CodingKey {
            case loss
            case learningRate = "learning_rate"
            case smoothedLoss = "smoothed_loss"
        }
    }

    /// How the rate grows, and when the test ends.
    public struct Settings: Hashable, Sendable, Codable {
        /// The rate of the first step.
        public var lowest: Double
        /// The rate of the last step, if the loss does not diverge before.
        public var highest: Double
        /// Steps from one to the other.
        public var steps: Int
        /// The share of the smoothed loss that is kept at a step.
        public var smoothing: Double
        /// The test ends where the smoothed loss is so many times its least value.
        public var divergence: Double

        /// A test over rates; the lowest must be above 0 and below the highest, and at least 10 steps lie between.
        public init(
            lowest: Double = 1e-6, highest: Double = 10, steps: Int = 100, smoothing: Double = 0.9,
            divergence: Double = 4
        ) {
            precondition(
                lowest > 0 && lowest < highest && steps >= 10, "LearningRateRange: \(lowest) to \(highest), \(steps)")
            self.lowest = lowest
            self.highest = highest
            self.steps = steps
            self.smoothing = smoothing
            self.divergence = divergence
        }
    }

    /// The steps that were taken, in their order.
    public private(set) var points: [Point] = []
    /// Whether the loss grew so much that the test ended before the highest rate.
    public private(set) var hasDiverged = false
    /// How the test was done.
    public let settings: Settings
    /// The rate at which the smoothed loss falls fastest against the rate's logarithm; nil where it never falls.
    public private(set) var steepest: Double?
    /// A tenth of the rate at which the smoothed loss is least; nil where it never falls.
    public private(set) var tenthOfLeast: Double?

    enum CodingKeys: String, CodingKey {
        case points, settings, steepest
        case hasDiverged = "has_diverged"
        case tenthOfLeast = "tenth_of_least"
    }

    /// The first steps, by their share of all, which say little: the smoothed loss has few losses behind it.
    private static let ignoredShare = 0.1

    /// A test that begins.
    public init(_ settings: Settings) { self.settings = settings }

    /// Adds a step's loss.
    ///
    /// - Returns: Whether the test goes on.
    public mutating func add(learningRate: Double, loss: Double) -> Bool {
        guard loss.isFinite else {
            hasDiverged = true
            return false
        }
        let count = points.count
        let smoothing = settings.smoothing
        // The mean without the correction for its first value, 0.
        let plain = points.last.map { $0.smoothedLoss * (1 - pow(smoothing, Double(count))) } ?? 0
        let smoothed =
            (plain * smoothing + loss * (1 - smoothing)) / (1 - pow(smoothing, Double(count + 1)))
        points.append(Point(learningRate: learningRate, loss: loss, smoothedLoss: smoothed))
        let least = points.map(\.smoothedLoss).min() ?? smoothed
        guard count < 10 || smoothed <= least + (settings.divergence - 1) * abs(least) else {
            hasDiverged = true
            return false
        }
        return true
    }

    /// Notes that the loss is not finite.
    mutating func diverge() { hasDiverged = true }

    /// Chooses the rates to suggest, once all steps are there.
    public mutating func conclude() {
        (steepest, tenthOfLeast) = (nil, nil)
        let first = Int(Double(settings.steps) * Self.ignoredShare)
        guard points.count > first + 3,
            let least = points.indices.dropFirst(first).min(by: { points[$0].smoothedLoss < points[$1].smoothedLoss }),
            points[least].smoothedLoss < points[first].smoothedLoss
        else { return }
        tenthOfLeast = points[least].learningRate / 10
        func slope(_ i: Int) -> Double {
            (points[i + 1].smoothedLoss - points[i - 1].smoothedLoss)
                / log(points[i + 1].learningRate / points[i - 1].learningRate)
        }
        let inner = (max(first, 1)..<points.count - 1).filter { $0 <= least }
        guard let place = inner.min(by: { slope($0) < slope($1) }), slope(place) < 0 else { return }
        steepest = points[place].learningRate
    }
}
