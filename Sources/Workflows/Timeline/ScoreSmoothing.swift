import Foundation

/// Smooths class scores over time by a Gaussian, as they come: a score becomes the mean of those around it, weighted by
/// exp(−d² / 2σ²), where d is how far apart the windows' middles are, up to 3σ.
package struct ScoreSmoothing {
    /// The Gaussian's standard deviation in seconds; 0 leaves scores as they are.
    package let deviation: Double
    private var held: [(time: Double, scores: [Float])] = []
    private var next = 0

    /// - Parameter deviation: The standard deviation in seconds, 0 or more.
    package init(deviation: Double) { self.deviation = deviation }

    private var reach: Double { 3 * deviation }

    /// Takes the scores at the next time, and returns those that are smoothed with that: in order, each once.
    package mutating func add(time: Double, scores: [Float]) -> [[Float]] {
        held.append((time, scores))
        return take(before: time - reach)
    }

    /// Returns what was held back at the end.
    package mutating func finish() -> [[Float]] { take(before: .infinity) }

    private mutating func take(before limit: Double) -> [[Float]] {
        var result: [[Float]] = []
        while next < held.count, held[next].time < limit {
            result.append(smoothed(next))
            next += 1
        }
        // What no later one reaches back to is forgotten.
        if next < held.count {
            let early = held[..<next].prefix { $0.time < held[next].time - reach }.count
            held.removeFirst(early)
            next -= early
        }
        return result
    }

    private func smoothed(_ index: Int) -> [Float] {
        guard deviation > 0 else { return held[index].scores }
        let middle = held[index].time
        var sum = [Double](repeating: 0, count: held[index].scores.count), total = 0.0
        for other in held where abs(other.time - middle) <= reach + 1e-9 {
            let distance = (other.time - middle) / deviation
            let weight = exp(-distance * distance / 2)
            total += weight
            for (place, score) in other.scores.enumerated() { sum[place] += weight * Double(score) }
        }
        return sum.map { Float($0 / total) }
    }
}
