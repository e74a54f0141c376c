import Foundation
import Support

/// Keeps `metrics.csv`, the records of `metrics.jsonl` as a table: a row for each step and evaluation, a column for each number.
///
/// Rows are appended one by one. A record with a number that has no column yet has the whole table written anew out of
/// `metrics.jsonl`, completely or not at all, and so has each start of the run: the table never holds what that file does not.
public final class MetricsTable: DispensableObserver {
    private let path: String
    private let records: String
    private let recordEvery: Int
    private var columns: [String] = []
    private var descriptor: Int32 = -1

    /// A table of the records of a file.
    ///
    /// - Parameters:
    ///   - path: The table's file.
    ///   - records: The file of records, which a ``MetricsLog`` writes before this is told of an event.
    ///   - recordEvery: Steps between two records, as in that file.
    public init(path: String, records: String, recordEvery: Int = 1) {
        self.path = path
        self.records = records
        self.recordEvery = max(recordEvery, 1)
    }

    deinit { closeFile() }

    /// Appends a row for a step or an evaluation.
    ///
    /// - Throws: `TrainingError.cannotWrite`. The next evaluation then tries to write the whole table.
    public func handle(_ event: TrainingEvent) throws {
        switch event {
        case .started: try rebuild()
        case .ended where descriptor < 0: try rebuild()
        default:
            guard let record = MetricsRecord(event, every: recordEvery) else { return }
            let cells = record.cells
            if descriptor >= 0, cells.keys.allSatisfy(columns.contains) {
                try append(Self.row(cells, columns))
            } else if descriptor >= 0 || record.kind == .evaluation {
                try rebuild()
            }
        }
    }

    /// Writes the whole table, and opens it to append to it.
    private func rebuild() throws {
        closeFile()
        let known = FileManager.default.fileExists(atPath: records)
        do {
            let rows = known ? try MetricsLog.records(records).map(\.cells) : []
            columns = MetricsRecord.columns(of: rows)
            let text = ([columns.map(Self.quoted).joined(separator: ",")] + rows.map { Self.row($0, columns) })
                .joined(separator: "\n")
            try WholeFile.write(text + "\n", to: path, syncs: false)
        } catch {
            throw TrainingError.cannotWrite(path: path, reason: reason(of: error))
        }
        descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw TrainingError.cannotWrite(path: path, reason: String(cString: strerror(errno)))
        }
    }

    private func append(_ row: String) throws {
        let line = Array((row + "\n").utf8)
        let before = lseek(descriptor, 0, SEEK_END)
        let written = write(descriptor, line, line.count)
        guard written != line.count else { return }
        let reason = written < 0 ? String(cString: strerror(errno)) : "the disk is full"
        // No half row stays.
        if before >= 0 { ftruncate(descriptor, before) }
        closeFile()
        throw TrainingError.cannotWrite(path: path, reason: reason)
    }

    private func closeFile() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    private static func row(_ cells: [String: String], _ columns: [String]) -> String {
        columns.map { quoted(cells[$0] ?? "") }.joined(separator: ",")
    }

    /// A cell as RFC 4180 has it: in quotation marks where a comma, a mark or a line's end is in it.
    private static func quoted(_ cell: String) -> String {
        guard cell.unicodeScalars.contains(where: { [",", "\"", "\n", "\r"].contains($0) }) else { return cell }
        return "\"" + cell.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }
}

extension MetricsRecord {
    /// The columns that every table has, in their order. Losses follow `loss`, metrics `data_share`.
    private static let usualColumns: [CodingKeys] = [
        .kind, .step, .epoch, .seconds, .loss, .learningRate, .gradientNorm, .lossScale, .skippedSteps,
        .imagesPerSecond, .dataShare, .isBest,
    ]

    /// The columns of a table with these rows: the usual ones, and those of losses and metrics in the order of their names.
    static func columns(of rows: [[String: String]]) -> [String] {
        let usual = usualColumns.map(\.rawValue)
        let more = rows.reduce(into: Set<String>()) { $0.formUnion($1.keys) }.subtracting(usual).sorted()
        let losses = more.filter { $0.hasPrefix(CodingKeys.losses.rawValue + ".") }
        let metrics = more.filter { $0.hasPrefix(CodingKeys.metrics.rawValue + ".") }
        return usual.flatMap { column in
            switch column {
            case CodingKeys.loss.rawValue: [column] + losses
            case CodingKeys.dataShare.rawValue: [column] + metrics
            default: [column]
            }
        }
    }

    /// What the record says, by column: the keys of its line, where those of a section follow its name and a point.
    var cells: [String: String] {
        var cells = [CodingKeys.kind.rawValue: kind.rawValue, CodingKeys.step.rawValue: "\(step)"]
        func number(_ value: Double) -> String {
            value.isFinite ? "\(value)" : value.isNaN ? "NaN" : value > 0 ? "Infinity" : "-Infinity"
        }
        let numbers: [(CodingKeys, Double?)] = [
            (.epoch, epoch), (.seconds, seconds), (.loss, loss), (.learningRate, learningRate),
            (.gradientNorm, gradientNorm), (.lossScale, lossScale), (.imagesPerSecond, imagesPerSecond),
            (.dataShare, dataShare),
        ]
        for (key, value) in numbers { cells[key.rawValue] = value.map(number) }
        cells[CodingKeys.skippedSteps.rawValue] = skippedSteps.map { "\($0)" }
        cells[CodingKeys.isBest.rawValue] = isBest.map { "\($0)" }
        for (key, section) in [(CodingKeys.losses, losses), (.metrics, metrics)] {
            for (name, value) in section ?? [:] { cells["\(key.rawValue).\(name)"] = number(value) }
        }
        return cells
    }
}
