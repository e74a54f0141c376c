import Foundation
import Support

/// The text files of YOLO's labels, one for each picture: a line for each object with the index of its class from 0, the
/// centre of its box and the box's extent, or the points of its outline, as shares of the picture's sides.
public enum YOLOLabels {
    /// What a file of labels holds.
    public struct Content: Hashable, Sendable {
        /// The objects, with ids from 1 in the order of the lines, boxes in pixels, and outlines where lines hold them.
        public var objects: [ObjectRecord] = []
        /// Lines with keypoints behind the box, which were passed over.
        public var keypoints = 0
    }

    /// How far a number may lie outside of 0…1, for the rounding of programs that write labels: as Ultralytics has it.
    static let tolerance = 0.01

    /// The file of a picture's labels: the last folder `images` of its path becomes `labels`, and the ending `.txt`; without
    /// such a folder, the labels lie beside the picture.
    public static func path(ofImage path: String) -> String {
        var parts = FilePath.withoutEnding(path).split(separator: "/", omittingEmptySubsequences: false)
        if let index = parts.dropLast().lastIndex(of: "images") { parts[index] = "labels" }
        return parts.joined(separator: "/") + ".txt"
    }

    /// Reads the labels of a picture.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - size: The picture's size.
    ///   - classNames: The classes in the order of their indices.
    ///   - classSource: What messages call the file that lists the classes.
    ///   - keypointNumbers: How many numbers of keypoints stand behind each box; nil where lines hold boxes or outlines.
    /// - Throws: ``AnnotationError`` that names the line: for other than five numbers or an outline, for what is no number or
    ///   lies outside of 0…1, and for a class that is not there.
    public static func read(
        _ path: String, size: ImageSize, classNames: [String], classSource: String = "data.yaml",
        keypointNumbers: Int? = nil
    ) throws -> Content {
        var content = Content()
        for (number, text) in try numberedLines(of: path) {
            let words = text.split(whereSeparator: \.isWhitespace)
            func wrong(_ problem: String, _ fix: String) -> AnnotationError {
                AnnotationError(file: path, place: "line \(number)", problem: problem, fix: fix)
            }
            let values = try words.map { word throws(AnnotationError) in
                guard let value = word.decimalNumber, value.isFinite else {
                    throw wrong(
                        "\"\(word)\" is no number", "Write the class's index and four numbers, with points, not commas")
                }
                return value
            }
            let isBox = values.count == 5 || values.count == keypointNumbers.map { 5 + $0 }
            let isOutline = keypointNumbers == nil && values.count >= 7 && !values.count.isMultiple(of: 2)
            guard isBox || isOutline else {
                throw wrong(
                    "it holds \(values.count) numbers, and a box has five: class, centre x, centre y, width, height",
                    values.count == 6
                        ? "Take the sixth out if it is a score: labels have none"
                        : "Write five numbers, or a class and three or more points of an outline")
            }
            guard let index = Int(exactly: values[0]), classNames.indices.contains(index) else {
                throw wrong(
                    "class \(words[0]) is not among the \(classNames.count) of \(classSource), which count from 0",
                    "Mend the index, or add the class's name to \(classSource)")
            }
            let shares = isBox ? values[1..<5] : values[1...]
            if let outside = shares.first(where: { $0 < -tolerance || $0 > 1 + tolerance }) {
                throw wrong(
                    "\(outside) lies outside of 0…1",
                    outside > 2
                        ? "Divide pixels by the picture's \(size.width) × \(size.height)"
                        : "Write shares of the picture's width and height")
            }
            if isBox, values.count > 5 { content.keypoints += 1 }
            let box = isBox ? Share(box: Array(shares)) : Share(around: Array(shares))
            var object = box.record(id: content.objects.count + 1, label: index + 1, size: size)
            if isOutline { object.take(points: Array(shares), size: size) }
            content.objects.append(object)
        }
        return content
    }

    /// The text of a picture's labels, and what became of objects that labels can't hold as they are.
    package struct Text: Hashable, Sendable {
        /// The file's content.
        package var text = ""
        /// Boxes that reach too far outside, and were clipped.
        package var clipped = 0
        /// Boxes of which nothing lies inside; they were left out.
        package var leftOut = 0
        /// Outlines of several polygons, which were joined by lines that enclose nothing.
        package var joined = 0
        /// Outlines that are masks, or reach elsewhere than their boxes; the boxes were written.
        package var boxed = 0
    }

    /// The text of a picture's labels. Programs take all lines of a file for outlines as soon as one is, so beside one boxes are
    /// written as outlines of four corners.
    ///
    /// - Parameters:
    ///   - objects: The objects; their flags and areas are not written.
    ///   - size: The picture's size, which must be known.
    package static func text(of objects: [ObjectRecord], size: ImageSize) -> Text {
        var result = Text()
        let polygons = objects.map(\.polygonsOfBox)
        let hasOutlines = polygons.contains { $0 != nil }
        for (object, polygons) in zip(objects, polygons) {
            var share = Share(object, size: size)
            if !share.isWithin {
                guard let part = share.clipped else {
                    result.leftOut += 1
                    continue
                }
                share = part
                result.clipped += 1
            }
            if object.outline != nil, polygons == nil { result.boxed += 1 }
            if let polygons, polygons.count > 1 { result.joined += 1 }
            let line =
                if let polygons {
                    Share.points(joined(polygons), size: size)
                } else {
                    hasOutlines ? share.corners : share.numbers
                }
            result.text += "\(object.label - 1) \(line.map(Self.text).joined(separator: " "))\n"
        }
        return result
    }

