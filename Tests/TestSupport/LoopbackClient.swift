import Foundation
import Glibc

/// A plain client of a server on this machine: it sends the bytes that it is told to, whatever they are.
public final class LoopbackClient: @unchecked Sendable {
    /// What a server answered.
    public struct Answer {
        public var status: Int
        /// By names in small letters.
        public var headers: [String: String]
        public var body: [UInt8]

        public var text: String { String(decoding: body, as: UTF8.self) }
        /// What it says of a refusal.
        public var error: String? {
            (try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])?["error"] as? String
        }
    }

    private let socket: Int32
    private var rest: [UInt8] = []

    /// - Parameter seconds: How long an answer is waited for.
    public init(port: Int, seconds: Int = 30) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var time = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            close(socket)
            throw NSError(domain: NSPOSIXErrorDomain, code: Int(errno))
        }
    }

    deinit { close(socket) }

    /// Sends bytes; false if the server takes no more.
    @discardableResult
    public func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    @discardableResult
    public func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// The next answer; nil if the connection ends before it, or none comes in time.
    public func answer(to method: String = "GET") -> Answer? {
        var end = headEnd()
        while end == nil {
            guard readMore() else { return nil }
            end = headEnd()
        }
        guard let end else { return nil }
        let lines = String(decoding: rest[..<end], as: UTF8.self).components(separatedBy: "\r\n")
        let status = lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        rest.removeFirst(end + 4)
        if status == 100 { return answer(to: method) }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let sides = line.split(separator: ":", maxSplits: 1)
            if sides.count == 2 {
                headers[sides[0].lowercased()] = sides[1].trimmingCharacters(in: .whitespaces)
            }
        }
        let length = method == "HEAD" ? 0 : headers["content-length"].flatMap { Int($0) } ?? 0
        while rest.count < length { guard readMore() else { return nil } }
        let body = Array(rest.prefix(length))
        rest.removeFirst(length)
        return Answer(status: status, headers: headers, body: body)
    }

    /// Whether the server ends the connection without sending anything more.
    public var isEnded: Bool {
        var byte: UInt8 = 0
        return rest.isEmpty && recv(socket, &byte, 1, 0) == 0
    }

    /// Sends a request with a body and gets the answer.
    public func request(
        _ method: String, _ target: String, headers: [String] = [], body: [UInt8]? = nil, host: String = "localhost"
    ) -> Answer? {
        let length = body.map { ["Content-Length: \($0.count)"] } ?? []
        let head = (["\(method) \(target) HTTP/1.1", "Host: \(host)"] + length + headers).joined(separator: "\r\n")
        send(Array((head + "\r\n\r\n").utf8) + (body ?? []))
        return answer(to: method)
    }

    private func headEnd() -> Int? {
        guard rest.count >= 4 else { return nil }
        return (0...rest.count - 4).first {
            rest[$0] == 13 && rest[$0 + 1] == 10 && rest[$0 + 2] == 13 && rest[$0 + 3] == 10
        }
    }

    private func readMore() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(socket, &buffer, buffer.count, 0)
        guard count > 0 else { return false }
        rest += buffer[..<count]
        return true
    }
}
