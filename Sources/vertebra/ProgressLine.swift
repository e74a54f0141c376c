import Foundation
import ScoreCommands

/// A counter on standard error that is redrawn, where that is a terminal.
final class ProgressLine {
    private let title: String
    private let isTerminal = isatty(STDERR_FILENO) != 0
    private var isDrawn = false

    init(_ title: String) { self.title = title }

    func show(_ done: Int, of total: Int) {
        guard isTerminal else { return }
        FileHandle.standardError.write(Data("\r\(title): \(done) of \(total)".utf8))
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
