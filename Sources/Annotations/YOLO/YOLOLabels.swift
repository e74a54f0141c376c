import Foundation
import Support

/// The text files of YOLO's labels, one for each picture: a line for each object with the index of its class from 0, the
/// centre of its box and the box's extent, as shares of the picture's sides.
public enum YOLOLabels {
    /// What a file of labels holds.
    public struct Content: Hashable, Sendable {
        /// The objects, with ids from 1 in the order of the lines and boxes in pixels.
        public var objects: [ObjectRecord] = []
        /// Lines that hold an outline, of which the bounding box was taken.
        public var outlines = 0
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
            if isOutline { content.outlines += 1 } else if values.count > 5 { content.keypoints += 1 }
            let box = isBox ? Share(box: Array(shares)) : Share(around: Array(shares))
            content.objects.append(box.record(id: content.objects.count + 1, label: index + 1, size: size))
        }
        return content
    }

    /// The text of a picture's labels.
    ///
    /// - Parameters:
    ///   - objects: The objects; their flags and areas are not written.
    ///   - size: The picture's size, which must be known.
    /// - Returns: The text, how many boxes were clipped because they reach too far outside, and how many were left out because
    ///   nothing of them lies inside.
    package static func text(
        of objects: [ObjectRecord], size: ImageSize
    ) -> (text: String, clipped: Int, leftOut: Int) {
        var text = "", clipped = 0, leftOut = 0
        for object in objects {
            var share = Share(object, size: size)
            if !share.isWithin {
                guard let part = share.clipped else {
                    leftOut += 1
                    continue
                }
                share = part
                clipped += 1
            }
            text += "\(object.label - 1) \(share.text)\n"
        }
        return (text, clipped, leftOut)
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
            let left = max(0, centreX - width / 2), right = min(1, centreX + width / 2)
            let top = max(0, centreY - height / 2), bottom = min(1, centreY + height / 2)
            return left < right && top < bottom ? Share(left: left, top: top, right: right, bottom: bottom) : nil
        }

        var text: String {
            [centreX, centreY, width, height].map { value in
                var text = String(format: "%.10f", value)[...]
                while text.last == "0" { text.removeLast() }
                if text.last == "." { text.removeLast() }
                return String(text)
            }.joined(separator: " ")
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
