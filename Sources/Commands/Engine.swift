import Foundation

/// The program that does the work for which libraries of hundreds of megabytes have to be loaded. It stands beside `vertebra`.
package enum Engine {
    /// The name of its file.
    package static let name = "vertebra-engine"

    /// Variables of the environment that libraries read while they are loaded, and the values that the engine starts with
    /// where the user has set none.
    package static let environmentDefaults: [(variable: String, value: String)] = []

    /// The engine's file: beside the program that runs, whose symbolic links are followed.
    package static var path: String {
        let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "vertebra"
        return (program as NSString).deletingLastPathComponent + "/" + name
    }

    /// Turns this process into the engine, with the same arguments to the byte; the process keeps its number, so signals and the
    /// exit code need no passing on. Comes back only where that fails.
    package static func become() -> EngineError {
        let path = path
        // An engine that lacks a command's work would start itself without end.
        guard (CommandLine.arguments.first as NSString?)?.lastPathComponent != name else {
            preconditionFailure("the engine has no work for this command")
        }
        setDefaults(environmentDefaults)
        execv(path, CommandLine.unsafeArgv)
        return EngineError(path: path, reason: errno)
    }

    /// Sets the variables of the environment that aren't set.
    package static func setDefaults(_ defaults: [(variable: String, value: String)]) {
        for (variable, value) in defaults { setenv(variable, value, 0) }
    }
}

/// The engine can't be started.
package struct EngineError: Error, CustomStringConvertible {
    /// The engine's file.
    package let path: String
    /// The reason as an `errno`.
    package let reason: Int32

    package init(path: String, reason: Int32) { (self.path, self.reason) = (path, reason) }

    package var description: String {
        let problem =
            reason == ENOENT ? "there is no such file" : "can't be started (\(String(cString: strerror(reason))))"
        return
            "\(path): \(problem). It belongs beside vertebra: build both with `swift build -c release --product vertebra`, or "
            + "copy both"
    }
}
