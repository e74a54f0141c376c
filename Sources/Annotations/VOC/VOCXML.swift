import Foundation

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// One VOC annotation file as it stands, unchecked but for its numbers: 1-based corners, both inclusive.
package struct VOCPicture: Sendable {
    /// An `<object>` element.
    package struct Object: Sendable {
        package var name: String
        package var xmin: Double
        package var ymin: Double
        package var xmax: Double
        package var ymax: Double
        package var isDifficult: Bool
        package var isTruncated: Bool
        /// The line on which the element begins, from 1.
        package var line: Int
    }

    /// Empty where the file has none.
    package var fileName = ""
    /// 0 where the file has none.
    package var width = 0
    package var height = 0
    package var objects: [Object] = []

    /// Reads a file.
    ///
    /// - Throws: ``AnnotationError`` that names the element and its line.
    package init(path: String) throws {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw AnnotationError(
                file: path, problem: "it can't be read", fix: "Check that the file is there and its permissions")
        }
        try self.init(data: data, name: path)
    }

    /// Reads a file's bytes; `name` is for messages.
    ///
    /// - Throws: ``AnnotationError`` that names the element and its line.
    package init(data: Data, name: String) throws {
        // A document type can make a parser expand entities without end or open other files; VOC has none.
        if data.range(of: Data("<!DOCTYPE".utf8)) != nil || data.range(of: Data("<!ENTITY".utf8)) != nil {
            throw AnnotationError(
                file: name, problem: "it declares a document type, which an annotation has no use for",
                fix: "Take the <!DOCTYPE> out")
        }
        let parser = XMLParser(data: data)
        let reader = VOCReader(file: name)
        parser.delegate = reader
        let parsed = parser.parse()
        if let error = reader.error { throw error }
        guard parsed, reader.isComplete else {
            throw AnnotationError(
                file: name, place: "line \(max(1, parser.lineNumber))",
                problem: "this is not well-formed XML"
                    + (parser.parserError.map { " (error \(($0 as NSError).code) of libxml2)" } ?? ""),
                fix: "Close every element, or copy the file again if it is cut off")
        }
        self = reader.picture
    }

    private init() {}
    fileprivate static var empty: VOCPicture { VOCPicture() }
}

/// Follows the parser's events: the path of open elements, and their text.
private final class VOCReader: NSObject, XMLParserDelegate {
    /// An object while its elements come in.
    private struct Draft {
        var line = 0
        var name: String?
        var corners: [String: Double] = [:]
        var isDifficult = false
        var isTruncated = false
    }

    private let file: String
    private var path: [String] = []
    private var text = ""
    private var draft = Draft()
    var picture = VOCPicture.empty
    var error: AnnotationError?
    /// Whether a root was opened and everything is closed; a file that is cut off can pass the parser.
    var isComplete: Bool { sawRoot && path.isEmpty }
    private var sawRoot = false

    init(file: String) { self.file = file }

    private func refuse(_ parser: XMLParser, line: Int? = nil, _ problem: String, _ fix: String) {
        if error == nil {
            error = AnnotationError(
                file: file, place: "line \(line ?? parser.lineNumber)", problem: problem, fix: fix)
        }
        parser.abortParsing()
    }

    private func number(_ parser: XMLParser, _ element: String) -> Double? {
        let value = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard let number = Double(value), number.isFinite, abs(number) < 1e9 else {
            refuse(parser, "<\(element)> holds \"\(value)\", which is not a number of pixels", "Write a number there")
            return nil
        }
        return number
    }

    private func flag(_ parser: XMLParser, _ element: String) -> Bool {
        switch text.trimmingCharacters(in: .whitespacesAndNewlines).lowercased() {
        case "", "0", "false", "unspecified": return false
        case "1", "true": return true
        case let other:
            refuse(parser, "<\(element)> holds \"\(other)\"", "Write 0 or 1 there")
            return false
        }
    }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        if path.isEmpty {
            sawRoot = true
            if name != "annotation" {
                refuse(parser, "the file holds <\(name)>", "A VOC annotation is one <annotation>")
            }
        }
        path.append(name)
        text = ""
        if path == ["annotation", "object"] {
            draft = Draft()
            draft.line = parser.lineNumber
        }
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        defer {
            path.removeLast()
            text = ""
        }
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        switch path.dropFirst() {
        case ["filename"]: picture.fileName = trimmed
        case ["size", "width"]: picture.width = number(parser, name).map { Int($0) } ?? 0
        case ["size", "height"]: picture.height = number(parser, name).map { Int($0) } ?? 0
        case ["object", "name"]: draft.name = trimmed
        case ["object", "difficult"]: draft.isDifficult = flag(parser, name)
        case ["object", "truncated"]: draft.isTruncated = flag(parser, name)
        case ["object", "bndbox", "xmin"], ["object", "bndbox", "ymin"], ["object", "bndbox", "xmax"],
            ["object", "bndbox", "ymax"]:
            draft.corners[name] = number(parser, name)
        case ["object"]: finishObject(parser)
        default: break
        }
    }

    private func finishObject(_ parser: XMLParser) {
        guard error == nil else { return }
        guard let name = draft.name, !name.isEmpty else {
            return refuse(parser, line: draft.line, "an <object> has no <name>", "Write the class's name there")
        }
        guard let xmin = draft.corners["xmin"], let ymin = draft.corners["ymin"], let xmax = draft.corners["xmax"],
            let ymax = draft.corners["ymax"]
        else {
            let missing = ["xmin", "ymin", "xmax", "ymax"].filter { draft.corners[$0] == nil }
            return refuse(
                parser, line: draft.line, "the <bndbox> of a \(name) lacks \(missing.joined(separator: ", "))",
                "Write all four corners, or take the object out")
        }
        picture.objects.append(
            VOCPicture.Object(
                name: name, xmin: xmin, ymin: ymin, xmax: xmax, ymax: ymax, isDifficult: draft.isDifficult,
                isTruncated: draft.isTruncated, line: draft.line))
    }
}
