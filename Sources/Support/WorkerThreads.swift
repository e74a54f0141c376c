import Foundation

/// A mutex with two conditions. Loader threads are plain POSIX threads: they block for long, which tasks of Swift's
/// executor must not.
package final class Monitor: @unchecked Sendable {
    package enum Condition: Int { case work, results }

    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let conditions: UnsafeMutablePointer<pthread_cond_t>

    package init() {
        mutex = .allocate(capacity: 1)
        conditions = .allocate(capacity: 2)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(conditions, nil)
        pthread_cond_init(conditions + 1, nil)
    }

    deinit {
        pthread_cond_destroy(conditions)
        pthread_cond_destroy(conditions + 1)
        pthread_mutex_destroy(mutex)
        conditions.deallocate()
        mutex.deallocate()
    }

    package func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body()
    }

    /// Waits until the condition is signalled. To be called only within `locked`.
    package func wait(for condition: Condition) { pthread_cond_wait(conditions + condition.rawValue, mutex) }

    package func signalAll(_ condition: Condition) { pthread_cond_broadcast(conditions + condition.rawValue) }
}

/// Threads that each run the same body with their number, until all return.
package final class WorkerThreads {
    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// The most threads that are started at once. Beyond it, stacks use up the memory maps that the system allows a process,
    /// and whatever asks for memory next ends it.
    package static let most = 1024

    private var threads: [pthread_t] = []

    /// Starts `count` threads, or fewer if the system refuses more or `count` is above ``most``.
    package init(count: Int, body: @escaping @Sendable (Int) -> Void) {
        for number in 0..<max(0, min(count, Self.most)) {
            let retained = Unmanaged.passRetained(Body { body(number) })
            var thread = pthread_t()
            let status = pthread_create(
                &thread, nil,
                { argument in
                    if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
                    return nil
                }, retained.toOpaque())
            guard status == 0 else {
                retained.release()
                break
            }
            threads.append(thread)
        }
    }

    package var count: Int { threads.count }

    /// Whether the system starts `count` threads now. Libraries that start threads of their own end the process where it
    /// does not.
    package static func canStart(_ count: Int) -> Bool {
        guard count <= most else { return false }
        final class Gate: @unchecked Sendable { var isOpen = false }
        let monitor = Monitor(), gate = Gate()
        // All wait for each other, so that all are there at the same time.
        let threads = WorkerThreads(count: count) { _ in
            monitor.locked { while !gate.isOpen { monitor.wait(for: .work) } }
        }
        let started = threads.count
        monitor.locked {
            gate.isOpen = true
            monitor.signalAll(.work)
        }
        threads.join()
        return started >= count
    }

    /// Waits until all threads have ended.
    package func join() {
        for thread in threads { pthread_join(thread, nil) }
        threads.removeAll()
    }

    deinit { join() }
}
