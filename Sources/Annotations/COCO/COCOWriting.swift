import Foundation
import Support

extension COCO {
    /// Writes an instances file with `images`, `annotations` and `categories`, and a `segmentation` where an object has an
    /// outline; numbers are printed so that reading gives them back to the bit. The file appears whole or not at all.
    ///
    /// - Throws: ``AnnotationError`` for a file that can't be written, and for a number that is not finite.
    public static func writeInstances(_ annotations: DetectionAnnotations, to path: String) throws {
        let out = try JSONFileWriter(path)
        out.text("{\"images\": [")
        for i in 0..<annotations.imageCount {
            let size = annotations.imageSize(i)
            out.text(i == 0 ? "\n" : ",\n")
            out.text("{\"id\": \(annotations.imageID(i)), \"file_name\": ")
            out.text(JSONText.string(annotations.fileName(i)))
            out.text(", \"width\": \(size.width), \"height\": \(size.height)}")
            try out.spill()
        }
        out.text("\n],\n\"annotations\": [")
        for i in 0..<annotations.imageCount {
            for j in annotations.objects(i) {
                let object = annotations.object(j)
                out.text(j == 0 ? "\n" : ",\n")
                out.text("{\"id\": \(object.id), \"image_id\": \(annotations.imageID(i)), \"category_id\": ")
                out.text("\(annotations.categoryIDs[object.label - 1]), \"bbox\": ")
                try out.numbers([object.x, object.y, object.width, object.height], of: "annotation \(object.id)")
                out.text(", \"area\": ")
                try out.number(object.area, of: "annotation \(object.id)")
                out.text(", \"iscrowd\": \(object.flags.contains(.crowd) ? 1 : 0)")
                if object.flags.contains(.ignore) { out.text(", \"ignore\": 1") }
                if let outline = object.outline {
                    out.text(", \"segmentation\": ")
                    try outline.write(to: out, of: "annotation \(object.id)")
                }
                out.text("}")
                try out.spill()
            }
        }
        out.text("\n],\n\"categories\": [")
        for (i, name) in annotations.classNames.enumerated() {
            out.text(i == 0 ? "\n" : ",\n")
            out.text("{\"id\": \(annotations.categoryIDs[i]), \"name\": \(JSONText.string(name))}")
        }
        out.text("\n]}\n")
        try out.finish()
    }

    /// Writes a results file; numbers are printed so that reading gives them back to the bit. The file appears whole
    /// or not at all.
    ///
    /// - Parameters:
    ///   - results: The detections, written in their order.
    ///   - path: The file to write, such as `detections.json`.
    ///   - names: Written as `file_name` and `category_name` beside the ids that it has; other readers of results pass
    ///     over them.
    /// - Throws: ``AnnotationError`` for a file that can't be written, and for a number that is not finite.
    public static func writeResults(
        _ results: DetectionResults, to path: String, names: ResultNames = ResultNames()
    ) throws {
        let out = try JSONFileWriter(path)
        out.text("[")
        for i in 0..<results.count {
            out.text(i == 0 ? "\n" : ",\n")
            out.text("{\"image_id\": \(results.imageIDs[i]), \"category_id\": \(results.categoryIDs[i]), \"bbox\": ")
            try out.numbers(
                [results.x[i], results.y[i], results.width[i], results.height[i]], of: "detection \(i)")
            out.text(", \"score\": ")
            try out.number(results.scores[i], of: "detection \(i)")
            if let name = names.images[results.imageIDs[i]] { out.text(", \"file_name\": \(JSONText.string(name))") }
            if let name = names.categories[results.categoryIDs[i]] {
                out.text(", \"category_name\": \(JSONText.string(name))")
            }
            out.text("}")
            try out.spill()
        }
        out.text("\n]\n")
        try out.finish()
    }
}

/// Numbers and strings as JSON writes them.
package enum JSONText {
    /// The shortest text that reads back as this double; whole numbers without a point.
    package static func number(_ value: Double) -> String {
        if value == value.rounded(), abs(value) < 1e15 {
            return value == 0 && value.sign == .minus ? "-0.0" : "\(Int64(value))"
        }
        return "\(value)"
    }

    package static func string(_ value: String) -> String {
        var text = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\t": text += "\\t"
            case "\r": text += "\\r"
            case _ where scalar.value < 0x20:
                text += "\\u00" + (scalar.value < 0x10 ? "0" : "") + String(scalar.value, radix: 16)
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}

/// Text gathered in memory and written in pieces to a file that appears at the end.
final class JSONFileWriter {
    private let file: WholeFile
    private var buffer: [UInt8] = []

    init(_ path: String) throws(AnnotationError) {
        do throws(WholeFileError) {
            file = try WholeFile(path: path)
        } catch {
            throw AnnotationError(error)
        }
        buffer.reserveCapacity(1 << 17)
    }

    func text(_ text: String) { buffer.append(contentsOf: text.utf8) }

    func number(_ value: Double, of place: String) throws {
        guard value.isFinite else {
            throw AnnotationError(
                file: file.path, place: place, problem: "JSON can't hold the number \(value)",
                fix: "Leave the record out, and look for where it stopped being finite")
        }
        text(JSONText.number(value))
    }

    func numbers(_ values: [Double], of place: String) throws {
        for (i, value) in values.enumerated() {
            text(i == 0 ? "[" : ", ")
            try number(value, of: place)
        }
        text("]")
    }

    /// Writes what is gathered, once it is worth it.
    func spill() throws(AnnotationError) {
        if buffer.count >= 1 << 16 { try writeBuffer() }
    }

    func finish() throws(AnnotationError) {
        try writeBuffer()
        do throws(WholeFileError) {
            try file.commit()
        } catch {
            throw AnnotationError(error)
        }
    }

    private func writeBuffer() throws(AnnotationError) {
        do throws(WholeFileError) {
            try file.write(buffer)
        } catch {
            throw AnnotationError(error)
        }
        buffer.removeAll(keepingCapacity: true)
    }
}
