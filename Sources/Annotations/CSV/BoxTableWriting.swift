import Support

extension BoxTable {
    /// The text of a table of boxes. Columns for flags and areas are there only if an object has one; numbers are printed so
    /// that reading gives the corners back to the bit.
    ///
    /// - Parameter parts: The parts of a data set by their names, each with the path that goes into the table for every image.
    package static func text(
        of parts: [(name: String, annotations: DetectionAnnotations, paths: [String])]
    ) -> String {
        let flags: [(column: Column, flag: ObjectFlags)] = [
            (.difficult, .difficult), (.truncated, .truncated), (.crowd, .crowd), (.ignore, .ignore),
        ].filter { column in parts.contains { $0.annotations.flags.contains { $0.contains(column.1) } } }
        let hasAreas = parts.contains { part in
            (0..<part.annotations.objectCount).contains { part.annotations.object($0).hasAreaOfItsOwn }
        }
        let columns: [Column] =
            [.path, .imageWidth, .imageHeight, .xmin, .ymin, .xmax, .ymax, .className, .part]
            + flags.map(\.column) + (hasAreas ? [.area] : [])
        var lines = [CSVLine.text(columns.map { $0.names[0] })]
        for part in parts {
            for i in 0..<part.annotations.imageCount {
                let size = part.annotations.imageSize(i)
                let sides = [size.width, size.height].map { $0 > 0 ? "\($0)" : "" }
                let objects = part.annotations.objects(i)
                if objects.isEmpty {
                    let rest = [String](repeating: "", count: columns.count - 9)
                    lines.append(CSVLine.text([part.paths[i]] + sides + ["", "", "", "", "", part.name] + rest))
                }
                for object in objects.map(part.annotations.object) {
                    let corners = [object.x, object.y, object.x + object.width, object.y + object.height]
                    lines.append(
                        CSVLine.text(
                            [part.paths[i]] + sides + corners.map(JSONText.number)
                                + [part.annotations.classNames[object.label - 1], part.name]
                                + flags.map { object.flags.contains($0.flag) ? "1" : "0" }
                                + (hasAreas ? [JSONText.number(object.area)] : [])))
                }
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension ObjectRecord {
    /// Whether the object's area is another than its box's, as that of an outline is.
    package var hasAreaOfItsOwn: Bool { abs(area - width * height) > 1e-6 * max(1, abs(width * height)) }
}
