import Foundation
import Support

/// A comparison as text for a terminal and as Markdown: the runs, their measures with the differences to the first run, the
/// classes, and what differences mean in words.
public struct ComparisonTable: Sendable {
    /// What is known of each run beside its measures.
    public struct Facts: Hashable, Sendable, Codable {
        /// The backbone's name; nil where it isn't known.
        public var backbone: String?
        /// Number of the whole model's parameters.
        public var parameters: Int?
        /// Multiply-adds of the backbone for one input.
        public var multiplyAdds: Int?
        /// The input that multiply-adds are counted for: channels, (frames,) height, width.
        public var input: [Int]?
        /// The epochs that the measured checkpoint was trained for.
        public var epochs: Int?
        /// The optimiser's steps that the measured checkpoint was trained for.
        public var steps: Int?

        /// Facts that aren't known yet.
        public init() {}
    }

    private let comparison: Comparison
    private let facts: [Facts]

    /// A table of a comparison.
    ///
    /// - Parameters:
    ///   - comparison: What the runs scored.
    ///   - facts: By run; nil where nothing is known, as of detections in a file.
    public init(_ comparison: Comparison, facts: [Facts]? = nil) {
        self.comparison = comparison
        self.facts = facts ?? []
    }

    /// Text for a terminal.
    public func text() -> String {
        let runs = facts.isEmpty ? nil : factTable.text
        return
            ([runs, measureTable(emphasis: ("", "*")).text, Self.legend, classTable(sign: "*").text]
            + [comparison.statements.joined(separator: "\n")])
            .compactMap(\.self).joined(separator: "\n\n")
    }

    /// Markdown, with the best values in bold.
    public func markdown() -> String {
        let runs = facts.isEmpty ? nil : factTable.markdown
        return
            ([runs, measureTable(emphasis: ("**", "**")).markdown, classTable(sign: "\\*").markdown]
            + [comparison.statements.map { "- \($0)" }.joined(separator: "\n")])
            .compactMap(\.self).joined(separator: "\n\n")
    }

    private static let legend = "* best of the column; of differences, in classes: beyond chance"

    private var factTable: TextTable {
        let rows = zip(comparison.runs, facts).map { name, facts in [name] + facts.cells }
        return TextTable(header: ["run"] + Facts.header, rows: rows, rightAligned: [2, 3, 5, 6])
    }

    private func measureTable(emphasis: (before: String, after: String)) -> TextTable {
        let measures = comparison.measures
        // A mark behind a number leaves the digits under each other.
        let unmarked = emphasis.before.isEmpty ? String(repeating: " ", count: emphasis.after.count) : ""
        var rows: [[String]] = []
        for (run, name) in comparison.runs.enumerated() {
            rows.append(
                [name]
                    + measures.map { measure in
                        let text = measure.text(run)
                        return measure.best.contains(run) ? emphasis.before + text + emphasis.after : text + unmarked
                    })
            guard run > 0 else { continue }
            rows.append(["  difference"] + measures.map { $0.differenceText(run) + unmarked })
        }
        return TextTable(
            header: [comparison.kind == .videos ? "videos: \(comparison.images)" : "images: \(comparison.images)"]
                + measures.map(\.name), rows: rows, rightAligned: Set(1...measures.count))
    }

    private func classTable(sign: String) -> TextTable {
        let others = comparison.runs.indices.dropFirst()
        let measure = comparison.classes.first?.measures.first?.name ?? ""
        let rows = comparison.classes.map { row -> [String] in
            let main = row.measures[0]
            return [row.name, String(row.count)] + comparison.runs.indices.map { main.text($0) }
                + others.flatMap { run -> [String] in
                    guard let difference = main.differences[run] else { return ["–", "–"] }
                    return [
                        main.differenceText(run) + (difference.isBeyondChance ? sign : sign.count == 1 ? " " : ""),
                        main.intervalText(run),
                    ]
                }
        }
        return TextTable(
            header: [measure + " of class", comparison.kind == .detection ? "objects" : "count"] + comparison.runs
                + others.flatMap { ["\(comparison.runs[$0]) difference", "95 %"] }, rows: rows,
            rightAligned: Set(1...(1 + comparison.runs.count + 2 * others.count)))
    }
}

extension ComparisonTable.Facts {
    /// The names of ``cells``.
    package static let header = ["backbone", "parameters", "multiply-adds", "at", "epochs", "steps"]

    /// What is known as text, in the order of ``header``.
    package var cells: [String] {
        [
            backbone, parameters.map { String(format: "%.2f M", Double($0) / 1e6) },
            multiplyAdds.map { String(format: "%.2f G", Double($0) / 1e9) },
            input.map { $0.map(String.init).joined(separator: "×") }, epochs.map(String.init), steps.map(String.init),
        ].map { $0 ?? "–" }
    }
}

extension Comparison.Measure {
    /// A run's value as tables show it: shares in percent with one decimal, losses with four; a dash for none.
    package func text(_ run: Int) -> String {
        values[run].map { unit == .share ? String(format: "%.1f", 100 * $0) : String(format: "%.4f", $0) } ?? "–"
    }

    /// A run's difference to the first, with its sign; a dash for none.
    package func differenceText(_ run: Int) -> String { differences[run].map { signed($0.value) } ?? "–" }

    /// The bounds between which a difference could lie with other images; a dash for none.
    package func intervalText(_ run: Int) -> String {
        differences[run].map { "\(signed($0.low)) to \(signed($0.high))" } ?? "–"
    }

    private func signed(_ difference: Double) -> String {
        let text = unit == .share ? String(format: "%+.1f", 100 * difference) : String(format: "%+.4f", difference)
        // A difference that rounds to nothing has no sign.
        let isNothing = text.dropFirst().allSatisfy { $0 == "0" || $0 == "." }
        return isNothing ? String(text.dropFirst()) : text.replacingOccurrences(of: "-", with: "−")
    }
}
