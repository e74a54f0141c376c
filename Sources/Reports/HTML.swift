/// A piece of a page. What is put into it as text is escaped; only a piece of a page goes in as it is.
public struct HTML: ExpressibleByStringInterpolation, Hashable, Sendable {
    public private(set) var text: String

    public init(stringLiteral text: String) { self.text = text }
    public init(stringInterpolation: Interpolation) { text = stringInterpolation.text }

    /// Text as it stands, for readers of the page to see.
    public init(escaping text: String) { self.text = Self.escaped(text) }

    public struct Interpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        public init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(2 * literalCapacity) }
        public mutating func appendLiteral(_ literal: String) { text += literal }
        public mutating func appendInterpolation(_ piece: HTML) { text += piece.text }
        public mutating func appendInterpolation(_ pieces: [HTML]) { for piece in pieces { text += piece.text } }
        public mutating func appendInterpolation(_ words: String) { text += HTML.escaped(words) }
        public mutating func appendInterpolation(_ number: Int) { text += String(number) }
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
            // A page may not hold other control characters, however they are written.
            case _ where scalar.value < 0x20 || scalar.value == 0x7F: result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
