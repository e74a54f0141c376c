import Synchronization

/// Counts the requests that are taken on and the bytes of their bodies, and says when it is enough.
final class Admission: Sendable {
    private struct Count {
        var requests = 0
        var bytes = 0
        var isStopping = false
    }

    /// A request that was taken on. Whoever holds it gives it back once.
    struct Ticket: Sendable {
        fileprivate(set) var bytes: Int
    }

    private let count = Mutex(Count())
    private let limits: ServerLimits

    init(_ limits: ServerLimits) { self.limits = limits }

    /// How many requests are taken on and not answered yet.
    var requests: Int { count.withLock { $0.requests } }
    /// How many bytes of bodies are held.
    var bytes: Int { count.withLock { $0.bytes } }

    /// Takes no requests from now on.
    func stop() { count.withLock { $0.isStopping = true } }

    var isStopping: Bool { count.withLock { $0.isStopping } }

    /// Takes a request on, with a body of `bytes`.
    ///
    /// - Throws: ``Refusal`` where it is too much.
    func take(_ bytes: Int, retryAfter seconds: Int) throws(Refusal) -> Ticket {
        let refusal: Refusal? = count.withLock { count in
            guard !count.isStopping else { return .busy("the server is stopping", retryAfter: seconds) }
            guard count.requests < limits.requests else {
                return .busy("\(count.requests) requests are waiting, the most at a time", retryAfter: seconds)
            }
            guard count.bytes + bytes <= limits.heldBytes else { return Self.full(retryAfter: seconds) }
            count.requests += 1
            count.bytes += bytes
            return nil
        }
        if let refusal { throw refusal }
        return Ticket(bytes: bytes)
    }

    /// Takes on more bytes of a body whose length nobody has told.
    ///
    /// - Throws: ``Refusal`` where it is too much.
    func grow(_ ticket: inout Ticket, by bytes: Int, retryAfter seconds: Int) throws(Refusal) {
        guard ticket.bytes + bytes <= limits.uploadBytes else { throw .tooLarge(limits.uploadBytes) }
        let fits = count.withLock { count in
            guard count.bytes + bytes <= limits.heldBytes else { return false }
            count.bytes += bytes
            return true
        }
        guard fits else { throw Self.full(retryAfter: seconds) }
        ticket.bytes += bytes
    }

    /// The request was answered, or given up.
    func giveBack(_ ticket: Ticket) {
        count.withLock {
            $0.requests -= 1
            $0.bytes -= ticket.bytes
        }
    }

    private static func full(retryAfter seconds: Int) -> Refusal {
        .busy("the files of the requests that wait fill the memory set aside for them", retryAfter: seconds)
    }
}
