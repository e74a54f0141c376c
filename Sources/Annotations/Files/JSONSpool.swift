import Foundation
import Support

/// The elements of a long JSON list, which wait on the disk until the object that holds the list is known: memory does not
/// grow with their number. The file has no name, and is gone with the value.
package final class JSONSpool {
    /// Number of elements so far.
    package private(set) var count = 0
    private let folder: String
    private let file: UnsafeMutablePointer<FILE>

    /// An empty list in `folder`, which must exist; nil for the system's folder of temporary files.
    ///
    /// - Throws: ``WholeFileError``, naming the folder.
    package init(in folder: String? = nil) throws(WholeFileError) {
        let folder = folder ?? NSTemporaryDirectory()
        self.folder = folder
        var template = Array((folder + "/.vertebra-XXXXXX").utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0, let file = fdopen(descriptor, "w+") else {
            throw WholeFileError(path: folder, attempt: .open, code: errno)
        }
        unlink(template)
        self.file = file
    }

    /// An empty list in a file of this name, for tests of what can go wrong with it.
    package init(writingTo path: String) throws(WholeFileError) {
        folder = path
        guard let file = fopen(path, "w+") else { throw WholeFileError(path: path, attempt: .open, code: errno) }
        self.file = file
    }

    deinit { fclose(file) }

    /// Appends an element.
    ///
    /// - Throws: ``WholeFileError`` for a full disk.
    package func append(_ element: some Encodable) throws {
        try put(count == 0 ? "" : ",\n")
        try put(prettyJSON(element))
        count += 1
    }

    private func put(_ text: String) throws(WholeFileError) {
        let isWhole = text.utf8.withContiguousStorageIfAvailable {
            fwrite($0.baseAddress, 1, $0.count, file) == $0.count
        }
        guard isWhole ?? (fputs(text, file) >= 0) else {
            throw WholeFileError(path: folder, attempt: .write, code: errno)
        }
    }

    /// JSON with spaces before each line but the first, as where it stands in a list. Strings of JSON hold no line breaks.
    package static func indented(_ text: String, by count: Int) -> String {
        let margin = "\n" + String(repeating: " ", count: count)
        return text.replacingOccurrences(of: "\n", with: margin).replacingOccurrences(of: margin + "\n", with: "\n\n")
    }

    /// Writes an object with this list in it, without a line break at its end.
    ///
    /// - Parameters:
    ///   - object: The object as ``prettyJSON(_:)`` writes it, with an empty list for `key`.
    ///   - key: The object's key for the list.
    ///   - indent: How many spaces stand before each line.
    ///   - write: Gets the text, piece by piece.
    /// - Throws: ``WholeFileError`` if the file can't be read back; what `write` throws.
    package func write(
        into object: String, as key: String, indent: Int = 0, _ write: (String) throws -> Void
    ) throws {
        let margin = String(repeating: " ", count: indent)
        func indented(_ text: Substring) -> String { Self.indented(String(text), by: indent) }
        // A line break can't stand in a string of JSON, so this is no part of one.
        guard count > 0, let start = object.range(of: "\n  \"\(key)\" : ["),
            let end = object.range(of: "]", range: start.upperBound..<object.endIndex)
        else {
            try write(margin + indented(object[...]))
            return
        }
        try write(margin + indented(object[..<start.upperBound]) + "\n")
        guard fflush(file) == 0 else { throw WholeFileError(path: folder, attempt: .write, code: errno) }
        rewind(file)
        var line: UnsafeMutablePointer<CChar>?, capacity = 0, text = ""
        defer { free(line) }
        while case let length = getline(&line, &capacity, file), length > 0, let line {
            let bytes = UnsafeRawBufferPointer(start: line, count: length)
            text += margin + "    " + String(decoding: bytes, as: UTF8.self)
            guard text.utf8.count > 1 << 16 else { continue }
            try write(text)
            text = ""
        }
        try write(text)
        guard ferror(file) == 0 else { throw WholeFileError(path: folder, attempt: .write, code: errno) }
        try write("\n" + margin + "  " + indented(object[end.lowerBound...]))
    }
}
