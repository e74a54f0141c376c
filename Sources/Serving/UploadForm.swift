import Foundation

/// One file of a request.
package struct UploadedFile: Sendable {
    /// What its sender calls it.
    package var name: String
    /// Its bytes, a part of the body's.
    package var bytes: ArraySlice<UInt8>
}

/// How files lie in a request's body.
package enum UploadForm: Sendable, Equatable {
    /// The body is one file.
    case bare
    /// The body is a form of parts with this boundary (RFC 7578).
    case multipart(boundary: String)

    /// - Parameter contentType: The request's header; nil if it has none. curl calls bytes a form's fields unless it is told
    ///   otherwise; they are taken as a file.
    /// - Throws: ``Refusal`` for another type than those of pictures, videos, bytes and forms with files.
    package init(_ contentType: String?) throws(Refusal) {
        let fields = (contentType ?? "application/octet-stream").split(separator: ";")
        let type = (fields.first ?? "").trimmingCharacters(in: .whitespaces).lowercased()
        switch type {
        case "application/octet-stream", "application/x-www-form-urlencoded": self = .bare
        case _ where type.hasPrefix("image/") || type.hasPrefix("video/"): self = .bare
        case "multipart/form-data":
            let parameters = HeaderParameters(contentType ?? "")
            guard let boundary = parameters["boundary"], (1...70).contains(boundary.utf8.count) else {
                throw Refusal(.badRequest, "a form must name its boundary, of 1 to 70 characters, in Content-Type")
            }
            self = .multipart(boundary: boundary)
        default:
            throw Refusal(
                .unsupportedMediaType,
                "the body is of the type \(type); send the file's bytes, as image/jpeg, image/png, video/mp4 or "
                    + "application/octet-stream, or files in multipart/form-data")
        }
    }

    /// The files in a body.
    ///
    /// - Throws: ``Refusal`` for a body without files, and for a form that is damaged.
    package func files(in body: [UInt8], name: String, limit: Int) throws(Refusal) -> [UploadedFile] {
        switch self {
        case .bare:
            guard !body.isEmpty else { throw Refusal(.badRequest, "the body is empty; it must be a file's bytes") }
            return [UploadedFile(name: name, bytes: body[...])]
        case .multipart(let boundary):
            var reader = MultipartReader(body, boundary: boundary)
            var files: [UploadedFile] = []
            while let part = try reader.next() {
                // Fields without a file's name are what a form says beside its files.
                guard let name = part.fileName else { continue }
                guard files.count < limit else {
                    throw Refusal(.payloadTooLarge, "the form has more than \(limit) files, the most of one request")
                }
                guard !part.bytes.isEmpty else { throw Refusal(.badRequest, "\(name): the file is empty") }
                files.append(UploadedFile(name: name, bytes: part.bytes))
            }
            guard !files.isEmpty else { throw Refusal(.badRequest, "the form has no file") }
            return files
        }
    }
}

/// Reads the parts of a form (RFC 2046, section 5.1; RFC 7578).
struct MultipartReader {
    struct Part {
        /// Nil for a field that is no file.
        var fileName: String?
        var bytes: ArraySlice<UInt8>
    }

    private let body: [UInt8]
    private let delimiter: [UInt8]
    private var position: Int?

    init(_ body: [UInt8], boundary: String) {
        self.body = body
        delimiter = Array("\r\n--\(boundary)".utf8)
        position = nil
    }

    /// The most bytes of a part's headers.
    private static let headerBytes = 8192

    /// The next part; nil behind the last.
    ///
    /// - Throws: ``Refusal`` where the form is damaged.
    mutating func next() throws(Refusal) -> Part? {
        let start: Int
        if let position {
            start = position
        } else if body.starts(with: delimiter.dropFirst(2)) {
            start = delimiter.count - 2
        } else if let found = find(delimiter, from: 0) {
            start = found + delimiter.count
        } else {
            throw Self.damaged("has no line with its boundary")
        }
        // Two dashes end the form; else blanks may stand before the end of the line.
        if body[start...].starts(with: "--".utf8) { return nil }
        var line = start
        while line < body.count, body[line] == 0x20 || body[line] == 0x09 { line += 1 }
        guard body[line...].starts(with: [13, 10]) else { throw Self.damaged("ends before its last boundary") }
        // The line's end may at once be the beginning of the empty line behind no headers.
        guard let blank = find([13, 10, 13, 10], from: line, before: line + Self.headerBytes) else {
            throw Self.damaged("has a part whose headers do not end")
        }
        let headers = String(decoding: body[(line + 2)..<max(line + 2, blank)], as: UTF8.self)
        guard let end = find(delimiter, from: blank + 2) else { throw Self.damaged("ends before its last boundary") }
        position = end + delimiter.count
        return Part(fileName: Self.fileName(headers), bytes: body[min(blank + 4, end)..<end])
    }

    private static func damaged(_ what: String) -> Refusal { Refusal(.badRequest, "the form \(what)") }

    /// Where a sequence begins first, from `start` and before `limit`.
    private func find(_ sequence: [UInt8], from start: Int, before limit: Int = .max) -> Int? {
        let end = min(body.count, limit)
        guard start < end else { return nil }
        return body.withUnsafeBytes { bytes in
            sequence.withUnsafeBytes { wanted in
                guard let base = bytes.baseAddress, let first = wanted.baseAddress else { return nil }
                var place = start
                while end - place >= wanted.count,
                    let found = memchr(base + place, Int32(wanted[0]), end - place - wanted.count + 1)
                {
                    place = UnsafeRawPointer(found) - base
                    if memcmp(base + place, first, wanted.count) == 0 { return place }
                    place += 1
                }
                return nil
            }
        }
    }

    private static func fileName(_ headers: String) -> String? {
        for line in headers.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == "content-disposition" else {
                continue
            }
            guard let name = HeaderParameters(String(line[line.index(after: colon)...]))["filename"] else { return nil }
            return name.isEmpty ? "upload" : String(name.prefix(255))
        }
        return nil
    }
}

/// The parameters behind the first word of a header such as `form-data; name="file"; filename="a.jpg"`.
struct HeaderParameters {
    private var values: [String: String] = [:]

    init(_ header: String) {
        var rest = header.drop { $0 != ";" }
        while rest.first == ";" {
            rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
            let name = rest.prefix { $0 != "=" && $0 != ";" }
            rest = rest.dropFirst(name.count)
            guard rest.first == "=" else { continue }
            rest = rest.dropFirst()
            var value = ""
            if rest.first == "\"" {
                rest = rest.dropFirst()
                while let character = rest.popFirst(), character != "\"" {
                    // Browsers write a quotation mark as %22 and leave backslashes alone; others escape by them.
                    if character == "\\", rest.first == "\"" || rest.first == "\\", let escaped = rest.popFirst() {
                        value.append(escaped)
                    } else {
                        value.append(character)
                    }
                }
                rest = rest.drop { $0 != ";" }
            } else {
                value = rest.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces)
                rest = rest.drop { $0 != ";" }
            }
            let key = name.trimmingCharacters(in: .whitespaces).lowercased()
            if values[key] == nil { values[key] = value }
        }
    }

    subscript(name: String) -> String? { values[name] }
}
