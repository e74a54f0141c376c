/// A piece of an HTML page. Text that is interpolated is escaped; another piece of a page is inserted as it is.
package struct HTML: ExpressibleByStringInterpolation, Hashable, Sendable {
    /// The text as a browser reads it.
    package private(set) var text: String

    package init(stringLiteral text: String) { self.text = text }
    package init(stringInterpolation: Interpolation) { text = stringInterpolation.text }

    /// A piece that shows `text` as it is written.
    package init(escaping text: String) { self.text = Self.escaped(text) }

    /// Collects literals as they are and texts escaped.
    package struct Interpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        package init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(2 * literalCapacity) }
        package mutating func appendLiteral(_ literal: String) { text += literal }
        package mutating func appendInterpolation(_ piece: HTML) { text += piece.text }
        package mutating func appendInterpolation(_ pieces: [HTML]) { for piece in pieces { text += piece.text } }
        package mutating func appendInterpolation(_ words: String) { text += HTML.escaped(words) }
        package mutating func appendInterpolation(_ number: Int) { text += String(number) }
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\n", "\t": result.unicodeScalars.append(scalar)
            // A page may not contain other control characters, even escaped.
            case _ where scalar.properties.generalCategory == .control: result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
