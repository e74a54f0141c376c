import DataPipeline
import Support
import XCTest

final class BatchShareTests: XCTestCase {
    private struct Numbers: Dataset {
        let count: Int
        func sample(at index: Int, random: inout SeededRandom) -> [UInt64] { [UInt64(index), random.next()] }
        func describe(_ index: Int) -> String { "number \(index)" }
    }

    private func batches(_ share: BatchShare, startingAt start: Int = 0) throws -> [(Int, [[UInt64]])] {
        let loader = DataLoader(
            dataset: Numbers(count: 27), batchSize: 2, sampler: ShuffledSampler(count: 27, seed: 3), threads: 2,
            seed: 3,
            share: share)
        XCTAssertEqual(loader.batchesPerEpoch, 14, "those of all processes")
        let epoch = loader.epoch(1, startingAtBatch: start)
        var all: [(Int, [[UInt64]])] = []
        while let batch = try epoch.next() { all.append((batch.step, batch.samples)) }
        return all
    }

    /// However many processes there are, the same batches come to pass, each in one of them.
    func testTheProcessesShareOutTheBatchesOfOne() throws {
        for start in [0, 4] {
            let whole = try batches(BatchShare(), startingAt: start)
            XCTAssertEqual(whole.map(\.0), Array(start..<14))
            for parts in [2, 4] {
                var numbers: [Int] = []
                for part in 0..<parts {
                    let own = try batches(BatchShare(stepBatches: 4, part: part, parts: parts), startingAt: start)
                    for (number, samples) in own {
                        XCTAssertEqual(samples, whole[number - start].1)
                        XCTAssertEqual(number % 4 * parts / 4, part, "a part of each step, in order")
                    }
                    numbers += own.map(\.0)
                }
                XCTAssertEqual(numbers.sorted(), Array(start..<14))
            }
        }
    }

    func testStepsThatAreNotWholeAreLeftOut() throws {
        let parts = try (0..<2).map {
            let loader = DataLoader(
                dataset: Numbers(count: 27), batchSize: 2, sampler: SequentialSampler(count: 27), threads: 0,
                share: BatchShare(stepBatches: 4, part: $0, parts: 2, wholeSteps: true))
            XCTAssertEqual(loader.batchesPerEpoch, 12)
            let epoch = loader.epoch(0)
            var count = 0
            while try epoch.next() != nil { count += 1 }
            return count
        }
        XCTAssertEqual(parts, [6, 6])
    }

    func testAStepWithFewerBatches() {
        let shares = (0..<2).map { BatchShare(stepBatches: 4, part: $0, parts: 2) }
        XCTAssertEqual(shares.map { $0.own(of: 4) }, [0..<2, 2..<4])
        XCTAssertEqual(shares.map { $0.own(of: 3) }, [0..<2, 2..<3])
        XCTAssertEqual(shares.map { $0.own(of: 1).count }, [1, 0])
    }
}
