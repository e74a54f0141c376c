import Foundation
import Logging
import Training

/// Appends the lines that training shows to a run's log, each with its time.
struct RunLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info
    private let file: FileHandle

    /// - Throws: `JobError`.
    init(path: String) throws {
        if !FileManager.default.fileExists(atPath: path) {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
        }
        guard let file = FileHandle(forWritingAtPath: path), (try? file.seekToEnd()) != nil else {
            throw JobError(path, "the run's log can't be written")
        }
        self.file = file
    }

    func log(event: LogEvent) {
        let time = Date.now.formatted(.iso8601)
        for line in "\(event.message)".split(separator: "\n") {
            // A full disk must not end training here: writing the next checkpoint reports it.
            try? file.write(contentsOf: Data("\(time) \(event.level) \(line)\n".utf8))
        }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }
}

extension RunFolder {
    /// Opens the run's log.
    func openLog() throws -> Logger {
        let handler = try RunLogHandler(path: log)
        return Logger(label: "run") { _ in handler }
    }
}

extension ProgressPrinter {
    /// A printer that writes progress to a log, one line a minute.
    static func logging(to logger: Logger) -> ProgressPrinter {
        ProgressPrinter(style: .lines(every: 60)) { logger.info("\($0)") }
    }
}
