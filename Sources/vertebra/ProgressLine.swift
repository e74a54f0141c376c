import ArgumentParser
import Foundation
import ScoreCommands
import Support

/// A counter on standard error that is redrawn, where that is a terminal.
final class ProgressLine {
    private let title: String
    private let isTerminal = isatty(STDERR_FILENO) != 0
    private var isDrawn = false
    private var began: ContinuousClock.Instant?

    init(_ title: String) { self.title = title }

    /// - Parameter rate: Of them in a second.
    func show(_ done: Int, of total: Int, rate: Double? = nil) {
        guard isTerminal else { return }
        // What stays of a longer line before is wiped.
        let speed = rate.map { String(format: ", %.1f a second  ", $0) } ?? ""
        FileHandle.standardError.write(Data("\r\(title): \(done) of \(total)\(speed)".utf8))
        isDrawn = true
    }

    /// With how many there were in a second since the first call, and how long the others take at that.
    func showTimeLeft(_ done: Int, of total: Int) {
        let now = ContinuousClock.now, began = began ?? now
        self.began = began
        let seconds = (now - began) / .seconds(1)
        guard isTerminal, seconds > 0 else { return }
        let left = Int((seconds / Double(done) * Double(total - done)).rounded())
        let time = String(format: "%d:%02d:%02d", left / 3600, left / 60 % 60, left % 60)
        let rate = String(format: "%.1f", Double(done) / seconds)
        FileHandle.standardError.write(
            Data("\r\(title): \(done) of \(total), \(rate) a second, \(time) left  ".utf8))
        isDrawn = true
    }

    func end() {
        if isDrawn { printToStandardError("") }
        isDrawn = false
    }

    /// What `make` gives for each file; they are counted as it goes on.
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

/// Ends the command between two of its files, once the user asks to stop.
func requireGoingOn(before file: String) throws {
    guard StopSignal.isRequested else { return }
    printToStandardError("vertebra: stopped before \(file)")
    throw ExitCode.failure
}
