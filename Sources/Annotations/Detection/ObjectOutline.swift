import Foundation
import Support

/// What an object covers of its image: COCO's `segmentation`.
public enum ObjectOutline: Hashable, Sendable {
    /// Closed polygons of three points or more each, x and y in turn, in pixels.
    case polygons([[Double]])
    /// The pixels of a mask, column by column: how many are outside, how many inside, and so on in turn.
    case runs([Int], ImageSize)
    /// Such runs in the text into which COCO's own tools compress them.
    case compressedRuns(String, ImageSize)

    /// The smallest box around the polygons, XYXY in pixels; nil of a mask.
    package var bounds: (x0: Double, y0: Double, x1: Double, y1: Double)? {
        guard case .polygons(let polygons) = self else { return nil }
        var box = (x0: Double.infinity, y0: Double.infinity, x1: -Double.infinity, y1: -Double.infinity)
        for polygon in polygons {
            for i in stride(from: 0, to: polygon.count - 1, by: 2) {
                box = (
                    min(box.x0, polygon[i]), min(box.y0, polygon[i + 1]), max(box.x1, polygon[i]),
                    max(box.y1, polygon[i + 1])
                )
            }
        }
        return box
    }

    /// The sum of the polygons' areas in square pixels; nil of a mask.
    package var area: Double? {
        guard case .polygons(let polygons) = self else { return nil }
        return polygons.reduce(0) { sum, polygon in
            var twice = 0.0
            for i in stride(from: 0, to: polygon.count - 1, by: 2) {
                let next = i + 2 < polygon.count ? i + 2 : 0
                twice += polygon[i] * polygon[next + 1] - polygon[next] * polygon[i + 1]
            }
            return sum + abs(twice) / 2
        }
    }
}

extension ObjectOutline {
    /// The outline that the text of a COCO `segmentation` says; nil for what is none: an empty list, other keys, fewer than three
    /// points.
    init?(json text: ArraySlice<UInt8>) {
        guard let value = try? JSONSerialization.jsonObject(with: Data(text), options: .fragmentsAllowed) else {
            return nil
        }
        if let lists = value as? [[NSNumber]] {
            let polygons = lists.filter { $0.count >= 6 && $0.count.isMultiple(of: 2) }.map { $0.map(\.doubleValue) }
            guard polygons.count == lists.count, !polygons.isEmpty else { return nil }
            self = .polygons(polygons)
        } else if let mask = value as? [String: Any], let sides = mask["size"] as? [Int], sides.count == 2 {
            let size = ImageSize(width: sides[1], height: sides[0])
            switch mask["counts"] {
            case let runs as [Int]: self = .runs(runs, size)
            case let text as String: self = .compressedRuns(text, size)
            default: return nil
            }
        } else {
            return nil
        }
    }

    /// Whether a text says that there is no outline: nothing, null, an empty list.
    static func isNone(json text: ArraySlice<UInt8>) -> Bool {
        let bare = text.filter { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        return bare.isEmpty || bare.elementsEqual("null".utf8) || bare.elementsEqual("[]".utf8)
            || bare.elementsEqual("[[]]".utf8)
    }

    /// Writes the value of a COCO `segmentation`.
    ///
    /// - Throws: ``AnnotationError`` for a number that is not finite.
    func write(to out: JSONFileWriter, of place: String) throws {
        func mask(_ counts: String, _ size: ImageSize) {
            out.text("{\"counts\": \(counts), \"size\": [\(size.height), \(size.width)]}")
        }
        switch self {
        case .polygons(let polygons):
            out.text("[")
            for (i, polygon) in polygons.enumerated() {
                if i > 0 { out.text(", ") }
                try out.numbers(polygon, of: place)
            }
            out.text("]")
        case .runs(let runs, let size): mask("[\(runs.map(String.init).joined(separator: ", "))]", size)
        case .compressedRuns(let text, let size): mask(JSONText.string(text), size)
        }
    }
}
