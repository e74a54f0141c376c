import Support
import Synchronization
import XCTest

final class ParallelMapTests: XCTestCase {
    private struct Failure: Error, Equatable { let number: Int }

    func testResultsStandByNumber() {
        for threads in [0, 1, 3, 20] {
            XCTAssertEqual(parallelMap(count: 10, threads: threads) { $0 * $0 }, (0..<10).map { $0 * $0 })
        }
        XCTAssertEqual(parallelMap(count: 0, threads: 3) { $0 }, [])
    }

    func testTheLowestErrorIsThrownAndNoNumberIsBegunAfterIt() {
        let begun = Atomic<Int>(0)
        XCTAssertThrowsError(
            try parallelMap(count: 100_000, threads: 4) { number in
                begun.add(1, ordering: .relaxed)
                // The lower one takes longer, so that a higher one is there first.
                if number == 5 { usleep(20_000) }
                if number >= 5 { throw Failure(number: number) }
            }
        ) { XCTAssertEqual($0 as? Failure, Failure(number: 5)) }
        XCTAssertLessThan(begun.load(ordering: .relaxed), 100)
    }

    func testAThreadKeepsItsScratch() {
        let made = Atomic<Int>(0)
        let counts = parallelMap(
            count: 100, threads: 3,
            scratch: {
                made.add(1, ordering: .relaxed)
                return 0
            }
        ) { (seen: inout Int, _: Int) in
            seen += 1
            return seen
        }
        XCTAssertLessThanOrEqual(made.load(ordering: .relaxed), 3)
        // One thread's numbers 1, 2, …: as many ones as threads that got work, and none is lost.
        XCTAssertEqual(counts.count, 100)
        let ones = counts.count { $0 == 1 }
        XCTAssertTrue((1...3).contains(ones), "\(ones)")
        XCTAssertGreaterThanOrEqual(counts.max() ?? 0, 34)
    }

    func testSeveralThreadsRun() {
        // Each waits until the others are there.
        let waiting = Atomic<Int>(0)
        let met = parallelMap(count: 3, threads: 3) { _ in
            waiting.add(1, ordering: .relaxed)
            for _ in 0..<2000 where waiting.load(ordering: .relaxed) < 3 { usleep(1000) }
            return waiting.load(ordering: .relaxed)
        }
        XCTAssertEqual(met, [3, 3, 3])
    }

    func testTheCallingThreadWatchesAndCanEndIt() {
        let caller = pthread_self()
        var seen: [Int] = []
        let results = parallelMap(count: 1000, threads: 2) { number in
            usleep(200)
            return number
        } goesOn: { done, values in
            XCTAssertNotEqual(pthread_equal(pthread_self(), caller), 0)
            XCTAssertGreaterThanOrEqual(values().count { $0 != nil }, done)
            seen.append(done)
            return done < 10
        }
        XCTAssertEqual(seen, Set(seen).sorted())
        let made = results.compactMap(\.self)
        XCTAssertEqual(made, Array(0..<made.count))
        XCTAssertTrue((10..<200).contains(made.count), "\(made.count)")
    }

    func testAnErrorEndsTheWatch() {
        for threads in [1, 3] {
            XCTAssertThrowsError(
                try parallelMap(count: 50, threads: threads) { number in
                    if number == 7 { throw Failure(number: number) }
                } goesOn: { _, _ in
                    true
                }
            ) { XCTAssertEqual($0 as? Failure, Failure(number: 7)) }
        }
    }
}
