import CSimdJSON
import Foundation

/// A COCO JSON file as CSimdJSON read it.
final class COCOFile {
    let path: String
    let kind: cs_kind
    private let handle: cs_file

    init(path: String, kind: cs_kind, threads: Int? = nil) throws {
        self.path = path
        self.kind = kind
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
            throw AnnotationError(
                file: path, problem: "it is a folder", fix: "Name the JSON file itself, for example instances_val.json")
        }
        let threads = threads ?? min(4, ProcessInfo.processInfo.activeProcessorCount)
        guard let handle = cs_read(path, kind, Int32(threads)) else {
            throw AnnotationError(file: path, problem: "memory ran out", fix: "Free some memory and try again")
        }
        self.handle = handle
    }

    deinit { cs_close(handle) }

    func has(_ section: cs_section) -> Bool { cs_has_section(handle, section) != 0 }

    var isFatal: Bool { cs_is_fatal(handle) != 0 }

    /// How many faults there are; `faults` keeps the first thousand.
    var faultCount: Int { Int(cs_fault_count(handle)) }

    var faults: [COCOFault] {
        (0..<cs_faults_kept(handle)).map { COCOFault(cs_fault_at(handle, $0), file: path) }
    }

    /// The first fault, as an error.
    func check() throws {
        guard let first = faults.first else { return }
        var error = first.error
        if faultCount > 1 {
            error.fix += "; \(faultCount - 1) more records are at fault"
            if first.section != "results" { error.fix += ": `vertebra data check` lists them" }
        }
        throw error
    }

    /// A column as an array; the reader's copy is given back.
    func take<Element>(_ column: cs_column, _: Element.Type = Element.self) -> [Element] {
        let count = Int(cs_column_count(handle, column))
        return [Element](unsafeUninitializedCapacity: count) { buffer, written in
            if let memory = buffer.baseAddress { cs_take_column(handle, column, memory) }
            written = count
        }
    }

    /// The strings whose bytes are in one column and their ends in another.
    func strings(_ bytes: cs_column, _ ends: cs_column) -> [String] {
        let column = StringColumn(bytes: take(bytes), ends: integers(ends))
        return (0..<column.count).map { column[$0] }
    }

    /// 64-bit integers as `Int`.
    func integers(_ column: cs_column) -> [Int] { take(column, Int.self) }
}

/// A fault of a file or of one record.
package struct COCOFault: Sendable {
    /// "images", "annotations", "categories", "results"; empty outside them.
    package let section: String
    /// From 0 in its section; nil outside any.
    package let record: Int?
    package let error: AnnotationError

    init(_ fault: cs_fault, file: String) {
        switch fault.section {
        case CS_SECTION_IMAGES: section = "images"
        case CS_SECTION_ANNOTATIONS: section = "annotations"
        case CS_SECTION_CATEGORIES: section = "categories"
        case CS_SECTION_RESULTS: section = "results"
        default: section = ""
        }
        record = fault.record < 0 ? nil : Int(fault.record)
        let key = String(cString: fault.key)
        let detail = String(cString: fault.detail)
        var place: [String] = []
        if let record { place.append("\(section)[\(record)]") } else if !section.isEmpty { place.append(section) }
        if fault.byte >= 0 { place.append("byte \(fault.byte)") }
        let (problem, fix) = Self.words(fault.code, key: key, detail: detail, section: section)
        error = AnnotationError(file: file, place: place.joined(separator: ", "), problem: problem, fix: fix)
    }

    private static func words(
        _ code: cs_code, key: String, detail: String, section: String
    ) -> (problem: String, fix: String) {
        switch code {
        case CS_CANNOT_OPEN:
            return ("it can't be read: \(detail)", "Check the path and its permissions")
        case CS_NOT_JSON:
            // simdjson's own words are whole sentences.
            let isExpectation = detail.first?.isLowercase == true
            return (
                isExpectation ? "this is not JSON, which wants \(detail) here" : "this is not JSON: \(detail)",
                "Mend the text at that place, or write the file again"
            )
        case CS_TRUNCATED:
            return (
                "the file stops too early, where \(detail) is wanted", "It was cut off: copy or download it again"
            )
        case CS_WRONG_ENCODING:
            return detail.hasPrefix("UTF")
                ? ("this is text in \(detail)", "JSON is UTF-8: save the file again in that encoding")
                : detail.hasPrefix("not")
                    ? ("there is text that is \(detail)", "JSON is UTF-8: save the file again in that encoding")
                    : ("it is \(detail)", "Unpack it first")
        case CS_WRONG_TOP_LEVEL:
            return detail == "an array"
                ? (
                    "it holds an array, which is the form of detection results",
                    "An annotation file is an object with \"images\", \"annotations\" and \"categories\""
                )
                : (
                    "it holds an object, which is the form of annotations",
                    "Results are an array of {\"image_id\", \"category_id\", \"bbox\", \"score\"}"
                )
        case CS_REPEATED_SECTION:
            return ("\"\(section)\" stands in the file twice", "Merge the two arrays into one")
        case CS_NOT_AN_OBJECT:
            return ("the record is not an object", "Every record is an object in braces")
        case CS_MISSING_KEY:
            return ("\"\(key)\" is missing", "Add \"\(key)\", \(detail)")
        case CS_WRONG_TYPE:
            let name = key.isEmpty ? section : key
            return ("\"\(name)\" is not \(detail)", "Write \(detail), without quotes around numbers; JSON has no NaN")
        case CS_OUT_OF_RANGE:
            return (
                "the number in \"\(key)\" is too large",
                detail == "an integer"
                    ? "Write an integer up to 9223372036854775807, without point or exponent if it is over 9007199254740991"
                    : "Write \(detail) that fits in 64 bits"
            )
        default:
            return ("memory ran out", "Free some memory and try again")
        }
    }
}
