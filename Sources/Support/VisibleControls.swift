extension String {
    /// The text as a terminal may be sent it: control characters other than line ends and tabs, which names out of files can
    /// hold and which could move the cursor or colour the screen, are written as `\u{7F}`.
    package var withVisibleControls: String { withVisibleControls { $0 == "\n" || $0 == "\t" } }

    /// The text with its line ends and all other control characters written as `\u{A}`.
    package var onOneLine: String { withVisibleControls { _ in false } }

    private func withVisibleControls(except isKept: (Unicode.Scalar) -> Bool) -> String {
        replacingControls { isKept($0) ? nil : "\\u{\(String($0.value, radix: 16, uppercase: true))}" }
    }

    /// The text with its control characters, which are U+0000 to U+001F and U+007F to U+009F, replaced; `nil` keeps one.
    package func replacingControls(_ replacement: (Unicode.Scalar) -> String?) -> String {
        guard unicodeScalars.contains(where: { $0.properties.generalCategory == .control && replacement($0) != nil })
        else {
            return self
        }
        var result = ""
        for scalar in unicodeScalars {
            if scalar.properties.generalCategory == .control, let text = replacement(scalar) {
                result += text
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
