import Synchronization

/// The results of `body` for each of 0 ..< count, computed on up to `threads` threads including the calling one.
///
/// - Throws: The error of the lowest number that has one; no number is begun after it occurred.
package func parallelMap<Value: Sendable, Failure: Error>(
    count: Int, threads: Int, _ body: @escaping @Sendable (Int) throws(Failure) -> Value
) throws(Failure) -> [Value] {
    try parallelMap(count: count, threads: threads, scratch: {}) {
        (_: inout Void, number: Int) throws(Failure) -> Value in try body(number)
    }
}

/// The results of `body` for each of 0 ..< count, computed on up to `threads` threads including the calling one. Each
/// thread has a scratch value that it keeps from one number to the next.
///
/// - Throws: The error of the lowest number that has one; no number is begun after it occurred.
package func parallelMap<Scratch, Value: Sendable, Failure: Error>(
    count: Int, threads: Int, scratch: @escaping @Sendable () -> Scratch,
    _ body: @escaping @Sendable (inout Scratch, Int) throws(Failure) -> Value
) throws(Failure) -> [Value] {
    let map = ParallelMap(count: count, scratch: scratch, body)
    let workers = WorkerThreads(count: max(0, min(threads, count) - 1)) { _ in map.work() }
    map.work()
    workers.join()
    return try map.values().map { value in
        guard let value else { preconditionFailure("parallelMap: a number was left out") }
        return value
    }
}

/// The results of `body` for each of 0 ..< count, computed on up to `threads` other threads while the calling one watches.
///
/// - Parameters:
///   - count: The number of results.
///   - threads: Threads beside the calling one.
///   - body: The work of one number.
///   - goesOn: Called on the calling thread when there are more results, with their number so far and a closure that
///     gives them. If it returns false, no more numbers are begun.
/// - Returns: The results; nil for numbers that were not begun.
/// - Throws: The error of the lowest number that has one; no number is begun after it occurred.
package func parallelMap<Value: Sendable, Failure: Error>(
    count: Int, threads: Int, _ body: @escaping @Sendable (Int) throws(Failure) -> Value,
    goesOn: (_ done: Int, _ values: () -> [Value?]) -> Bool
) throws(Failure) -> [Value?] {
    let map = ParallelMap(count: count, scratch: {}) {
        (_: inout Void, number: Int) throws(Failure) -> Value in try body(number)
    }
    let workers = WorkerThreads(count: max(0, min(threads, count))) { _ in map.work() }
    var done = 0, nothing: Void = ()
    while done < count {
        // If the system refuses threads, the calling one does the work.
        if workers.count == 0 { _ = map.workOnce(&nothing) }
        let now = map.waitForMore(than: done)
        guard now > done else { break }
        done = now
        guard goesOn(done, { map.valuesSoFar }) else {
            map.stop()
            break
        }
    }
    workers.join()
    return try map.values()
}

/// Hands out numbers to threads and collects their results.
private final class ParallelMap<Scratch, Value: Sendable, Failure: Error>: @unchecked Sendable {
    private let count: Int
    private let makeScratch: @Sendable () -> Scratch
    private let body: @Sendable (inout Scratch, Int) throws(Failure) -> Value
    private let next = Atomic<Int>(0)
    private let isStopped = Atomic<Bool>(false)
    private let monitor = Monitor()

    // Accessed only while the monitor is locked:
    private var results: [Value?]
    private var done = 0
    private var failure: (number: Int, error: Failure)?

    init(
        count: Int, scratch: @escaping @Sendable () -> Scratch,
        _ body: @escaping @Sendable (inout Scratch, Int) throws(Failure) -> Value
    ) {
        self.count = max(0, count)
        makeScratch = scratch
        self.body = body
        results = Array(repeating: nil, count: max(0, count))
    }

    func work() {
        var scratch = makeScratch()
        while workOnce(&scratch) {}
    }

    /// Does the work of the next number; false if none is left. Every number that was handed out is finished, even if a later
    /// one fails, so that the error thrown does not depend on the threads.
    func workOnce(_ scratch: inout Scratch) -> Bool {
        guard !isStopped.load(ordering: .relaxed) else { return false }
        let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard number < count else { return false }
        do throws(Failure) {
            let value = try body(&scratch, number)
            monitor.locked {
                results[number] = value
                done += 1
                monitor.signalAll(.results)
            }
        } catch {
            stop()
            monitor.locked {
                if failure.map({ number < $0.number }) ?? true { failure = (number, error) }
                monitor.signalAll(.results)
            }
        }
        return true
    }

    func stop() { isStopped.store(true, ordering: .relaxed) }

    /// Waits for more than `seen` results and returns their number; returns `seen` once there is an error.
    func waitForMore(than seen: Int) -> Int {
        monitor.locked {
            while done == seen && failure == nil { monitor.wait(for: .results) }
            return failure == nil ? done : seen
        }
    }

    var valuesSoFar: [Value?] { monitor.locked { results } }

    /// The results. To be called after all threads have ended.
    func values() throws(Failure) -> [Value?] {
        if let failure { throw failure.error }
        return results
    }
}
