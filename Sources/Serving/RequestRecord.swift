import Foundation
import NIOHTTP1

/// A request that was answered, for a line of the log.
package struct RequestRecord: Sendable {
    package var method: String
    /// The path with its parameters.
    package var target: String
    package var status: Int
    /// Bytes of the request's body.
    package var received: Int
    /// Bytes of the answer's body.
    package var sent: Int
    /// Seconds from the request's head to the end of the answer.
    package var seconds: Double
    /// The reason of a refusal.
    package var reason: String?

    init(
        _ head: HTTPRequestHead, status: Int, received: Int, sent: Int, began: ContinuousClock.Instant, reason: String?
    ) {
        method = head.method.rawValue
        target = head.uri
        (self.status, self.received, self.sent, self.reason) = (status, received, sent, reason)
        seconds = (ContinuousClock.now - began) / .seconds(1)
    }

    /// A request whose client left before it had its answer, with the status that other servers log for it.
    init(givenUp head: HTTPRequestHead, received: Int, began: ContinuousClock.Instant) {
        self.init(head, status: 499, received: received, sent: 0, began: began, reason: "the client left")
    }

    /// A request that was refused before its head was there.
    init(_ head: HTTPRequestHead, _ refusal: Refusal) {
        self.init(
            head, status: Int(refusal.status.code), received: 0, sent: 0, began: .now, reason: refusal.reason)
    }

    /// The line, without a time.
    package var line: String {
        let path = target.count > 200 ? target.prefix(200) + "…" : target[...]
        return "\(method) \(path) \(status), \(received) bytes in, \(sent) out, "
            + String(format: "%.0f ms", seconds * 1000) + (reason.map { ": \($0)" } ?? "")
    }
}
