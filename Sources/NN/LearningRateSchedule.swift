import Foundation

/// How the learning rate changes over a run: the factor on the base rate at each optimiser step. It depends on the step
/// alone, so a resumed run has at step n the rate that it would have had.
public indirect enum LearningRateSchedule: Hashable, Sendable, Codable {
    /// Factor 1 at every step.
    case constant
    /// Factor 1, multiplied by `gamma` from each of the milestones (steps, counted from 0) on.
    case multiStep(milestones: [Int], gamma: Double = 0.1)
    /// Half a cosine, from 1 at step 0 down to `floor` at step `total`, and `floor` from then on (Loshchilov and
    /// Hutter, "SGDR", 2017, equation 5, without restarts).
    case cosine(total: Int, floor: Double = 0)
    /// `from` at step 0 to `to` at step `steps`, multiplied by the same factor at each step, and `to` from then on. Both are above 0.
    case exponential(steps: Int, from: Double, to: Double)
    /// A straight line from `startFactor` at step 0 to 1 at step `steps`, times the factor of `then` at the same step:
    /// milestones and totals count from the run's start, warm-up included.
    case linearWarmup(steps: Int, startFactor: Double = 0.001, then: LearningRateSchedule)

    /// The factor at `step`, counted from 0.
    public func factor(step: Int) -> Double {
        switch self {
        case .constant:
            return 1
        case .multiStep(let milestones, let gamma):
            return milestones.reduce(1) { $1 <= step ? $0 * gamma : $0 }
        case .cosine(let total, let floor):
            guard step < total else { return floor }
            return floor + (1 - floor) * (1 + cos(Double.pi * Double(step) / Double(total))) / 2
        case .exponential(let steps, let from, let to):
            guard step < steps else { return to }
            return from * pow(to / from, Double(step) / Double(steps))
        case .linearWarmup(let steps, let startFactor, let then):
            let warmup = step < steps ? startFactor + (1 - startFactor) * Double(step) / Double(steps) : 1
            return warmup * then.factor(step: step)
        }
    }
}
