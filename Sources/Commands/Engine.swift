import Foundation

/// The program that does the work for which libraries of hundreds of megabytes have to be loaded. It stands beside `vertebra`.
package enum Engine {
    /// The name of its file.
    package static let name = "vertebra-engine"

    /// A variable of the environment that a library reads while it is loaded, and the value that the engine starts with.
    package struct EnvironmentDefault: Sendable {
        package let variable, value: String
        /// Variables by which the user may have said the same in another way: then the value is left alone.
        package let others: [String]

        package init(_ variable: String, _ value: String, others: [String] = []) {
            (self.variable, self.value, self.others) = (variable, value, others)
        }
    }

    package static let environmentDefaults = [
        // How often a thread looks for work before it sleeps. libgomp's own 300,000 times last longer than a time slice: beside
        // other programs a thread burns what the one it waits for needs, and a step took three to sixteen times as long. 10,000
        // times are longer than the gaps in a step, and far shorter than a slice.
        EnvironmentDefault("GOMP_SPINCOUNT", "10000", others: ["OMP_WAIT_POLICY"])
    ]

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
    package static func setDefaults(_ defaults: [EnvironmentDefault]) {
        for known in defaults where known.others.allSatisfy({ getenv($0) == nil }) {
            setenv(known.variable, known.value, 0)
        }
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
