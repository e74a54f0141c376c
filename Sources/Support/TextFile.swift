import Foundation

/// The error that a file can't be read as text: where, what is wrong, and what to do about it.
package struct TextFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file's path.
    package let path: String
    /// The line, such as `line 3`; empty when it is the file as a whole.
    package let place: String
    /// What is wrong: a clause without a full stop.
    package let problem: String
    /// What a person can do: a sentence without a full stop.
    package let fix: String

    init(_ path: String, place: String = "", _ problem: String, _ fix: String) {
        self.path = path
        self.place = place
        self.problem = problem
        self.fix = fix
    }

    /// What is wrong and what to do, for an error that names the file itself: `line 3: it … . Save …`.
    package var reason: String { "\(place.isEmpty ? "" : place + ": ")\(problem). \(fix)" }

    /// Path, place, problem and fix as sentences on one line.
    package var description: String {
        "\(path)\(place.isEmpty ? "" : ", \(place)"): \(problem). \(fix).".onOneLine
    }
}

/// Text files that people write: lists, tables, names of classes. They are UTF-8; a mark of the byte order in front, as
/// programs of Windows write it, is taken off. Another encoding is recognised and named, never guessed.
package enum TextFile {
    /// The bytes of a file.
    ///
    /// - Throws: `TextFileError` for a file that is missing, no regular file, larger than `maximum` bytes, or not to be read.
    package static func bytes(_ path: String, maximum: Int = .max) throws(TextFileError) -> [UInt8] {
        var status = stat()
        guard !path.utf8.contains(0), stat(path, &status) == 0 else {
            let reason = errno
            guard path.utf8.contains(0) || reason == ENOENT || reason == ENOTDIR else {
                throw TextFileError(
                    path, "it can't be read (\(String(cString: strerror(reason))))",
                    "Check the path and its permissions")
            }
            throw TextFileError(path, "there is no such file", "Check the path")
        }
        guard status.st_mode & S_IFMT != S_IFDIR else {
            throw TextFileError(path, "it is a folder", "Name a file")
        }
        // Opening a named pipe would wait for someone to write to it.
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw TextFileError(path, "it is a device or a pipe, not a file", "Name a file")
        }
        guard status.st_size <= maximum else {
            throw TextFileError(
                path, "its \(status.st_size) bytes are more than the \(maximum) that such a file has at most",
                "Check that it is the right file")
        }
        do {
            return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw TextFileError(
                path, "it can't be read (\(Support.reason(of: error)))", "Check the path and its permissions")
        }
    }

    /// The text of a file.
    ///
    /// - Throws: `TextFileError` for a file that can't be read, and for one that is not UTF-8: what it looks like, and how to
    ///   save it as UTF-8.
    package static func read(_ path: String) throws(TextFileError) -> String {
        try text(of: bytes(path), path: path)
    }

    /// The text of a file's bytes; `path` is for messages.
    ///
    /// - Throws: `TextFileError` for what is not UTF-8.
    package static func text(of bytes: [UInt8], path: String) throws(TextFileError) -> String {
        if let encoding = wideEncoding(of: bytes) {
            throw TextFileError(
                path, "it is \(encoding) text, as Excel's \"Unicode Text\" and Windows' \"Unicode\" are, and not UTF-8",
                "Save it as UTF-8 (in Excel, \"CSV UTF-8\"), or run: iconv -f \(encoding) -t UTF-8")
        }
        if bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
            throw TextFileError(
                path, "it is a ZIP archive, as Excel's .xlsx is, and no text",
                "Save it as text: in Excel, \"CSV UTF-8\"")
        }
        if let zero = bytes.firstIndex(of: 0) {
            throw TextFileError(
                path, place: "line \(line(of: zero, in: bytes))", "it holds a zero byte, so it is no text",
                "Check the path, or write the file again")
        }
        let content = bytes.starts(with: byteOrderMark) ? bytes[3...] : bytes[...]
        if let text = String(validating: content, as: UTF8.self) { return text }
        let bad = firstInvalidByte(content) ?? content.startIndex
        throw TextFileError(
            path, place: "line \(line(of: bad, in: bytes))", "\(foreignByte(bad, in: bytes)), and not UTF-8",
            "Save it as UTF-8 (in Excel, \"CSV UTF-8\"), or run: iconv -f WINDOWS-1252 -t UTF-8")
    }

    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// The name of the encoding with more than a byte for each character that the bytes are in, by the mark in front or by
    /// the zeros that it gives to Latin letters.
    package static func wideEncoding(of bytes: [UInt8]) -> String? {
        if bytes.starts(with: [0xFF, 0xFE, 0, 0]) || bytes.starts(with: [0, 0, 0xFE, 0xFF]) { return "UTF-32" }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) { return "UTF-16" }
        let start = bytes.prefix(64)
        guard start.count >= 4, bytes.count.isMultiple(of: 2) else { return nil }
        let even = stride(from: 0, to: start.count, by: 2).count { start[$0] == 0 }
        let odd = stride(from: 1, to: start.count, by: 2).count { start[$0] == 0 }
        let most = start.count / 2 * 3 / 4
        if odd >= most, odd > 0, even == 0 { return "UTF-16LE" }
        if even >= most, even > 0, odd == 0 { return "UTF-16BE" }
        return nil
    }

    /// What a byte that is not UTF-8 looks like, in its surroundings.
    package static func foreignByte(_ index: Int, in bytes: [UInt8]) -> String {
        let code = String(bytes[index], radix: 16, uppercase: true)
        let byte = "0x\(code.count < 2 ? "0" : "")\(code)"
        func isPartOfWord(_ byte: UInt8) -> Bool {
            byte >= 0xA0 || UnicodeScalar(byte).properties.isAlphabetic
        }
        guard bytes[index] >= 0xA0 else { return "it holds the byte \(byte), so it looks like Windows-1252 (Latin-1)" }
        // One byte is one character in Latin-1, so that the word can be shown as its author wrote it.
        var start = index, end = index + 1
        while start > 0, index - start < 20, isPartOfWord(bytes[start - 1]) { start -= 1 }
        while end < bytes.count, end - index < 20, isPartOfWord(bytes[end]) { end += 1 }
        let word = String(String.UnicodeScalarView(bytes[start..<end].map { UnicodeScalar($0) }))
        return "it holds the byte \(byte), so it looks like Latin-1 (Windows-1252), in which \"\(word)\" stands there"
    }

    /// Where the bytes stop being UTF-8.
    package static func firstInvalidByte(_ bytes: ArraySlice<UInt8>) -> Int? {
        var decoder = UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        var position = bytes.startIndex
        while true {
            switch decoder.parseScalar(from: &iterator) {
            case .valid(let scalar): position += scalar.count
            case .error: return position
            case .emptyInput: return nil
            }
        }
    }

    /// The number of the line that a byte is on, from 1.
    package static func line(of index: Int, in bytes: [UInt8]) -> Int {
        var lines = 1
        for i in bytes.indices.prefix(index) {
            let isNewline = bytes[i] == UInt8(ascii: "\n")
            let isOldMac =
                bytes[i] == UInt8(ascii: "\r") && (i + 1 >= bytes.count || bytes[i + 1] != UInt8(ascii: "\n"))
            if isNewline || isOldMac { lines += 1 }
        }
        return lines
    }
}
