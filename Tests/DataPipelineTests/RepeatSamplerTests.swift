import DataPipeline
import XCTest

final class RepeatSamplerTests: XCTestCase {
    private func counts(_ sampler: RepeatSampler, epoch: Int) -> [Int] {
        var counts = [Int](repeating: 0, count: sampler.factors.count)
        for index in sampler.order(epoch: epoch) { counts[index] += 1 }
        return counts
    }

    func testFactorsOfOneAreAPermutation() {
        let sampler = RepeatSampler(factors: [Double](repeating: 1, count: 40), seed: 3)
        for epoch in 0..<5 { XCTAssertEqual(sampler.order(epoch: epoch).sorted(), Array(0..<40)) }
        XCTAssertNotEqual(sampler.order(epoch: 0), sampler.order(epoch: 1))
        XCTAssertEqual(sampler.order(epoch: 1), RepeatSampler(factors: sampler.factors, seed: 3).order(epoch: 1))
        XCTAssertNotEqual(sampler.order(epoch: 1), RepeatSampler(factors: sampler.factors, seed: 4).order(epoch: 1))
    }

    /// A fractional part is a visit more or none, drawn anew in each epoch, and on average what the factor says.
    func testFractionsAreDrawn() {
        let factors = (0..<30).map { [0.25, 1, 2.5, 0, 1.25, 1][$0 % 6] }
        let sampler = RepeatSampler(factors: factors, seed: 5)
        XCTAssertEqual(sampler.count, 30)
        var sums = [Double](repeating: 0, count: 30)
        var patterns: Set<[Int]> = []
        for epoch in 0..<2000 {
            let counts = counts(sampler, epoch: epoch)
            XCTAssertEqual(counts.reduce(0, +), 30)
            for (i, count) in counts.enumerated() {
                XCTAssertTrue(Double(count) == factors[i].rounded(.down) || Double(count) == factors[i].rounded(.up))
                sums[i] += Double(count)
            }
            if epoch < 20 { patterns.insert(counts) }
        }
        for (sum, factor) in zip(sums, factors) { XCTAssertEqual(sum / 2000, factor, accuracy: 0.05) }
        XCTAssertGreaterThan(patterns.count, 15)
    }

    func testTheNumberOfVisitsIsTheSameInEveryEpoch() {
        let sampler = RepeatSampler(factors: (0..<101).map { 0.1 + Double($0 % 7) * 0.37 }, seed: 1)
        for epoch in 0..<50 { XCTAssertEqual(sampler.order(epoch: epoch).count, sampler.count) }
        XCTAssertEqual(RepeatSampler(factors: [0.1, 0], seed: 0).order(epoch: 0), [0])
    }

    /// Class 0 is in all ten images, class 1 in one of them, class 2 in four.
    func testRepeatFactorsByHand() {
        let classes = (0..<10).map { i in [0] + (i == 3 ? [1] : []) + (i < 4 ? [2] : []) }
        let factors = RepeatSampler.repeatFactors(classes: classes, threshold: 0.9)
        XCTAssertEqual(factors[3], 3, accuracy: 1e-12)
        XCTAssertEqual(factors[0], 1.5, accuracy: 1e-12)
        XCTAssertEqual(factors[9], 1)
        XCTAssertEqual(RepeatSampler.repeatFactors(classes: [[], [0]], threshold: 0.1), [1, 1])
    }

    /// Visits do not depend on the number of threads, and several processes take each of them once.
    func testThreadsAndProcessesShareTheVisits() throws {
        let sampler = RepeatSampler(factors: (0..<20).map { $0 < 5 ? 2.3 : 0.8 }, seed: 8)
        func visits(threads: Int, _ share: BatchShare = BatchShare()) throws -> [Int: [Int]] {
            let loader = DataLoader(
                dataset: NumberDataset(count: 20), batchSize: 3, sampler: sampler, threads: threads, share: share)
            let epoch = loader.epoch(2)
            var batches: [Int: [Int]] = [:]
            while let batch = try epoch.next() { batches[batch.step] = batch.indices }
            return batches
        }
        let one = try visits(threads: 0)
        XCTAssertEqual(one, try visits(threads: 3))
        var both = try visits(threads: 2, BatchShare(stepBatches: 2, part: 0, parts: 2))
        both.merge(try visits(threads: 1, BatchShare(stepBatches: 2, part: 1, parts: 2))) { a, _ in
            XCTFail("a batch of both")
            return a
        }
        XCTAssertEqual(one, both)
    }
}
