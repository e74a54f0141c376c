import Foundation
import NIOHTTP1

/// Tells by a request's head whether it is taken on, and what it is for.
struct RequestRules: Sendable {
    /// What a request is for.
    enum Route: Sendable {
        case page(WebPage.Part)
        case model, health
        case files(Question, UploadForm)
    }

    let task: ServedTask
    let limits: ServerLimits

    /// The route of a request.
    ///
    /// - Throws: ``Refusal``.
    func route(_ head: HTTPRequestHead) throws(Refusal) -> Route {
        try requireOwnName(head)
        let target = try RequestTarget(head.uri)
        if let other = ServedTask.allCases.first(where: { $0 != task && $0.path == target.path }) {
            throw Refusal(.notFound, "this network does not \(other.rawValue); POST files to \(task.path)")
        }
        guard target.path != task.path else {
            try requireMethod(head, among: [.POST], path: target.path)
            return .files(try Question(target, task: task), try UploadForm(head.headers.first(name: "Content-Type")))
        }
        let route: Route? =
            switch target.path {
            case "/model": .model
            case "/health": .health
            default: WebPage.Part(path: target.path).map { .page($0) }
            }
        guard let route else {
            throw Refusal(
                .notFound,
                "there is no \(target.path) here; the page is at /, and there are /model, /health and \(task.path)")
        }
        try requireMethod(head, among: [.GET, .HEAD], path: target.path)
        try target.requireOnly([])
        return route
    }

    private func requireMethod(
        _ head: HTTPRequestHead, among methods: [HTTPMethod], path: String
    ) throws(Refusal) {
        guard !methods.contains(head.method) else { return }
        let allowed = methods.map(\.rawValue).joined(separator: ", ")
        throw Refusal(
            .methodNotAllowed, "\(path) is for \(allowed), not \(head.method.rawValue)", headers: [("Allow", allowed)])
    }

    /// Refuses what other sites send by way of a browser: under a name of theirs that leads here (DNS rebinding), or from a page
    /// of theirs.
    private func requireOwnName(_ head: HTTPRequestHead) throws(Refusal) {
        let hosts = head.headers["Host"]
        guard hosts.count == 1 || (hosts.isEmpty && head.version.minor == 0) else {
            throw Refusal(.badRequest, "the request must have one header Host")
        }
        if let host = hosts.first, !Self.isLoopback(host[...]) {
            throw Refusal(.forbidden, "this server answers to localhost and 127.0.0.1, and was asked as \(host)")
        }
        if let origin = head.headers.first(name: "Origin") {
            guard let scheme = origin.range(of: "http://", options: .anchored),
                Self.isLoopback(origin[scheme.upperBound...]),
                hosts.first.map({ origin[scheme.upperBound...] == $0 }) ?? false
            else { throw Refusal(.forbidden, "pages of other sites may not ask this server; this one is of \(origin)") }
        }
    }

    /// Whether a host, with a port or without, is a name of this machine for itself.
    private static func isLoopback(_ host: Substring) -> Bool {
        let names = ["localhost", "127.0.0.1", "[::1]"]
        return names.contains { name in
            guard host.lowercased().hasPrefix(name) else { return false }
            let rest = host.dropFirst(name.count)
            guard !rest.isEmpty else { return true }
            return rest.first == ":" && (1...5).contains(rest.count - 1)
                && rest.dropFirst().allSatisfy { $0.isASCII && $0.isNumber }
        }
    }

    /// How many bytes a body is to have; nil if only its end will tell.
    ///
    /// - Throws: ``Refusal`` where it is above the limit, or nothing says how the body ends.
    func bodyLength(_ head: HTTPRequestHead) throws(Refusal) -> Int? {
        if let text = head.headers.first(name: "Content-Length") {
            guard let length = Int(text), length >= 0 else {
                throw Refusal(.badRequest, "Content-Length is \(text), and not a number of bytes")
            }
            guard length <= limits.uploadBytes else { throw .tooLarge(limits.uploadBytes) }
            return length
        }
        guard head.headers.contains(name: "Transfer-Encoding") else {
            throw Refusal(.lengthRequired, "the request has neither Content-Length nor a chunked body")
        }
        return nil
    }
}
