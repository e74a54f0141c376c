import DataPipeline
import Support
import XCTest

final class DataLoaderTests: XCTestCase {
    private typealias Number = NumberDataset.Number

    private func loader(
        _ dataset: NumberDataset, threads: Int, batchSize: Int = 4, prefetch: Int = 3, policy: FailurePolicy = .stop,
        dropLast: Bool = false, shuffled: Bool = true
    ) -> DataLoader<NumberDataset> {
        DataLoader(
            dataset: dataset, batchSize: batchSize,
            sampler: shuffled
                ? ShuffledSampler(count: dataset.count, seed: 7) as any Sampler
                : SequentialSampler(count: dataset.count),
            threads: threads, prefetch: prefetch, seed: 7, failurePolicy: policy, dropLast: dropLast)
    }

    private func all(_ epoch: LoaderEpoch<NumberDataset>) throws -> [Batch<Number>] {
        var batches: [Batch<Number>] = []
        while let batch = try epoch.next() { batches.append(batch) }
        XCTAssertNil(try epoch.next(), "an epoch that is over stays over")
        return batches
    }

    /// Late ones first, so that order comes from the loader and not from luck.
    private let uneven = NumberDataset(count: 41, delay: { UInt32(($0 * 7919) % 13) * 150 })

    func testThreadsDoNotChangeBatches() throws {
        let expected = try all(loader(uneven, threads: 0).epoch(1))
        XCTAssertEqual(expected.map(\.step), Array(0..<11))
        XCTAssertEqual(expected.flatMap(\.indices).sorted(), Array(0..<41))
        for threads in [1, 2, 5] {
            for prefetch in [1, 3] {
                let batches = try all(loader(uneven, threads: threads, prefetch: prefetch).epoch(1))
                XCTAssertEqual(batches.map(\.samples), expected.map(\.samples))
                XCTAssertEqual(batches.map(\.indices), expected.map(\.indices))
                XCTAssertEqual(batches.map(\.step), expected.map(\.step))
            }
        }
        let other = try all(loader(uneven, threads: 2).epoch(2))
        XCTAssertNotEqual(other.map(\.samples), expected.map(\.samples))
        XCTAssertTrue(
            other.flatMap(\.samples).first { $0.index == 3 } != expected.flatMap(\.samples).first { $0.index == 3 },
            "another epoch draws other numbers for the same sample")
    }

    func testStartAtAnyStep() throws {
        let whole = try all(loader(uneven, threads: 2).epoch(3))
        for start in [0, 1, 6, 10, 11] {
            let rest = try all(loader(uneven, threads: 2).epoch(3, startingAtBatch: start))
            XCTAssertEqual(rest.map(\.samples), whole.dropFirst(start).map(\.samples))
            XCTAssertEqual(rest.map(\.step), Array(start..<11))
        }
    }

    func testStepsPerEpoch() throws {
        XCTAssertEqual(loader(uneven, threads: 1).batchesPerEpoch, 11)
        XCTAssertEqual(loader(uneven, threads: 1, dropLast: true).batchesPerEpoch, 10)
        XCTAssertEqual(
            try all(loader(uneven, threads: 2, dropLast: true).epoch(0)).map(\.samples.count),
            Array(repeating: 4, count: 10))
        XCTAssertEqual(try all(loader(NumberDataset(count: 0), threads: 2).epoch(0)).count, 0)
    }

    func testFailureStopsAtItsBatchAndSaysWhich() throws {
        for threads in [0, 1, 3] {
            // Sample 9 is of step 2; 8 is slower, and 21 fails first in time.
            let dataset = NumberDataset(count: 24, broken: [9, 21], delay: { $0 == 9 ? 3000 : 0 })
            let loader = loader(dataset, threads: threads, prefetch: 8, shuffled: false)
            let epoch = loader.epoch(0)
            XCTAssertEqual(try epoch.next()?.indices, [0, 1, 2, 3])
            XCTAssertEqual(try epoch.next()?.indices, [4, 5, 6, 7])
            XCTAssertThrowsError(try epoch.next()) { error in
                let text = "\(error)"
                XCTAssertTrue(text.contains("sample 9") && text.contains("number-9"), text)
                XCTAssertTrue(text.contains("number 9 is broken") && text.contains("step 2"), text)
            }
            XCTAssertNil(try epoch.next())
            XCTAssertEqual(loader.skipped, [])
        }
    }

