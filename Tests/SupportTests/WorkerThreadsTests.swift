import Support
import Synchronization
import XCTest

final class WorkerThreadsTests: XCTestCase {
    func testEachThreadGetsItsNumberAndJoinWaitsForAll() {
        let sum = Atomic<Int>(0)
        let threads = WorkerThreads(count: 4) { number in
            usleep(5000)
            sum.add(1 << (8 * number), ordering: .relaxed)
        }
        XCTAssertEqual(threads.count, 4)
        threads.join()
        XCTAssertEqual(sum.load(ordering: .relaxed), 0x0101_0101)
        XCTAssertEqual(threads.count, 0)
    }

    /// What nobody needs is not begun: tens of thousands of stacks leave no room for anything else.
    func testAbsurdNumbersStartNoMoreThanTheMost() {
        let ran = Atomic<Int>(0)
        for count in [0, -1, Int.min] {
            XCTAssertEqual(WorkerThreads(count: count) { _ in ran.add(1, ordering: .relaxed) }.count, 0)
        }
        let threads = WorkerThreads(count: .max) { _ in ran.add(1, ordering: .relaxed) }
        let started = threads.count
        XCTAssertLessThanOrEqual(started, WorkerThreads.most)
        threads.join()
        XCTAssertEqual(ran.load(ordering: .relaxed), started)
        XCTAssertTrue(WorkerThreads.canStart(4))
        XCTAssertFalse(WorkerThreads.canStart(WorkerThreads.most + 1))
    }

    func testAMonitorHandsOver() {
        final class Box: @unchecked Sendable { var value = 0 }
        let monitor = Monitor(), box = Box()
        let threads = WorkerThreads(count: 1) { _ in
            monitor.locked {
                box.value = 7
                monitor.signalAll(.results)
            }
        }
        let value = monitor.locked {
            while box.value == 0 { monitor.wait(for: .results) }
            return box.value
        }
        threads.join()
        XCTAssertEqual(value, 7)
    }
}
