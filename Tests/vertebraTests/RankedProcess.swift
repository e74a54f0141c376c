import Foundation

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
}
