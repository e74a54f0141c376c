import CTorch
import Foundation
import Synchronization
import Tensors
import XCTest

/// The native operations' loop over tasks: it must really use the engine's threads.
final class DetectionOpsParallelTests: XCTestCase {
    fileprivate final class Log: Sendable {
        let arrived = Atomic(0)
        let met = Atomic(0)
        let threads = Mutex<[Int: UInt]>([:])
        let inner = Mutex<[Int: [UInt]]>([:])
    }

    private func run(_ count: Int, _ log: Log, _ task: @convention(c) (UnsafeMutableRawPointer?, Int64) -> Void) {
        XCTAssertEqual(ct_parallel_tasks(Int64(count), task, Unmanaged.passUnretained(log).toOpaque()), 0)
    }

    override func setUp() {
        threads = Threads.count
        Threads.count = 2
    }
    override func tearDown() { Threads.count = threads }
    private var threads = 1

    func testTwoThreadsRunAtOnce() {
        let log = Log()
        run(2, log) { context, _ in
            guard let log = Log.of(context) else { return }
            log.arrived.add(1, ordering: .sequentiallyConsistent)
            let deadline = Date(timeIntervalSinceNow: 60)
            while log.arrived.load(ordering: .sequentiallyConsistent) < 2, Date() < deadline { sched_yield() }
            if log.arrived.load(ordering: .sequentiallyConsistent) == 2 {
                log.met.add(1, ordering: .sequentiallyConsistent)
            }
        }
        XCTAssertEqual(log.met.load(ordering: .sequentiallyConsistent), 2, "each task waits until the other has begun")
    }

    func testEveryTaskRunsOnce() {
        for count in [0, 1, 2, 1000] {
            let log = Log()
            run(count, log) { context, index in
                guard let log = Log.of(context) else { return }
                log.arrived.add(1, ordering: .relaxed)
                log.threads.withLock { $0[Int(index)] = UInt(pthread_self()) }
            }
            XCTAssertEqual(log.arrived.load(ordering: .relaxed), count)
            XCTAssertEqual(log.threads.withLock { $0.keys.sorted() }, Array(0..<count))
        }
    }

    func testALoopInsideALoopStaysOnItsThread() {
        let log = Log()
        run(2, log) { context, index in
            guard let log = Log.of(context) else { return }
            log.threads.withLock { $0[Int(index)] = UInt(pthread_self()) }
            _ = ct_parallel_tasks(
                50,
                { context, _ in
                    let thread = UInt(pthread_self())
                    Log.of(context)?.inner.withLock { $0[Int(thread), default: []].append(thread) }
                }, context)
        }
        let outer = Set(log.threads.withLock { $0.values.map { Int($0) } })
        XCTAssertEqual(Set(log.inner.withLock { $0.keys }), outer)
        XCTAssertEqual(log.inner.withLock { $0.values.map(\.count).reduce(0, +) }, 100)
    }
}

extension DetectionOpsParallelTests.Log {
    fileprivate static func of(_ context: UnsafeMutableRawPointer?) -> Self? {
        context.map { Unmanaged<Self>.fromOpaque($0).takeUnretainedValue() }
    }
}
