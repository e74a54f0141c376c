import Synchronization

/// What `body` makes of each of 0 ..< count, on up to `threads` threads, the calling one among them.
///
/// - Throws: The error of the lowest number that has one; no number is begun after it occurred.
package func parallelMap<Value: Sendable, Failure: Error>(
    count: Int, threads: Int, _ body: @escaping @Sendable (Int) throws(Failure) -> Value
) throws(Failure) -> [Value] {
    try parallelMap(count: count, threads: threads, scratch: {}) {
        (_: inout Void, number: Int) throws(Failure) -> Value in try body(number)
    }
}

/// What `body` makes of each of 0 ..< count, on up to `threads` threads, the calling one among them; each thread keeps a
/// value of its own from one number to the next.
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

/// What `body` makes of each of 0 ..< count, on up to `threads` threads, while the calling thread watches.
///
/// - Parameters:
///   - count: How many numbers there are.
///   - threads: Threads beside the calling one.
///   - body: The work of one number.
///   - goesOn: Called on the calling thread whenever there are more results, with what is there so far: how many, and a
///     closure that gives them. With false no more are begun.
/// - Returns: The results; nil for those that were not begun.
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
        // Where the system refuses threads, this one does the work.
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

/// Numbers handed out to threads, and what came of them.
private final class ParallelMap<Scratch, Value: Sendable, Failure: Error>: @unchecked Sendable {
    private let count: Int
    private let makeScratch: @Sendable () -> Scratch
    private let body: @Sendable (inout Scratch, Int) throws(Failure) -> Value
    private let next = Atomic<Int>(0)
    private let isStopped = Atomic<Bool>(false)
    private let monitor = Monitor()

    // Under the monitor:
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

    /// Does the next number; false when none is left. A number that is handed out is done, whatever became of those after it,
    /// so that the error of the lowest doesn't depend on the threads.
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

    /// How many results there are; as many as `seen` once there is an error.
    func waitForMore(than seen: Int) -> Int {
        monitor.locked {
            while done == seen && failure == nil { monitor.wait(for: .results) }
            return failure == nil ? done : seen
        }
    }

    var valuesSoFar: [Value?] { monitor.locked { results } }

    /// After all threads have ended.
    func values() throws(Failure) -> [Value?] {
        if let failure { throw failure.error }
        return results
    }
}
