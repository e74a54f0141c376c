import CXML
import Support

/// A small XML file's elements with their text, in the order of their opening tags; the root is the first.
///
/// The reading is strict: text that breaks a rule of XML anywhere is refused as a whole. Text is in the encoding that the
/// file declares, UTF-8 without; CDATA is text; a document type is refused, and with it every entity but XML's own five.
struct XMLElements {
    struct Element {
        /// As it stands in the file, with its prefix.
        let name: String
        /// All text right in the element, in one piece.
        let text: String
        /// The position of the element around it; nil for the root.
        let parent: Int?
        /// Whether elements are in it.
        let hasChildren: Bool
        /// The line on which its opening tag ends, from 1.
        let line: Int
    }

    let elements: [Element]

    /// Reads a file's bytes; `file` is for messages.
    ///
    /// - Throws: ``AnnotationError`` with the line that is wrong.
    init(_ bytes: [UInt8], file: String) throws(AnnotationError) {
        let handle = bytes.withUnsafeBytes { cx_read($0.baseAddress, Int64($0.count)) }
        guard let handle else { throw Self.noMemory(file) }
        defer { cx_close(handle) }
        let fault = cx_fault_of(handle)
        guard fault.code == CX_OK else { throw Self.error(fault, bytes, file: file) }
        elements = (0..<cx_element_count(handle)).map { index in
            let element = cx_element_at(handle, index)
            return Element(
                name: Self.text(element.name, element.name_length),
                text: Self.text(element.text, element.text_length),
                parent: element.parent < 0 ? nil : Int(element.parent), hasChildren: element.children > 0,
                line: Int(element.line))
        }
    }

    private static func text(_ start: UnsafePointer<CChar>?, _ count: Int64) -> String {
        guard let start, count > 0 else { return "" }
        return String(decoding: UnsafeRawBufferPointer(start: start, count: Int(count)), as: UTF8.self)
    }

    private static func noMemory(_ file: String) -> AnnotationError {
        AnnotationError(file: file, problem: "memory ran out", fix: "Free some memory and try again")
    }

    private static func error(_ fault: cx_fault, _ bytes: [UInt8], file: String) -> AnnotationError {
        let detail = String(cString: fault.detail)
        func refusal(_ problem: String, _ fix: String) -> AnnotationError {
            AnnotationError(file: file, place: "line \(fault.line)", problem: problem, fix: fix)
        }
        switch fault.code {
        case CX_NOT_WELL_FORMED, CX_NOT_IN_ENCODING:
            if let error = foreignBytes(bytes, file: file) { return error }
            if fault.code == CX_NOT_IN_ENCODING {
                return refusal(
                    "it is not in the encoding that it declares (\(detail))",
                    "Declare the encoding that the file is in, or save it as UTF-8")
            }
            return refusal(
                "this is not well-formed XML (\(detail))",
                "Close every element, or copy the file again if it is cut off")
        case CX_UNKNOWN_ENCODING:
            return refusal(
                "it declares an encoding that is not known (\(detail))", "Save the file as UTF-8 and declare that")
        case CX_UNKNOWN_ENTITY:
            return refusal(
                "it uses an entity that XML does not have (\(detail))",
                "Write the character itself, or its number, such as &#233;")
        case CX_DOCUMENT_TYPE:
            return refusal(
                "it declares a document type, which an annotation has no use for", "Take the <!DOCTYPE> out")
        case CX_TOO_DEEP:
            return refusal(
                "more than \(CX_DEEPEST) elements lie in each other", "An annotation has four levels; write it again")
        default:
            return noMemory(file)
        }
    }

    /// The error that a file without a declared encoding, or with UTF-8 declared, holds bytes of another one.
    private static func foreignBytes(_ bytes: [UInt8], file: String) -> AnnotationError? {
        guard TextFile.wideEncoding(of: bytes) == nil, declaresUTF8(bytes),
            let bad = TextFile.firstInvalidByte(bytes[...])
        else { return nil }
        return AnnotationError(
            file: file, place: "line \(TextFile.line(of: bad, in: bytes))",
            problem: "\(TextFile.foreignByte(bad, in: bytes)), and the file declares no encoding but UTF-8",
            fix:
                "Save it as UTF-8, or begin it with <?xml version=\"1.0\" encoding=\"ISO-8859-1\"?> if that is what it is in"
        )
    }

    private static func declaresUTF8(_ bytes: [UInt8]) -> Bool {
        let head = String(decoding: bytes.prefix(200), as: UTF8.self)
        guard head.hasPrefix("<?xml"), let end = head.range(of: "?>") else { return true }
        let declaration = head[..<end.lowerBound].lowercased()
        return !declaration.contains("encoding") || declaration.contains("utf-8") || declaration.contains("utf8")
    }
}
