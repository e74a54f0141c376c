import Support

/// A table of boxes in CSV: a line for each object with the picture's path, the corners of the box in pixels and the class.
///
/// Columns are found by their names in the first line, whatever their order. Corners are 0-based, and the far ones exclusive,
/// as in ``Box``. A line whose corners and class are empty is a picture without objects.
package struct BoxTable {
    /// A line of the table.
    package struct Row: Sendable {
        /// The number of the line, from 1.
        package let line: Int
        package let path: String
        /// The part of the data set that the picture is in, such as `val`; empty where the table does not say.
        package let part: String
        /// The picture's size; nil where the table does not say.
        package let size: ImageSize?
        /// The object's class; nil on a line without an object.
        package let className: String?
        /// The object with the label 1; nil on a line without one.
        package let object: ObjectRecord?
    }

    /// What a column holds.
    enum Column: CaseIterable {
        case path, part, imageWidth, imageHeight, xmin, ymin, xmax, ymax, boxWidth, boxHeight, className
        case difficult, truncated, crowd, ignore, area

        /// Names that the column goes by, in small letters and without anything but letters and digits; the first is written.
        var names: [String] {
            switch self {
            case .path:
                [
                    "path", "imagepath", "imgpath", "filepath", "filename", "file", "image", "imagename", "img",
                    "imagefile",
                ]
            case .part: ["split", "set", "subset", "part"]
            case .imageWidth: ["width", "imagewidth", "imgwidth", "imgw", "imagew"]
            case .imageHeight: ["height", "imageheight", "imgheight", "imgh", "imageh"]
            case .xmin: ["xmin", "x0", "x1", "left", "bboxx", "boxx", "bboxxmin", "bboxx1", "bboxleft", "x"]
            case .ymin: ["ymin", "y0", "y1", "top", "bboxy", "boxy", "bboxymin", "bboxy1", "bboxtop", "y"]
            case .xmax: ["xmax", "x2", "x1", "right", "bboxxmax", "bboxx2", "bboxright"]
            case .ymax: ["ymax", "y2", "y1", "bottom", "bboxymax", "bboxy2", "bboxbottom"]
            case .boxWidth: ["w", "bboxwidth", "boxwidth", "bboxw"]
            case .boxHeight: ["h", "bboxheight", "boxheight", "bboxh"]
            case .className: ["class", "label", "classname", "labelname", "category", "categoryname", "name"]
            case .difficult: ["difficult"]
            case .truncated: ["truncated"]
            case .crowd: ["iscrowd", "crowd"]
            case .ignore: ["ignore"]
            case .area: ["area"]
            }
        }

        static let corners: [Column] = [.xmin, .ymin, .xmax, .ymax]
    }

    /// An example of a first line, for messages.
    static let exampleHead = "path,xmin,ymin,xmax,ymax,class"

    package let rows: [Row]

    /// Reads a table whose values are separated by commas, semicolons or tabs.
    ///
    /// - Throws: ``AnnotationError`` that names the line: for a column that is missing, a value that is no number, corners in
    ///   the wrong order, and boxes that are shares of their pictures.
    package init(path: String) throws {
        let lines = try numberedLines(of: path)
        guard let head = lines.first else {
            throw AnnotationError(
                file: path, problem: "it is empty", fix: "Begin it with a line such as \(Self.exampleHead)")
        }
        let separators: [Unicode.Scalar] = [",", ";", "\t"]
        func count(_ separator: Unicode.Scalar) -> Int { head.text.unicodeScalars.count { $0 == separator } }
        let separator = separators.max { count($0) < count($1) } ?? ","
        let reader = try BoxTableReader(file: path, head: head, separator: separator)
        rows = try lines.dropFirst().map { try reader.row($0) }
        let boxes = rows.compactMap { row in row.object.map { (row, $0) } }
        let areShares = boxes.allSatisfy { $1.x <= 1 && $1.y <= 1 && $1.x + $1.width <= 1 && $1.y + $1.height <= 1 }
        if areShares, let (first, _) = boxes.first(where: { $1.width < 1 || $1.height < 1 }) {
            throw AnnotationError(
                file: path, place: "line \(first.line)",
                problem: "all corners of the table lie in 0…1, so they are shares of the pictures' sides",
                fix: "Multiply them by the pictures' width and height")
        }
    }
}

/// Reads lines by the places of the columns.
private struct BoxTableReader {
    let file: String
    let separator: Unicode.Scalar
    let columnCount: Int
    private let names: [String]
    private let places: [BoxTable.Column: Int]

