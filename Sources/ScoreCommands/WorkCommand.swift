import ArgumentParser
@preconcurrency import Foundation
import Support

/// A command whose failures are one message on standard error and exit code 1, or 2 if the call was wrong.
public protocol WorkCommand: ParsableCommand {
    func work() throws
}

extension WorkCommand {
    public func run() throws {
        do {
            try work()
            // print() does not report a full disk or a closed pipe.
            guard fflush(stdout) == 0, ferror(stdout) == 0 else { throw StandardOutputError(reason: errno) }
        } catch let error as ExitCode {
            throw error
        } catch let error as ValidationError {
            throw error
        } catch {
            printToStandardError("\(Self.program): \(message(of: error))")
            let isOfCall = (error as? any ErrorOfCall)?.isOfCall ?? false
            throw isOfCall ? ExitCode(2) : ExitCode.failure
        }
    }

    /// The name of the program that runs, without its folder.
    private static var program: String { URL(fileURLWithPath: CommandLine.arguments[0]).lastPathComponent }

    /// An error's description; Foundation's errors have none for people.
    private func message(of error: any Error) -> String { isFoundations(error) ? reason(of: error) : "\(error)" }
}

extension ParsableCommand {
    /// Runs the command that the process's arguments name, as `main()` does; where its message repeats an argument, control
    /// characters in it are escapes.
    public static func runAsProgram() {
        // A file that reaches the limit of `ulimit -f` then is an error that names it, as on a full disk.
        signal(SIGXFSZ, SIG_IGN)
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            let text = fullMessage(for: error), code = exitCode(for: error)
            if !text.isEmpty { code.isSuccess ? printToStandardOutput(text) : printToStandardError(text) }
            Self.exit(withError: code)
        }
    }
}

/// The error that printed text did not arrive.
struct StandardOutputError: Error, CustomStringConvertible {
    /// The reason as an `errno`.
    let reason: Int32

    var description: String {
        "standard output can't be written (\(String(cString: strerror(reason)))), so the text there is incomplete"
    }
}

/// Writes a line to standard error, in which the control characters of names that came out of files are escapes.
public func printToStandardError(_ text: String) { writeToStandardError(text.withVisibleControls + "\n") }

/// Prints text, in which the control characters of names that came out of files are escapes.
public func printToStandardOutput(_ text: String, terminator: String = "\n") {
    print(text.withVisibleControls, terminator: terminator)
}
