import Foundation

/// Runs `body` on a thread of its own; where memory is wanting on that thread or on one that it has started, that is thrown
/// here instead of ending the process.
///
/// What needs memory often can't throw, so the thread that ran out of it can't go back: it sleeps until the process ends, with
/// all that it holds.
///
/// - Throws: ``OutOfMemory``, and what `body` throws.
package func throwingWantOfMemory<R>(_ body: @escaping () throws -> R) throws -> R {
    let scope = MemoryScope<R>(body)
    guard scope.start() else { return try body() }
    return try scope.outcome().get()
}

/// Ends the work that the calling thread is part of where it runs within ``throwingWantOfMemory(_:)``; returns where it does not.
package func endForWantOfMemory(operation: String, reason: String) {
    guard let scope = MemoryScopes.ofThisThread ?? MemoryScopes.innermost else { return }
    scope.fail(OutOfMemory(operation: operation, reason: reason))
    while true { sleep(.max) }
}

/// Ends the work that the calling thread is part of, or the process where that work can't be ended alone.
package func failForWantOfMemory(_ operation: String, reason: String = "the system refuses them") -> Never {
    endForWantOfMemory(operation: operation, reason: reason)
    fatalError("no memory for \(operation): \(reason)")
}

/// Memory for `byteCount` bytes, to be released by `free`. A want of it ends the work, as ``failForWantOfMemory(_:reason:)``
/// does, with `purpose` as what the bytes were for.
package func memory(of byteCount: Int, for purpose: @autoclosure () -> String) -> UnsafeMutableRawPointer {
    guard let memory = malloc(byteCount) else { failForWantOfMemory("\(byteCount) bytes for \(purpose())") }
    return memory
}

private protocol FailingScope: AnyObject, Sendable {
    func fail(_ error: OutOfMemory)
}

private enum MemoryScopes {
    @TaskLocal static var ofThisThread: (any FailingScope)?

    private static let monitor = Monitor()
    nonisolated(unsafe) private static var running: [any FailingScope] = []

    /// The last scope that began and has not ended: that of threads which libtorch starts.
    static var innermost: (any FailingScope)? { monitor.locked { running.last } }

    static func begin(_ scope: any FailingScope) { monitor.locked { running.append(scope) } }
    static func end(_ scope: any FailingScope) { monitor.locked { running.removeAll { $0 === scope } } }
}

private final class MemoryScope<R>: FailingScope, @unchecked Sendable {
    private let body: () throws -> R
    private let monitor = Monitor()
    private var result: Result<R, any Error>?

    init(_ body: @escaping () throws -> R) { self.body = body }

    /// Begins the work on another thread; false if the system gives none.
    func start() -> Bool {
        let work = ThreadBody { [self] in
            finish(MemoryScopes.$ofThisThread.withValue(self) { Result(catching: body) })
        }
        MemoryScopes.begin(self)
        var attributes = pthread_attr_t(), thread = pthread_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        // As much as the first thread of a process may have; the system gives memory as it is used.
        pthread_attr_setstacksize(&attributes, 16 << 20)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        let retained = Unmanaged.passRetained(work)
        let status = pthread_create(
            &thread, &attributes,
            { argument in
                if let argument { Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, retained.toOpaque())
        if status != 0 {
            retained.release()
            MemoryScopes.end(self)
        }
        return status == 0
    }

    func fail(_ error: OutOfMemory) { finish(.failure(error)) }

    private func finish(_ outcome: Result<R, any Error>) {
        monitor.locked {
            if result == nil { result = outcome }
            monitor.signalAll(.results)
        }
    }

    /// Waits for the end of the work.
    func outcome() -> Result<R, any Error> {
        defer { MemoryScopes.end(self) }
        return monitor.locked {
            while true {
                if let result { return result }
                monitor.wait(for: .results)
            }
        }
    }
}

private final class ThreadBody {
    let run: () -> Void

    init(_ run: @escaping () -> Void) { self.run = run }
}