    func testSkipMakesSmallerBatchesAndCounts() throws {
        for threads in [0, 2] {
            let loader = loader(
                NumberDataset(count: 12, broken: [1, 6]), threads: threads, policy: .skip, shuffled: false)
            let epoch = loader.epoch(0)
            let batches = try all(epoch)
            XCTAssertEqual(batches.map(\.indices), [[0, 2, 3], [4, 5, 7], [8, 9, 10, 11]])
            XCTAssertEqual(batches.map { $0.samples.map(\.index) }, batches.map(\.indices))
            XCTAssertEqual(epoch.skipped.map(\.index), [1, 6])
            XCTAssertEqual(loader.skipped.map(\.name), ["number-1", "number-6"])
            XCTAssertEqual(loader.skipped.map(\.step), [0, 1])
            XCTAssertEqual(loader.skipped.first?.reason, "number 1 is broken")
            _ = try all(loader.epoch(1))
            XCTAssertEqual(loader.skipped.count, 4, "a loader counts over epochs")
        }
    }

    func testWholeBatchFailing() throws {
        let epoch = loader(
            NumberDataset(count: 8, broken: [4, 5, 6, 7]), threads: 2, policy: .skip, shuffled: false
        ).epoch(0)
        XCTAssertNotNil(try epoch.next())
        let empty = try XCTUnwrap(epoch.next())
        XCTAssertEqual(empty.samples, [])
        XCTAssertEqual(empty.skipped.map(\.index), [4, 5, 6, 7])
    }

    func testReplaceKeepsBatchesFullAndIsDeterministic() throws {
        let dataset = NumberDataset(count: 40, broken: [1, 2, 6, 7, 30], delay: { UInt32($0 % 5) * 100 })
        let expected = try all(loader(dataset, threads: 0, policy: .replace).epoch(0))
        XCTAssertEqual(expected.map(\.samples.count), Array(repeating: 4, count: 10))
        XCTAssertTrue(expected.flatMap(\.indices).allSatisfy { !dataset.broken.contains($0) })
        XCTAssertGreaterThanOrEqual(expected.flatMap(\.skipped).count, 5)
        for threads in [1, 5] {
            let batches = try all(loader(dataset, threads: threads, policy: .replace).epoch(0))
            XCTAssertEqual(batches.map(\.samples), expected.map(\.samples))
            XCTAssertEqual(batches.map(\.skipped), expected.map(\.skipped))
        }
        let hopeless = loader(NumberDataset(count: 5, broken: Set(0..<5)), threads: 2, policy: .replace).epoch(0)
        XCTAssertThrowsError(try hopeless.next()) { XCTAssertTrue("\($0)".contains("8 replacements"), "\($0)") }
    }

    func testPrefetchIsBounded() throws {
        final class Started: @unchecked Sendable {
            let lock = NSLock()
            var count = 0
        }
        let started = Started()
        let dataset = NumberDataset(
            count: 400,
            delay: { _ in
                started.lock.withLock { started.count += 1 }
                return 0
            })
        let epoch = loader(dataset, threads: 4, prefetch: 2).epoch(0)
        for consumed in 0..<5 {
            Thread.sleep(forTimeInterval: 0.05)
            XCTAssertLessThanOrEqual(started.lock.withLock { started.count }, (consumed + 2) * 4)
            XCTAssertNotNil(try epoch.next())
        }
    }

    func testLettingGoEndsTheThreads() throws {
        final class Token: Sendable {}
        weak var alive: Token?
        for round in 0..<20 {
            let token = Token()
            alive = token
            // The data set holds the token, and threads hold the data set: when they are gone, so is it.
            let dataset = NumberDataset(count: 1000, delay: { [token] _ in withExtendedLifetime(token) { 200 } })
            let epoch = loader(dataset, threads: 5).epoch(0)
            for _ in 0..<(round % 4) { _ = try epoch.next() }
            if round % 2 == 0 { epoch.cancel() }
            if round % 2 == 0 { XCTAssertNil(try epoch.next()) }
        }
        XCTAssertNil(alive)
    }

    func testWaitingIsMeasured() throws {
        let slow = loader(NumberDataset(count: 12, delay: { _ in 3000 }), threads: 1).epoch(0)
        while try slow.next() != nil {}
        XCTAssertGreaterThan(slow.timings.waiting, 0.02)
        XCTAssertGreaterThan(slow.timings.waitingShare, 0.5)
        let fast = loader(NumberDataset(count: 12), threads: 1).epoch(0)
        repeat { Thread.sleep(forTimeInterval: 0.02) } while try fast.next() != nil
        XCTAssertLessThan(fast.timings.waitingShare, slow.timings.waitingShare)
        XCTAssertLessThanOrEqual(fast.timings.waiting, fast.timings.elapsed)
    }
}
