import Evaluation
import Foundation
import Media

/// A confusion matrix as a table whose cells are coloured by their share of the row.
struct ConfusionTable {
    let matrix: ConfusionMatrix

    private static let right = Color(hex: 0x2E86FF)
    private static let wrong = Color(hex: 0xE5383B)

    /// Largest number of columns whose names are written horizontally; with more, they are vertical.
    private static let mostLevelNames = 12

    func html() -> HTML {
        let names = matrix.classNames + ["background"]
        let head = names.map { "<th scope=\"col\"><span>\($0)</span></th>" as HTML }
        let rows = matrix.counts.enumerated().map { row, counts -> HTML in
            let total = row == matrix.background ? counts.max() ?? 0 : counts.reduce(0, +)
            let cells = counts.enumerated().map { column, count in cell(row, column, count, of: total) }
            return "<tr><th scope=\"row\">\(names[row])</th>\(cells)</tr>\n"
        }
        return """
            <div class="scroll"><table class="confusion\(names.count > Self.mostLevelNames ? " tall" : "")"><thead>\
            <tr><td></td><th class="axis start" colspan="\(names.count)">detected as</th></tr>\
            <tr><th class="axis">annotated as</th>\(head)</tr></thead>
            <tbody>\(rows)</tbody></table></div>

            """
    }

    private func cell(_ row: Int, _ column: Int, _ count: Int, of total: Int) -> HTML {
        if row == matrix.background, column == matrix.background { return "<td class=\"none\">–</td>" }
        guard count > 0, total > 0 else { return "<td class=\"zero\">0</td>" }
        let share = Double(count) / Double(total)
        let color = Color.white.mixed(with: row == column ? Self.right : Self.wrong, 0.08 + 0.82 * share)
        let hint = row == matrix.background ? "" : "\(Int((100 * share).rounded()))% of the row"
        return """
            <td style="background:\(color.css);color:\(color.readableTextColor.css)" title="\(hint)">\(count)</td>
            """
    }
}
