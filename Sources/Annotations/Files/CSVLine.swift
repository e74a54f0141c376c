import Foundation

/// A line of a table in CSV (RFC 4180).
package enum CSVLine {
    /// The values of a line without the spaces around them: quotes may enclose a value, and doubled they stand for themselves
    /// there. Nil where a quote is not closed.
    package static func fields(of line: some StringProtocol, separator: Unicode.Scalar = ",") -> [String]? {
        var fields: [String] = [], field = String.UnicodeScalarView(), quoted = false
        var scalars = line.unicodeScalars.makeIterator()
        var next = scalars.next()
        while let scalar = next {
            next = scalars.next()
            switch scalar {
            case "\"" where quoted && next == "\"":
                field.append(scalar)
                next = scalars.next()
            case "\"" where quoted: quoted = false
            case "\"" where field.allSatisfy(\.properties.isWhitespace):
                field = String.UnicodeScalarView()
                quoted = true
            case separator where !quoted:
                fields.append(String(field))
                field = String.UnicodeScalarView()
            default: field.append(scalar)
            }
        }
        return quoted ? nil : (fields + [String(field)]).map { $0.trimmingCharacters(in: .whitespaces) }
    }

    /// A line of values with commas between; a value that holds a comma or a quote stands in quotes.
    package static func text(_ fields: [String]) -> String {
        fields.map { field in
            guard field.unicodeScalars.contains(where: { $0 == "," || $0 == "\"" || $0 == ";" || $0 == "\t" }) else {
                return field
            }
            return "\"" + field.replacingOccurrences(of: "\"", with: "\"\"") + "\""
        }.joined(separator: ",")
    }
}
