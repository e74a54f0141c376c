import Foundation

/// A table of text whose columns are as wide as their widest cell.
package struct TextTable {
    let header: [String]
    let rows: [[String]]
    /// Indices of right-aligned columns.
    let rightAligned: Set<Int>

    package init(header: [String], rows: [[String]], rightAligned: Set<Int>) {
        (self.header, self.rows, self.rightAligned) = (header, rows, rightAligned)
    }

    /// The header and the rows, a line each.
    package var text: String {
        let lines = [header] + rows
        let widths = header.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { line in
            let cells = line.enumerated().map { column, cell in
                let fill = String(repeating: " ", count: widths[column] - cell.count)
                return rightAligned.contains(column) ? fill + cell : cell + fill
            }
            var text = cells.joined(separator: "  ")
            while text.last == " " { text.removeLast() }
            return text
        }.joined(separator: "\n")
    }

    /// The table in Markdown. A vertical bar in a cell is escaped; other marks are meant as marks.
    package var markdown: String {
        func line(_ cells: [String]) -> String {
            "| " + cells.map { $0.replacingOccurrences(of: "|", with: "\\|") }.joined(separator: " | ") + " |"
        }
        let rule = header.indices.map { rightAligned.contains($0) ? "---:" : "---" }
        return ([header, rule] + rows).map(line).joined(separator: "\n")
    }
}
