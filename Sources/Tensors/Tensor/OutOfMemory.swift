import CTorch
import Foundation
import Support

/// There was not enough memory for an operation on tensors.
public struct OutOfMemory: Error, Hashable, Sendable, CustomStringConvertible {
    /// Work that may need more memory than there is, in words for the user.
    public struct Work: Hashable, Sendable {
        /// What takes the memory, such as "a batch of 8 images, the largest of 1333 × 800 pixels".
        public var load: String
        /// What makes it smaller, such as "lower training.batch".
        public var advice: String

        /// Work of a name, and what makes it smaller.
        public init(_ load: String, advice: String) {
            self.load = load
            self.advice = advice
        }
    }

    /// The work that the operation was part of, if it was told.
    public let work: Work?
    /// The operation, with the shapes of what it was given.
    public let operation: String
    /// libtorch's words.
    public let reason: String

    /// What was too large, what failed, and what to do.
    public var description: String {
        "out of memory" + (work.map { " at \($0.load)" } ?? "") + ": \(work?.advice ?? "take less at a time"). "
            + "What failed was \(operation): \(reason)"
    }

    @TaskLocal private static var current: Work?

    /// Runs `body` as work that has a name if its memory does not suffice. Within other named work, that one's name stays.
    public static func naming<R>(_ work: @autoclosure () -> Work?, _ body: () throws -> R) rethrows -> R {
        guard current == nil else { return try body() }
        return try $current.withValue(work(), operation: body)
    }

    fileprivate init(operation: String, reason: String) {
        work = Self.current
        self.operation = operation
        self.reason = reason
    }
}

/// Runs `body` on a thread of its own; where an operation on tensors lacks memory, that is thrown here instead of ending the
/// process.
///
/// Operations don't throw, so the thread that ran out of memory can't go back: it sleeps until the process ends, with all
/// that it holds. So this is for work whose failure ends a job, not for trying sizes until one fits. Random state, gradient
/// recording and the number of threads are those of the caller.
///
/// - Throws: ``OutOfMemory``, and what `body` throws.
public func throwingOutOfMemory<R>(_ body: @escaping () throws -> R) throws -> R {
    let scope = MemoryScope<R>(body)
    guard scope.start() else { return try body() }
    return try scope.outcome().get()
}

/// Ends the calling thread's work where it runs within ``throwingOutOfMemory(_:)``; returns where it does not.
func endForWantOfMemory(operation: String, reason: String) {
    guard let scope = MemoryScopes.ofThisThread ?? MemoryScopes.innermost else { return }
    scope.fail(OutOfMemory(operation: operation, reason: reason))
    while true { sleep(.max) }
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
        let records = isGradEnabled, threads = Threads.count
        let work = ThreadBody { [self] in
            // libtorch keeps both for each thread.
            if Threads.count != threads { Threads.count = threads }
            let result = MemoryScopes.$ofThisThread.withValue(self) {
                Result { records ? try body() : try withoutGrad(body) }
            }
            finish(result)
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
