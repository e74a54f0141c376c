import DataPipeline
import XCTest

final class SamplerTests: XCTestCase {
    func testSequential() {
        let sampler = SequentialSampler(count: 5)
        XCTAssertEqual(sampler.order(epoch: 3), [0, 1, 2, 3, 4])
        XCTAssertEqual(sampler.batches(epoch: 0, batchSize: 2, dropLast: false), [[0, 1], [2, 3], [4]])
        XCTAssertEqual(sampler.batches(epoch: 0, batchSize: 2, dropLast: true), [[0, 1], [2, 3]])
    }

    func testShuffledIsAPermutationThatFollowsSeedAndEpoch() {
        let sampler = ShuffledSampler(count: 50, seed: 9)
        for epoch in 0..<5 { XCTAssertEqual(sampler.order(epoch: epoch).sorted(), Array(0..<50)) }
        XCTAssertEqual(sampler.order(epoch: 2), ShuffledSampler(count: 50, seed: 9).order(epoch: 2))
        XCTAssertNotEqual(sampler.order(epoch: 2), sampler.order(epoch: 3))
        XCTAssertNotEqual(sampler.order(epoch: 2), ShuffledSampler(count: 50, seed: 10).order(epoch: 2))
        XCTAssertEqual(ShuffledSampler(count: 0, seed: 0).order(epoch: 0), [])
    }

    func testAspectGroups() {
        let ratios: [Float] = (0..<101).map { $0 % 3 == 0 ? 0.75 : $0 % 3 == 1 ? 1.33 : 1 }
        let sampler = AspectGroupedBatchSampler(aspectRatios: ratios, seed: 4)
        XCTAssertEqual(Array(sampler.groups.prefix(3)), [0, 1, 1])
        for epoch in 0..<4 {
            let batches = sampler.batches(epoch: epoch, batchSize: 4, dropLast: false)
            XCTAssertEqual(batches.flatMap { $0 }.sorted(), Array(0..<101))
            XCTAssertEqual(batches.count, 26)
            XCTAssertTrue(batches.dropLast().allSatisfy { $0.count == 4 })
            let mixed = batches.count { batch in Set(batch.map { sampler.groups[$0] }).count > 1 }
            XCTAssertLessThanOrEqual(mixed, 1)
            XCTAssertEqual(sampler.batches(epoch: epoch, batchSize: 4, dropLast: true).count, 25)
        }
        XCTAssertNotEqual(
            sampler.batches(epoch: 0, batchSize: 4, dropLast: false),
            sampler.batches(epoch: 1, batchSize: 4, dropLast: false))
    }

    func testGroupsOfImagesThatComeMoreThanOnce() {
        let ratios: [Float] = (0..<30).map { $0 % 2 == 0 ? 0.5 : 2 }
        let base = RepeatSampler(factors: (0..<30).map { $0 < 10 ? 2.5 : 1 }, seed: 2)
        let sampler = AspectGroupedBatchSampler(aspectRatios: ratios, base: base)
        XCTAssertEqual(sampler.count, 45)
        for epoch in 0..<3 {
            let batches = sampler.batches(epoch: epoch, batchSize: 4, dropLast: false)
            XCTAssertEqual(batches.count, 12)
            XCTAssertEqual(batches.flatMap { $0 }.sorted(), base.order(epoch: epoch).sorted())
        }
    }

    func testMoreGroups() {
        let sampler = AspectGroupedBatchSampler(
            aspectRatios: [0.4, 0.7, 0.99, 1, 1.5, 2.5], boundaries: [1, 0.5, 2], seed: 0)
        XCTAssertEqual(sampler.groups, [0, 1, 1, 2, 2, 3])
    }

    func testAPartComesInTheOrderOfTheWhole() {
        let whole = ShuffledSampler(count: 20, seed: 3), part = PartialSampler(whole, leavingOut: [4, 11])
        XCTAssertEqual(part.order(epoch: 2), whole.order(epoch: 2).filter { $0 != 4 && $0 != 11 })
        XCTAssertEqual(part.batches(epoch: 0, batchSize: 5, dropLast: true).map(\.count), [5, 5, 5])
    }

    /// By the definition of `SeededRandom`, computed by other code.
    func testTheOrderOfAnEpoch() {
        XCTAssertEqual(ShuffledSampler(count: 8, seed: 9).order(epoch: 2), [7, 5, 2, 4, 1, 3, 6, 0])
    }

    func testACountIsThatOfTheOrder() {
        let samplers: [any Sampler] = [
            SequentialSampler(count: 7), ShuffledSampler(count: 7, seed: 1), ShuffledSampler(count: 0, seed: 1),
            PartialSampler(ShuffledSampler(count: 7, seed: 1), leavingOut: []),
            // 9 is none of the base's.
            PartialSampler(ShuffledSampler(count: 7, seed: 1), leavingOut: [2, 9]),
            AspectGroupedBatchSampler(aspectRatios: [0.5, 1, 2, 0.7, 3], seed: 1),
        ]
        for sampler in samplers {
            XCTAssertEqual(sampler.count, sampler.order(epoch: 1).count)
            for (batchSize, dropLast) in [(2, false), (2, true), (3, false), (3, true), (9, false), (9, true)] {
                let loader = DataLoader(
                    dataset: NumberDataset(count: 10), batchSize: batchSize, sampler: sampler, threads: 0,
                    dropLast: dropLast)
                XCTAssertEqual(
                    loader.batchesPerEpoch,
                    sampler.batches(epoch: 1, batchSize: batchSize, dropLast: dropLast).count)
            }
        }
    }
}
