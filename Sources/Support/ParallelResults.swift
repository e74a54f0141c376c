/// Results that several threads make, one for each number, while the calling thread watches them come.
package final class ParallelResults<Value: Sendable>: @unchecked Sendable {
    private let monitor = Monitor()
    private let body: @Sendable (Int) -> Value

    // Under the monitor:
    private var values: [Value?]
    private var next = 0
    private var done = 0
    private var isCancelled = false

    private init(count: Int, _ body: @escaping @Sendable (Int) -> Value) {
        values = Array(repeating: nil, count: count)
        self.body = body
    }

    /// Calls `body` for 0 ..< count on up to `threads` threads.
    ///
    /// - Parameter goesOn: Called on the calling thread whenever there are more results, with what is there so far: how
    ///   many, and a closure that gives them. With false no more are begun.
    /// - Returns: The results; nil for those that were not begun.
    package static func make(
        count: Int, threads: Int, _ body: @escaping @Sendable (Int) -> Value,
        goesOn: (_ done: Int, _ values: () -> [Value?]) -> Bool = { _, _ in true }
    ) -> [Value?] {
        let results = ParallelResults(count: count, body)
        let workers = WorkerThreads(count: min(threads, count)) { _ in while results.makeNext() {} }
        var done = 0
        while done < count {
            // Where the system refuses threads, this one does the work.
            if workers.count == 0 { _ = results.makeNext() }
            done = results.waitForMore(than: done)
            guard goesOn(done, { results.all }) else {
                results.cancel()
                break
            }
        }
        workers.join()
        return results.all
    }

    private var all: [Value?] { monitor.locked { values } }

    /// False when none is left.
    private func makeNext() -> Bool {
        let number: Int? = monitor.locked {
            guard !isCancelled, next < values.count else { return nil }
            next += 1
            return next - 1
        }
        guard let number else { return false }
        let value = body(number)
        monitor.locked {
            values[number] = value
            done += 1
            monitor.signalAll(.results)
        }
        return true
    }

    private func waitForMore(than seen: Int) -> Int {
        monitor.locked {
            while done == seen { monitor.wait(for: .results) }
            return done
        }
    }

    private func cancel() { monitor.locked { isCancelled = true } }
}