    /// Polygons as one: from its first point the first one leads to each of the others and back.
    private static func joined(_ polygons: [[Double]]) -> [Double] {
        guard polygons.count > 1 else { return polygons.first ?? [] }
        var points: [Double] = []
        for polygon in polygons { points += polygon + polygon.prefix(2) }
        for polygon in polygons.dropFirst().dropLast().reversed() { points += polygon.prefix(2) }
        return points
    }

    /// A share with ten decimals, without zeros at its end.
    private static func text(_ value: Double) -> String {
        var text = String(format: "%.10f", value)[...]
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
        return String(text)
    }

    /// A box as shares of a picture's sides.
    private struct Share {
        var centreX, centreY, width, height: Double

        init(box values: [Double]) {
            (centreX, centreY, width, height) = (values[0], values[1], values[2], values[3])
        }

        init(left: Double, top: Double, right: Double, bottom: Double) {
            (centreX, centreY) = ((left + right) / 2, (top + bottom) / 2)
            (width, height) = (right - left, bottom - top)
        }

        /// The box around points, x and y in turn.
        init(around points: [Double]) {
            let x = stride(from: 0, to: points.count, by: 2).map { points[$0] }
            let y = stride(from: 1, to: points.count, by: 2).map { points[$0] }
            self.init(left: x.min() ?? 0, top: y.min() ?? 0, right: x.max() ?? 0, bottom: y.max() ?? 0)
        }

        init(_ object: ObjectRecord, size: ImageSize) {
            let across = Double(size.width), down = Double(size.height)
            (width, height) = (object.width / across, object.height / down)
            (centreX, centreY) = ((object.x + object.width / 2) / across, (object.y + object.height / 2) / down)
        }

        var isWithin: Bool { [centreX, centreY, width, height].allSatisfy { $0 >= 0 && $0 <= 1 } }

        /// The part of the box inside the picture; nil where there is none.
        var clipped: Share? {
            let (left, top, right, bottom) = edgesInside
            return left < right && top < bottom ? Share(left: left, top: top, right: right, bottom: bottom) : nil
        }

        /// The box's edges, those outside the picture moved to its edge.
        private var edgesInside: (left: Double, top: Double, right: Double, bottom: Double) {
            (
                max(0, centreX - width / 2), max(0, centreY - height / 2), min(1, centreX + width / 2),
                min(1, centreY + height / 2)
            )
        }

        var numbers: [Double] { [centreX, centreY, width, height] }

        /// The four corners of the part inside the picture, x and y in turn.
        var corners: [Double] {
            let (left, top, right, bottom) = edgesInside
            return [left, top, right, top, right, bottom, left, bottom]
        }

        /// Points in pixels as shares, those outside moved to the picture's edge.
        static func points(_ points: [Double], size: ImageSize) -> [Double] {
            points.enumerated().map { i, value in
                max(0, min(1, value / Double(i.isMultiple(of: 2) ? size.width : size.height)))
            }
        }

        func record(id: Int, label: Int, size: ImageSize) -> ObjectRecord {
            // Ten decimals of a share are less than this, in any picture.
            func pixels(_ value: Double) -> Double { value.pixelDigits(within: 1e-5) }
            let across = Double(size.width), down = Double(size.height)
            return ObjectRecord(
                id: id, label: label, x: pixels((centreX - width / 2) * across),
                y: pixels((centreY - height / 2) * down), width: pixels(width * across),
                height: pixels(height * down))
        }
    }
}

extension ObjectRecord {
    /// Takes an outline of points, shares of the picture's sides, x and y in turn. Four points that are the corners of the box say
    /// no more than the box does.
    fileprivate mutating func take(points: [Double], size: ImageSize) {
        let pixels = points.enumerated().map { i, value in
            (value * Double(i.isMultiple(of: 2) ? size.width : size.height)).pixelDigits(within: 1e-5)
        }
        func lies(_ value: Double, _ start: Double, _ extent: Double) -> Bool {
            min(abs(value - start), abs(value - start - extent)) < 1e-3
        }
        let areCorners =
            points.count == 8
            && (0..<4).allSatisfy { lies(pixels[2 * $0], x, width) && lies(pixels[2 * $0 + 1], y, height) }
        guard !areCorners else { return }
        let outline = ObjectOutline.polygons([pixels])
        self.outline = outline
        area = outline.area ?? area
    }

    /// The polygons of an outline whose bounds are the box within half a pixel, so that the box can be told from them; nil without
    /// such an outline.
    fileprivate var polygonsOfBox: [[Double]]? {
        guard let outline, case .polygons(let polygons) = outline, let bounds = outline.bounds else { return nil }
        let edges = [
            bounds.x0 - x, bounds.y0 - y, bounds.x1 - x - width, bounds.y1 - y - height,
        ]
        return edges.allSatisfy { abs($0) <= 0.5 } ? polygons : nil
    }
}
