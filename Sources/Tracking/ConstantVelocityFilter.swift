/// A Kalman filter of one number that changes at a nearly constant rate, and is measured now and then (Kalman, "A new approach
/// to linear filtering and prediction problems", 1960). Time counts in steps.
public struct ConstantVelocityFilter: Hashable, Sendable {
    /// What the number is thought to be.
    public private(set) var position: Double
    /// By how much it is thought to change in one step.
    public var velocity: Double
    /// The variance of `position`.
    public private(set) var positionVariance: Double
    /// The covariance of `position` and `velocity`.
    public private(set) var covariance = 0.0
    /// The variance of `velocity`.
    public private(set) var velocityVariance: Double

    /// A filter that begins at a measurement, with a velocity of 0.
    ///
    /// - Parameters:
    ///   - position: The first measurement.
    ///   - positionVariance: Its variance.
    ///   - velocityVariance: The variance of the velocity, large where nothing is known of it.
    public init(position: Double, positionVariance: Double, velocityVariance: Double) {
        self.position = position
        velocity = 0
        self.positionVariance = positionVariance
        self.velocityVariance = velocityVariance
    }

    /// Goes on in time: x ← F x and P ← F P Fᵀ + Q · `steps`, where F adds the velocity `steps` times.
    ///
    /// - Parameters:
    ///   - steps: How much time passes, above 0; need not be whole.
    ///   - positionNoise: By how much the variance of the position grows in a step by itself.
    ///   - velocityNoise: By how much the variance of the velocity grows in a step.
    public mutating func predict(steps: Double = 1, positionNoise: Double, velocityNoise: Double) {
        position += steps * velocity
        positionVariance += steps * (2 * covariance + steps * velocityVariance) + steps * positionNoise
        covariance += steps * velocityVariance
        velocityVariance += steps * velocityNoise
    }

    /// Takes a measurement of the position into account: K = P Hᵀ (H P Hᵀ + R)⁻¹, x ← x + K (z − H x), P ← (1 − K H) P.
    ///
    /// - Parameters:
    ///   - measured: What was measured.
    ///   - variance: The variance of measurements, above 0.
    public mutating func correct(_ measured: Double, variance: Double) {
        let total = positionVariance + variance
        let gain = positionVariance / total, velocityGain = covariance / total
        let surprise = measured - position
        position += gain * surprise
        velocity += velocityGain * surprise
        velocityVariance -= velocityGain * covariance
        covariance *= 1 - gain
        positionVariance *= 1 - gain
    }
}
