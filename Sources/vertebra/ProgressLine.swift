import Foundation
import ScoreCommands

/// A counter on standard error that is redrawn, where that is a terminal.
final class ProgressLine {
    private let title: String
    private let isTerminal = isatty(STDERR_FILENO) != 0
    private var isDrawn = false

    init(_ title: String) { self.title = title }

    /// - Parameter rate: Of them in a second.
    func show(_ done: Int, of total: Int, rate: Double? = nil) {
        guard isTerminal else { return }
        // What stays of a longer line before is wiped.
        let speed = rate.map { String(format: ", %.1f a second  ", $0) } ?? ""
        FileHandle.standardError.write(Data("\r\(title): \(done) of \(total)\(speed)".utf8))
        isDrawn = true
    }

    func end() {
        if isDrawn { printToStandardError("") }
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
