import Support

/// Runs `body` on a thread of its own; where an operation on tensors or a picture's pixels lack memory, that is thrown here
/// instead of ending the process.
///
/// Operations don't throw, so the thread that ran out of memory can't go back: it sleeps until the process ends, with all
/// that it holds. So this is for work whose failure ends a job, not for trying sizes until one fits. Random state, gradient
/// recording and the number of threads are those of the caller.
///
/// - Throws: `OutOfMemory`, and what `body` throws.
public func throwingOutOfMemory<R>(_ body: @escaping () throws -> R) throws -> R {
    // libtorch keeps both for each thread.
    let records = isGradEnabled, threads = Threads.count
    return try throwingWantOfMemory {
        if Threads.count != threads { Threads.count = threads }
        return records ? try body() : try withoutGrad(body)
    }
}
