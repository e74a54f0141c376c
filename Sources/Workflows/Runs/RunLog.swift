import Foundation
import Logging
import Training

/// A run's log: what is shown while training, with the time of each line, after what is there already.
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
            // A full disk must not end a training; its checkpoints say so.
            try? file.write(contentsOf: Data("\(time) \(event.level) \(line)\n".utf8))
        }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }
}

extension RunFolder {
    /// The run's log, opened.
    func openLog() throws -> Logger {
        let handler = try RunLogHandler(path: log)
        return Logger(label: "run") { _ in handler }
    }
}

extension ProgressPrinter {
    /// Progress as lines of a log, one a minute at least.
    static func logging(to logger: Logger) -> ProgressPrinter {
        ProgressPrinter(style: .lines(every: 60)) { logger.info("\($0)") }
    }
}
