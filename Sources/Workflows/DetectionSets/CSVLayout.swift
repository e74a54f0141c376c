import Annotations
import Foundation
import Support

/// The places of a table of boxes: one for a whole set, or one in each part's folder as Roboflow writes them.
enum CSVLayout {
    private static let roboflow = "_annotations.csv"

    /// The tables in a set's folder, with what their places say of the parts.
    static func files(in folder: String) -> [(path: String, part: String)] {
        let own = SetFiles.files(in: folder, endings: ["csv", "tsv"])
        if !own.isEmpty { return own.map { (folder + "/" + $0, FilePath.withoutEnding($0)) } }
        return SetFiles.folders(in: folder).filter { SetFiles.isFolder("\(folder)/\($0)/\(roboflow)") == false }
            .map { ("\(folder)/\($0)/\(roboflow)", $0) }
    }

    static func read(_ path: String, _ reading: DetectionSet.Reading) throws -> DetectionSet {
        let isFolder = SetFiles.isFolder(path) == true
        let files = isFolder ? self.files(in: path) : [(path, FilePath.withoutEnding(FilePath.name(of: path)))]
        guard !files.isEmpty else { throw JobError(path, "holds no CSV") }
        let list = (isFolder ? path : SetFiles.folder(of: path)) + "/" + SetFiles.classList
        let known = FileManager.default.fileExists(atPath: list) ? try SetFiles.classNames(in: list) : nil
        let tables = try files.map { (file: $0.0, rows: try BoxTable(path: $0.0).rows) }
        let names = known ?? Set(tables.flatMap { $0.rows.compactMap(\.className) }).sorted()
        let labels = Dictionary(names.enumerated().map { ($1, $0 + 1) }, uniquingKeysWith: { first, _ in first })
        let parts = try zip(tables, SetFiles.partNames(files.map(\.1))).flatMap { table, name in
            try self.parts(
                of: table.rows, file: table.file, unnamed: name, classNames: names, labels: labels, list: list,
                reading: reading)
        }
        return try DetectionSet(source: path, format: .csv, parts: parts)
    }

    /// The images of a table, grouped by the column of the parts if it has one.
    private static func parts(
        of rows: [BoxTable.Row], file: String, unnamed: String, classNames: [String], labels: [String: Int],
        list: String, reading: DetectionSet.Reading
    ) throws -> [DetectionSet.Part] {
        var order: [String] = []
        var groups: [String: [(image: ImageRecord, line: Int)]] = [:]
        var places: [String: (part: String, index: Int)] = [:]
        var nextID = 1
        for row in rows {
            func wrong(_ problem: String, _ fix: String) -> AnnotationError {
                AnnotationError(file: file, place: "line \(row.line)", problem: problem, fix: fix)
            }
            let fileName = reading.fileNames.path(of: row.path)
            guard RelativePath.staysInside(fileName) else {
                throw wrong(
                    "\"\(fileName)\" leaves the folder of the pictures",
                    "Write paths relative to the table, or change those of another machine with --path-prefix FROM=TO")
            }
            let part = row.part.isEmpty ? unnamed : SetFiles.partName(row.part)
            let place = places[fileName] ?? (part, groups[part]?.count ?? 0)
            guard place.part == part else {
                throw wrong(
                    "\"\(fileName)\" is in \(part), and on another line in \(place.part)", "Keep one of the two")
            }
            if places[fileName] == nil {
                places[fileName] = place
                if groups[part] == nil { order.append(part) }
                let image = ImageRecord(
                    id: places.count, fileName: fileName, width: row.size?.width ?? 0, height: row.size?.height ?? 0)
                groups[part, default: []].append((image, row.line))
            }
            let first = groups[part]?[place.index]
            if let size = row.size, let image = first?.image, image.width > 0,
                size != ImageSize(width: image.width, height: image.height)
            {
                throw wrong(
                    "the picture has \(size.width) × \(size.height) pixels, and on line \(first?.line ?? 0) "
                        + "\(image.width) × \(image.height)", "Write the picture's size")
            }
            guard var object = row.object, let name = row.className else { continue }
            guard let label = labels[name] else {
                throw wrong("class \"\(name)\" is not in \(list)", "Mend the name, or add it to the list")
            }
            (object.label, object.id) = (label, nextID)
            nextID += 1
            groups[part]?[place.index].image.objects.append(object)
        }
        return order.map { part in
            var images = (groups[part] ?? []).map(\.image)
            let folder = takeFolder(off: &images, file: file, imageFolder: reading.imageFolder)
            return DetectionSet.Part(
                name: part, annotations: DetectionAnnotations(source: file, classNames: classNames, images: images),
                folder: folder)
        }
    }

    /// Takes the folder that all images of a part lie in off their names, and returns its path.
    private static func takeFolder(off images: inout [ImageRecord], file: String, imageFolder: String?) -> String {
        let own = SetFiles.folder(of: file)
        var root = imageFolder ?? own
        if imageFolder == nil, let first = images.first,
            !FileManager.default.fileExists(atPath: own + "/" + first.fileName),
            FileManager.default.fileExists(atPath: own + "/images/" + first.fileName)
        {
            root = own + "/images"
        }
        var common = FilePath.folder(of: images.first?.fileName ?? "")
        while !common.isEmpty, !images.allSatisfy({ $0.fileName.hasPrefix(common + "/") }) {
            common = FilePath.folder(of: common)
        }
        guard !common.isEmpty, common != "/" else { return root }
        for i in images.indices { images[i].fileName.removeFirst(common.count + 1) }
        return root + "/" + common
    }
}
