import Foundation
import Listings
import Support

extension WeightsDescription {
    /// Text for a person.
    package var text: String {
        var rows: [(String, String)] = []
        func add(_ name: String, _ value: String?) { if let value { rows.append((name, value)) } }
        add("network", network ?? "not one of this toolkit")
        add("tensors", "\(tensors): \(contents)")
        add("input", input?.size)
        add("pixels", input?.normalization)
        add("classes", classes.map { "\($0.count): \($0.joined(separator: ", "))" })
        if training != nil { add("licence", origin?.license ?? "none (model.license of a recipe states one)") }
        if let training {
            let date = origin.map { "\($0.date), vertebra \($0.vertebra), " } ?? ""
            add("trained", date + "seed \(training.seed), \(training.optimizer) at \(training.learningRate)")
            add(
                "position",
                "step \(training.step), epoch \(training.epoch)" + (training.canGoOn ? "" : ", weights alone"))
            add("best", training.best.map { "\($0.metric) \(Self.short($0.value)) at step \($0.step)" })
        }
        for record in origin?.data ?? [] { add("data", record.line) }
        add("figures", figures.map { $0.overall.map { "\($0.name) \(Self.short($0.value))" }.joined(separator: ", ") })
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) { add("text \(key)", value) }
        for note in notes { add("note", note.trimmingCharacters(in: .whitespaces)) }
        var text = "\(path): \(kind), \(bytes) bytes\n\n"
        let width = rows.map(\.0.count).max() ?? 0
        for (name, value) in rows {
            text += name.padding(toLength: width + 2, withPad: " ", startingAt: 0) + Self.oneLine(value) + "\n"
        }
        if let figures, !figures.classes.isEmpty {
            let rows = figures.classes.map { row in
                [row.name, "\(row.count)"] + row.values.map { $0.map(Self.short) ?? "–" }
            }
            text += "\n"
            text +=
                TextTable(
                    header: ["class", "number"] + figures.columns, rows: rows,
                    rightAligned: Set(1..<2 + figures.columns.count)
                ).text + "\n"
        }
        if let recipe {
            text += "\nrecipe:\n"
            for line in recipe.split(separator: "\n") { text += "  \(line)\n" }
        }
        return String(text.dropLast())
    }

    private var kind: String {
        guard let training else { return "weights" }
        return training.canGoOn ? "a checkpoint" : "a trained model"
    }

    /// How many numbers the tensors hold, by their types.
    var contents: String {
        numbers.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { type, count in
            (count < 10_000 ? "\(count)" : String(format: "%.2f M", Double(count) / 1e6)) + " \(type)"
        }.joined(separator: " and ")
    }

    static func short(_ value: Double) -> String { String(format: "%.4g", value) }

    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}

extension DataRecord {
    /// The record in one line.
    var line: String {
        let objects = objects.map { ", \($0) objects (crc32 \(objectsCRC32 ?? ""))" } ?? ""
        let files = files.map { file in
            file.path + (file.crc32.map { " (crc32 \($0))" } ?? "")
        }
        return "\(part): \(images) images (names' crc32 \(namesCRC32))\(objects)"
            + (files.isEmpty ? "" : "; " + files.prefix(4).joined(separator: ", "))
            + (files.count > 4 ? " and \(files.count - 4) more" : "")
    }
}