    init(file: String, head: (number: Int, text: Substring), separator: Unicode.Scalar) throws {
        self.file = file
        self.separator = separator
        guard let names = CSVLine.fields(of: head.text, separator: separator) else {
            throw AnnotationError(
                file: file, place: "line \(head.number)", problem: "a quote in it is not closed", fix: "Close it")
        }
        self.names = names
        columnCount = names.count
        let plain = names.map { $0.lowercased().filter { $0.isLetter || $0.isNumber } }
        var places: [BoxTable.Column: Int] = [:], taken = Set<Int>()
        for column in BoxTable.Column.allCases {
            // The first name that a column has and that no other column took: x1 is the left edge unless x0 is there.
            for name in column.names where places[column] == nil {
                places[column] = plain.indices.first { plain[$0] == name && !taken.contains($0) }
            }
            if let place = places[column] { taken.insert(place) }
        }
        self.places = places
        let needed: [BoxTable.Column] = [.path, .xmin, .ymin, .className]
        let far: [BoxTable.Column] =
            places[.xmax] == nil && places[.boxWidth] != nil ? [.boxWidth, .boxHeight] : [.xmax, .ymax]
        if let missing = (needed + far).first(where: { places[$0] == nil }) {
            throw AnnotationError(
                file: file, place: "line \(head.number)", problem: "there is no column \"\(missing.names[0])\"",
                fix: "Begin the file with the columns' names, such as \(BoxTable.exampleHead)")
        }
    }

    func row(_ line: (number: Int, text: Substring)) throws -> BoxTable.Row {
        func wrong(_ problem: String, _ fix: String) -> AnnotationError {
            AnnotationError(file: file, place: "line \(line.number)", problem: problem, fix: fix)
        }
        guard let values = CSVLine.fields(of: line.text, separator: separator) else {
            throw wrong("a quote in it is not closed", "Close it; a quote inside of a quoted value stands twice")
        }
        guard values.count == columnCount else {
            throw wrong(
                "it has \(values.count) values, and the first line names \(columnCount) columns",
                "Write one value for each column; a value that holds a comma stands in quotes")
        }
        func text(_ column: BoxTable.Column) -> String { places[column].map { values[$0] } ?? "" }
        func number(_ column: BoxTable.Column) throws -> Double? {
            let text = text(column)
            guard !text.isEmpty else { return nil }
            guard let number = text.decimalNumber, abs(number) < 1e15 else {
                throw wrong("\(name(column)) is \"\(text)\", which is no number of pixels", "Write a number")
            }
            return number
        }
        func flag(_ column: BoxTable.Column) throws -> Bool {
            switch text(column).lowercased() {
            case "", "0", "false", "no": return false
            case "1", "true", "yes": return true
            default: throw wrong("\(name(column)) is \"\(text(column))\"", "Write 0 or 1")
            }
        }
        guard !text(.path).isEmpty else { throw wrong("it names no picture", "Write the picture's path") }
        let size = try pictureSize(number(.imageWidth), number(.imageHeight), wrong)
        let hasExtent = places[.xmax] == nil
        let columns: [BoxTable.Column] =
            hasExtent ? [.xmin, .ymin, .boxWidth, .boxHeight] : BoxTable.Column.corners
        let box = try columns.map(number)
        var object: ObjectRecord?
        if let x = box[0], let y = box[1], let right = box[2], let bottom = box[3] {
            guard !text(.className).isEmpty else { throw wrong("the box has no class", "Write the class's name") }
            let width = hasExtent ? right : (right - x).pixelDigits(within: 1e-9)
            let height = hasExtent ? bottom : (bottom - y).pixelDigits(within: 1e-9)
            guard width >= 0, height >= 0 else {
                throw wrong(
                    "the box is \(JSONText.number(width)) × \(JSONText.number(height)) pixels",
                    "Write the upper left corner first, then the lower right one")
            }
            var flags: ObjectFlags = []
            if try flag(.difficult) { flags.insert(.difficult) }
            if try flag(.truncated) { flags.insert(.truncated) }
            if try flag(.crowd) { flags.insert(.crowd) }
            if try flag(.ignore) { flags.insert(.ignore) }
            object = ObjectRecord(
                id: 0, label: 1, x: x, y: y, width: width, height: height, area: try number(.area), flags: flags)
        } else if box.contains(where: { $0 != nil }) || !text(.className).isEmpty {
            let missing = zip(columns, box).first { $1 == nil }?.0 ?? .xmin
            throw wrong(
                "\(name(missing)) is empty", "Write the box and its class, or leave all of them empty for no object")
        }
        return BoxTable.Row(
            line: line.number, path: text(.path), part: text(.part), size: size,
            className: object == nil ? nil : text(.className), object: object)
    }

    private func pictureSize(
        _ width: Double?, _ height: Double?, _ wrong: (String, String) -> AnnotationError
    ) throws -> ImageSize? {
        guard let width, let height else { return nil }
        guard let across = Int(exactly: width), let down = Int(exactly: height), across > 0, down > 0,
            max(across, down) < 1 << 30
        else {
            throw wrong(
                "\(JSONText.number(width)) × \(JSONText.number(height)) pixels are no picture's size",
                "Write the picture's size in whole pixels, or leave it empty")
        }
        return ImageSize(width: across, height: down)
    }

    private func name(_ column: BoxTable.Column) -> String {
        places[column].map { names[$0] } ?? column.names[0]
    }
}
