import Support

extension StringProtocol {
    /// Every line, empty ones too, whether lines end as on Unix, on Windows or on old Macintoshes.
    ///
    /// `split(separator: "\n")` finds no end in a file of Windows: there carriage return and line feed are one character. And
    /// `isNewline` holds for characters that other programs leave in a line.
    package var textLines: [SubSequence] {
        split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
    }

    /// The text without spaces, tabs and the like at its ends.
    package var withoutSpaceAround: SubSequence {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else {
            return self[endIndex...]
        }
        return self[first...last]
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
