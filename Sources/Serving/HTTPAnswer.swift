import Annotations
import NIOHTTP1

/// What the server answers to a request.
package struct HTTPAnswer: Sendable {
    package var status: HTTPResponseStatus
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    /// JSON, as files and standard output carry it.
    init(json: String, status: HTTPResponseStatus = .ok) {
        self.status = status
        headers = [("Content-Type", "application/json; charset=utf-8")]
        body = Array((json + "\n").utf8)
    }

    /// A part of the page.
    init(_ body: [UInt8], contentType: String) {
        status = .ok
        headers = [("Content-Type", contentType)]
        self.body = body
    }

    /// The answer to a request that is refused: its reason as JSON, with the key `error`.
    package init(_ refusal: Refusal) {
        let json = try? prettyJSON(["error": refusal.reason])
        self.init(json: json ?? "{}", status: refusal.status)
        headers += refusal.headers
    }

    /// Headers of every answer. A browser takes no script, style, picture or frame but the page's own, and keeps nothing.
    static let commonHeaders = [
        (
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src blob:; "
                + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Resource-Policy", "same-origin"), ("Cache-Control", "no-store"),
    ]
}

/// A request that is not done, with the reason in words for its sender.
package struct Refusal: Error, Sendable, CustomStringConvertible {
    package let status: HTTPResponseStatus
    package let reason: String
    var headers: [(name: String, value: String)] = []

    init(_ status: HTTPResponseStatus, _ reason: String, headers: [(name: String, value: String)] = []) {
        (self.status, self.reason, self.headers) = (status, reason, headers)
    }

    package var description: String { "\(status.code) \(reason)" }

    /// There is too much to do.
    static func busy(_ reason: String, retryAfter seconds: Int = 1) -> Refusal {
        Refusal(.serviceUnavailable, reason + "; try again", headers: [("Retry-After", "\(max(1, seconds))")])
    }

    /// More than the limit.
    static func tooLarge(_ limit: Int) -> Refusal {
        Refusal(.payloadTooLarge, "the body has more than \(limit) bytes, the most that this server takes")
    }
}
