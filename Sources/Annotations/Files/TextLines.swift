import Support

extension StringProtocol {
    /// Every line, empty ones too, whether lines end as on Unix, on Windows or on old Macintoshes.
    ///
    /// `split(separator: "\n")` finds no end in a file of Windows: there carriage return and line feed are one character. And
    /// `isNewline` holds for characters that other programs leave in a line.
    package var textLines: [SubSequence] {
        split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
    }

    /// The text without spaces, tabs and the like at its ends. An accent behind a space is no space, though Swift takes the
    /// two for one character.
    package var withoutSpaceAround: SubSequence {
        let scalars = unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return self[endIndex...] }
        return self[first..<scalars.index(after: last)]
    }

    /// The last word, and what stands before it and the space between; nil for a text of one word.
    var lastWord: (before: SubSequence, word: SubSequence)? {
        guard let gap = unicodeScalars.lastIndex(where: \.properties.isWhitespace) else { return nil }
        return (self[..<gap], self[unicodeScalars.index(after: gap)...])
    }
}

/// The lines of a text file that are not empty, numbered from 1.
///
/// - Throws: ``AnnotationError`` for a file that can't be read, and for one in another encoding than UTF-8.
package func numberedLines(of path: String) throws(AnnotationError) -> [(number: Int, text: Substring)] {
    let text: String
    do {
        text = try TextFile.read(path)
    } catch {
        throw AnnotationError(error)
    }
    return text.textLines.enumerated().map { ($0 + 1, $1) }.filter { !$0.text.allSatisfy(\.isWhitespace) }
}
