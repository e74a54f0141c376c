import Foundation
import Support

/// Choices of as many images as there are, drawn with repetition (Efron, "Bootstrap methods: another look at the jackknife",
/// 1979). All that is compared is measured on the same choices, so that what is easy or hard about an image cancels out.
public struct BootstrapResamples: Hashable, Sendable, Codable {
    /// How many choices there are.
    public var count: Int
    /// What the draws begin with; the same seed draws the same images.
    public var seed: UInt64

    /// Choices of images.
    ///
    /// - Parameters:
    ///   - count: How many, at least 1.
    ///   - seed: What the draws begin with.
    public init(count: Int = 1000, seed: UInt64 = 0) {
        precondition(count > 0, "\(count) resamples: there must be one")
        self.count = count
        self.seed = seed
    }

    /// How often each of `images` images is in a choice; the sum is `images`.
    package func copies(_ number: Int, of images: Int) -> [Int32] {
        var copies = [Int32](repeating: 0, count: images)
        guard images > 0 else { return copies }
        var random = SeededRandom(seed: seed, epoch: 0, index: number)
        for _ in 0..<images { copies[random.integer(below: images)] += 1 }
        return copies
    }
}

extension BootstrapResamples {
    /// The numbers of every resample, measured on all processors. A number that is not finite says that there is nothing to
    /// measure.
    ///
    /// - Parameters:
    ///   - images: The number of images.
    ///   - threads: Threads that measure; nil takes one for each processor. The numbers don't depend on it.
    ///   - progress: Called with the number of resamples done.
    ///   - measure: The numbers of a choice of images, given as how often each is in it.
    /// - Throws: `Stopped` once the user asks to stop.
    func measured(
        images: Int, threads: Int?, progress: (_ done: Int, _ total: Int) -> Void,
        _ measure: @escaping @Sendable (_ copies: [Int32]) -> [Double]
    ) throws -> [[Double]] {
        let resamples = self
        let values = parallelMap(
            count: count, threads: threads ?? ProcessInfo.processInfo.activeProcessorCount,
            { number in measure(resamples.copies(number, of: images)) },
            goesOn: { done, _ in
                progress(done, resamples.count)
                return !StopSignal.isRequested
            })
        let numbers = values.compactMap(\.self)
        guard numbers.count == count else { throw Stopped() }
        return numbers
    }
}
