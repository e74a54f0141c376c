import ArgumentParser
@preconcurrency import Foundation

/// A command whose failures are one message on standard error and exit code 1.
public protocol WorkCommand: ParsableCommand {
    func work() throws
}

extension WorkCommand {
    public func run() throws {
        do {
            try work()
            // A full disk or a closed pipe: print() itself says nothing.
            guard fflush(stdout) == 0, ferror(stdout) == 0 else { throw StandardOutputError(reason: errno) }
        } catch let error as ExitCode {
            throw error
        } catch let error as ValidationError {
            throw error
        } catch {
            printToStandardError("vertebra: \(message(of: error))")
            throw ExitCode.failure
        }
    }

    /// An error's own words; Foundation's errors have theirs in another place.
    private func message(of error: any Error) -> String {
        let isFoundations = error is CocoaError || type(of: error) is NSError.Type
        return isFoundations ? (error as NSError).localizedDescription : "\(error)"
    }
}

/// What was printed has not arrived.
struct StandardOutputError: Error, CustomStringConvertible {
    /// An `errno`.
    let reason: Int32

    var description: String {
        "standard output can't be written (\(String(cString: strerror(reason)))), so what stands there is not whole"
    }
}

public func printToStandardError(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
}
