extension StringProtocol {
    /// Every line, empty ones too, whether lines end as on Unix or on Windows.
    ///
    /// `split(separator: "\n")` finds no end in a file of Windows: there carriage return and line feed are one character.
    package var textLines: [SubSequence] {
        split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    }
}
