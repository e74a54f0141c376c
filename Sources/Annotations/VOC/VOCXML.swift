import Foundation
import Support

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
    /// 0 where the file has none.
    package var height = 0
    package var objects: [Object] = []
    /// The names of what objects say beyond this, such as `polygon`: elements that hold more than 0 or "Unspecified".
    package var unread: Set<String> = []

    /// Bytes that an annotation has at most, a million objects.
    private static let largest = 1 << 28

    /// Reads a file.
    ///
    /// - Throws: ``AnnotationError`` that names the element and its line.
    package init(path: String) throws {
        let bytes: [UInt8]
        do {
            bytes = try TextFile.bytes(path, maximum: Self.largest)
        } catch {
            throw AnnotationError(error)
        }
        try self.init(bytes: bytes, name: path)
    }

    /// Reads a file's bytes; `name` is for messages.
    ///
    /// - Throws: ``AnnotationError`` that names the element and its line.
    package init(bytes: [UInt8], name file: String) throws(AnnotationError) {
        let elements = try XMLElements(bytes, file: file).elements
        var reader = VOCReader(file: file)
        for (position, element) in elements.enumerated() { try reader.take(element, at: position) }
        try reader.finish()
        self = reader.picture
    }

    fileprivate init() {}
}

/// Goes through the elements in their order: what is in an object follows it.
private struct VOCReader {
    /// What is read, by the names of the elements from the root's children on.
    private enum Role: String {
        case fileName = "filename"
        case size, width = "size/width", height = "size/height"
        case object, name = "object/name", difficult = "object/difficult", truncated = "object/truncated"
        case box = "object/bndbox", xmin = "object/bndbox/xmin", ymin = "object/bndbox/ymin",
            xmax = "object/bndbox/xmax", ymax = "object/bndbox/ymax"

        /// Whether elements belong in it, rather than text.
        var isSection: Bool { self == .size || self == .object || self == .box }

        static let corners: [Role] = [.xmin, .ymin, .xmax, .ymax]

        /// The element's own name.
        var elementName: Substring { rawValue.split(separator: "/").last ?? "" }
    }

    let file: String
    var picture = VOCPicture()
    /// The names from the root's children to each element, with slashes between; nil for what lies in elements that are not
    /// read.
    private var paths: [String?] = []
    /// The text of every element that was read, of the picture or of the object that is open.
    private var texts: [Role: (text: String, line: Int)] = [:]
    private var objectLine: Int?

    init(file: String) { self.file = file }

    private func error(_ line: Int, _ problem: String, _ fix: String) -> AnnotationError {
        AnnotationError(file: file, place: "line \(line)", problem: problem, fix: fix)
    }

    mutating func take(_ element: XMLElements.Element, at position: Int) throws(AnnotationError) {
        guard let parent = element.parent else {
            paths.append("")
            guard element.name == "annotation" else {
                throw error(
                    element.line, "the file holds <\(element.name)>", "A VOC annotation is one <annotation>")
            }
            return
        }
        guard let above = paths[parent] else { return paths.append(nil) }
        guard let role = Role(rawValue: above.isEmpty ? element.name : above + "/" + element.name) else {
            let text = element.text.withoutSpaceAround.lowercased()
            if above == Role.object.rawValue, element.hasChildren || !["", "0", "unspecified"].contains(text) {
                picture.unread.insert(element.name)
            }
            return paths.append(nil)
        }
        paths.append(role.rawValue)
        if role == .object {
            try finishObject()
            objectLine = element.line
            return
        }
        guard !role.isSection else { return }
        guard !element.hasChildren else {
            throw error(
                element.line, "<\(element.name)> holds elements where its text belongs", "Write the value alone there")
        }
        let text = element.text.trimmingCharacters(in: .whitespacesAndNewlines)
        if let other = texts[role], other.text != text {
            throw error(
                element.line,
                "a second <\(element.name)> says \"\(text)\", and the one of line \(other.line) \"\(other.text)\"",
                "Keep the right one")
        }
        texts[role] = (text, element.line)
        switch role {
        case .fileName: picture.fileName = text
        case .width: picture.width = Int(try number(role))
        case .height: picture.height = Int(try number(role))
        default: break
        }
    }

    /// The last object has no object behind it that ends it.
    mutating func finish() throws(AnnotationError) { try finishObject() }

    private mutating func finishObject() throws(AnnotationError) {
        guard let line = objectLine else { return }
        objectLine = nil
        defer { texts = texts.filter { !$0.key.rawValue.hasPrefix("object/") } }
        guard let name = texts[.name]?.text, !name.isEmpty else {
            throw error(line, "an <object> has no <name>", "Write the class's name there")
        }
        let missing = Role.corners.filter { texts[$0] == nil }
        guard missing.isEmpty else {
            throw error(
                line, "the <bndbox> of a \(name) lacks \(missing.map(\.elementName).joined(separator: ", "))",
                "Write all four corners, or take the object out")
        }
        picture.objects.append(
            VOCPicture.Object(
                name: name, xmin: try number(.xmin), ymin: try number(.ymin), xmax: try number(.xmax),
                ymax: try number(.ymax), isDifficult: try flag(.difficult), isTruncated: try flag(.truncated),
                line: line))
    }

    private func number(_ role: Role) throws(AnnotationError) -> Double {
        let (text, line) = texts[role] ?? ("", 1)
        guard let number = text.decimalNumber, abs(number) < 1e9 else {
            throw error(
                line, "<\(role.elementName)> holds \"\(text)\", which is not a number of pixels", "Write a number there"
            )
        }
        return number
    }

    private func flag(_ role: Role) throws(AnnotationError) -> Bool {
        guard let (text, line) = texts[role] else { return false }
        switch text.lowercased() {
        case "", "0", "false", "unspecified": return false
        case "1", "true": return true
        default: throw error(line, "<\(role.elementName)> holds \"\(text)\"", "Write 0 or 1 there")
        }
    }
}
