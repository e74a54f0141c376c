import Foundation
import Support

/// A program that is run to its end for what it prints.
struct MeasuredProcess {
    let status: Int32
    let output: String
    let errors: String

    /// Runs a program.
    ///
    /// - Parameters:
    ///   - environment: all of its environment.
    ///   - seconds: the time after which it is ended; its status is then that of the signal.
    /// - Throws: ``PeerRun/Failure`` if it can't be started, `Stopped` if the user asks for a stop meanwhile.
    init(
        _ program: String, _ arguments: [String], environment: [String: String], seconds: Double = 1200
    ) throws {
        // Files, since a pipe that nobody reads fills up.
        let stem = FileManager.default.temporaryDirectory.appendingPathComponent("vertebra-\(UUID().uuidString)")
        let files = ["out", "err"].map { stem.appendingPathExtension($0) }
        defer { for file in files { try? FileManager.default.removeItem(at: file) } }
        for file in files { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: files[0])
        process.standardError = try FileHandle(forWritingTo: files[1])
        do {
            try process.run()
        } catch {
            throw PeerRun.Failure("\(program) can't be started: \(reason(of: error))")
        }
        let deadline = Date() + seconds
        while process.isRunning {
            if StopSignal.isRequested || Date() > deadline { kill(process.processIdentifier, SIGKILL) }
            usleep(10_000)
        }
        process.waitUntilExit()
        if StopSignal.isRequested { throw Stopped() }
        func text(_ file: URL) -> String {
            (try? Data(contentsOf: file)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        }
        (status, output, errors) = (process.terminationStatus, text(files[0]), text(files[1]))
    }

    /// The last line that it printed as an error, which says why it failed.
    var lastError: String {
        errors.split(separator: "\n").last.map { String($0).trimmingCharacters(in: .whitespaces) }
            ?? "it gave no reason"
    }
}
