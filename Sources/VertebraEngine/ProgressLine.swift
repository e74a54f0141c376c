import ArgumentParser
import Foundation
import ScoreCommands
import Support

/// A counter that is redrawn on standard error; nothing is shown unless that is a terminal.
final class ProgressLine {
    private let title: String
    private let isTerminal = isatty(STDERR_FILENO) != 0
    private var isDrawn = false
    private var began: ContinuousClock.Instant?

    init(_ title: String) { self.title = title }

    /// - Parameter rate: How many are done in a second.
    func show(_ done: Int, of total: Int, rate: Double? = nil) {
        guard isTerminal else { return }
        // The spaces at the end wipe the rest of a longer line.
        let speed = rate.map { String(format: ", %.1f a second  ", $0) } ?? ""
        writeToStandardError("\r\(title): \(done) of \(total)\(speed)")
        isDrawn = true
    }

    /// Shows the count with the rate since the first call and the time left at that rate.
    func showTimeLeft(_ done: Int, of total: Int) {
        let now = ContinuousClock.now, began = began ?? now
        self.began = began
        let seconds = (now - began) / .seconds(1)
        guard isTerminal, seconds > 0, done > 0 else { return }
        let left = Int((seconds / Double(done) * Double(total - done)).rounded())
        let time = String(format: "%d:%02d:%02d", left / 3600, left / 60 % 60, left % 60)
        let rate = String(format: "%.1f", Double(done) / seconds)
        writeToStandardError("\r\(title): \(done) of \(total), \(rate) a second, \(time) left  ")
        isDrawn = true
    }

    func end() {
        if isDrawn { printToStandardError("") }
        isDrawn = false
    }

    /// Calls `make` for each file and counts the files as they are done.
    static func counting<Result>(
        _ files: [String], _ title: String, _ make: (String) throws -> Result
    ) rethrows -> [Result] {
        let line = ProgressLine(title)
        let results = try files.enumerated().map { index, file in
            let result = try make(file)
            line.show(index + 1, of: files.count)
            return result
        }
        line.end()
        return results
    }
}

/// Ends the command before its next file if the user has asked to stop.
func requireGoingOn(before file: String) throws {
    guard StopSignal.isRequested else { return }
    printToStandardError("vertebra: stopped before \(file)")
    throw ExitCode.failure
}
