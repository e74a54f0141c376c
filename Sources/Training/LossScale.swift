/// The factor on the loss of a training in float16, whose small gradients would be rounded to zero (Micikevicius et al., "Mixed
/// Precision Training", 2018, section 3.2): halved where a gradient is not a finite number, whose step is then left out,
/// and doubled after ``growthInterval`` steps without that. `torch.amp.GradScaler` does the same.
///
/// It is always a power of two, so that multiplying by it and dividing again rounds nothing.
public struct LossScale: Hashable, Sendable, Codable {
    /// The factor.
    public private(set) var value: Double
    /// Steps in a row without an overflow after which the factor is doubled.
    public let growthInterval: Int
    /// Steps taken since the factor was changed.
    public private(set) var stepsSinceChange = 0
    /// Steps of the run that were left out.
    public private(set) var skippedSteps = 0

    /// A factor to begin with. One that is no power of two, or an interval below 1, traps.
    public init(_ value: Double = 65536, growthInterval: Int = 2000) {
        precondition(
            value > 0 && value.isFinite && value.significand == 1, "LossScale: \(value) is not a power of two")
        precondition(growthInterval > 0, "LossScale: \(growthInterval) steps to grow")
        self.value = value
        self.growthInterval = growthInterval
    }

    /// Whether gradients that are not finite may be the factor's fault.
    var canShrink: Bool { value > 1 }

    /// Changes the factor after a step.
    mutating func update(hasOverflowed: Bool) {
        if hasOverflowed {
            value /= 2
            stepsSinceChange = 0
            skippedSteps += 1
            return
        }
        stepsSinceChange += 1
        if stepsSinceChange == growthInterval {
            // Beyond this, a loss of one would overflow itself.
            value = min(value * 2, 0x1p126)
            stepsSinceChange = 0
        }
    }
}
