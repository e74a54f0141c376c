import Foundation
import XCTest

/// One of several processes that train together.
enum RankedProcess {
    /// The process of a rank that writes to `output`.
    static func find(rank: Int, output: String) throws -> pid_t? {
        for entry in try FileManager.default.contentsOfDirectory(atPath: "/proc") {
            guard let process = pid_t(entry), process != getpid(),
                let words = FileManager.default.contents(atPath: "/proc/\(process)/cmdline"),
                let variables = FileManager.default.contents(atPath: "/proc/\(process)/environ")
            else { continue }
            let call = words.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            guard call.contains(output), call.contains("train") else { continue }
            if variables.split(separator: 0).contains(where: { $0.elementsEqual("RANK=\(rank)".utf8) }) {
                return process
            }
        }
        return nil
    }

    /// A port that nobody listens at.
    static func freePort() throws -> UInt16 {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let found = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        XCTAssertTrue(found)
        return UInt16(bigEndian: address.sin_port)
    }
}
