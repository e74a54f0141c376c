import CSimdJSON
import Foundation

/// What the records of a results file call their images and categories, as ``COCO/writeResults(_:to:names:)`` adds it where the
/// ids are mere numbers.
public struct ResultNames: Hashable, Sendable {
    /// Paths of image files, by image id.
    public var images: [Int: String]
    /// Names of classes, by category id.
    public var categories: [Int: String]

    /// Names by their ids; none by default.
    public init(images: [Int: String] = [:], categories: [Int: String] = [:]) {
        self.images = images
        self.categories = categories
    }

    /// Whether no image and no category has a name.
    public var isEmpty: Bool { images.isEmpty && categories.isEmpty }

    /// Reads the names in a results file; none where its records have none.
    ///
    /// - Throws: ``AnnotationError`` for a file that can't be read, and for an id with several names.
    public init(path: String) throws {
        self = try COCO.readNamedResults(path).names
    }

    init(_ file: COCOFile, of results: DetectionResults) throws {
        self.init()
        func gather(
            _ ids: [Int], _ bytes: cs_column, _ ends: cs_column, key: String, id kind: String
        ) throws -> [Int: String] {
            let column = StringColumn(bytes: file.take(bytes), ends: file.integers(ends))
            if column.count == 0 { return [:] }
            var first: [Int: Int] = [:]
            for (record, id) in ids.enumerated() where !column.utf8(record).isEmpty {
                guard let earlier = first[id] else {
                    first[id] = record
                    continue
                }
                guard column.utf8(earlier) != column.utf8(record) else { continue }
                throw AnnotationError(
                    file: file.path, place: "results[\(record)]",
                    problem: "\(kind) \(id) has the \(key) \"\(column[record])\", and \"\(column[earlier])\" in "
                        + "results[\(earlier)]",
                    fix:
                        "Give each \(key) a \(kind) of its own: results of several files can't be put together as they are"
                )
            }
            return first.mapValues { column[$0] }
        }
        images = try gather(
            results.imageIDs, CS_IMAGE_NAME_BYTES, CS_IMAGE_NAME_END, key: "file_name", id: "image_id")
        categories = try gather(
            results.categoryIDs, CS_CATEGORY_NAME_BYTES, CS_CATEGORY_NAME_END, key: "category_name", id: "category_id")
    }
}

extension DetectionAnnotations {
    /// The file names of the images that have one, and the names of the classes, by the ids that results have.
    package var resultNames: ResultNames {
        let files = imageIDs.indices.filter { !fileName($0).isEmpty }.map { (imageIDs[$0], fileName($0)) }
        return ResultNames(
            images: Dictionary(files, uniquingKeysWith: { first, _ in first }),
            categories: Dictionary(zip(categoryIDs, classNames), uniquingKeysWith: { first, _ in first }))
    }
}

extension DetectionResults {
    /// A copy with the image and category ids of `annotations`, found by the names of the records; an id without a name, and
    /// one whose name `annotations` have for the same id, stays as it is.
    ///
    /// - Throws: ``AnnotationError`` for a name that `annotations` lack, and for one that several of their images or
    ///   categories have.
    public func renumbered(by names: ResultNames, as annotations: DetectionAnnotations) throws -> DetectionResults {
        var result = self
        if !names.images.isEmpty {
            let known = IDIndex(annotations.imageIDs)
            let renamed = names.images.filter { id, name in
                let image = known.position(id)
                return image < 0 || !annotations.fileName(image).namesFile(of: name)
            }
            if !renamed.isEmpty {
                let index = ImagePathIndex(annotations)
                let ids = try renamed.mapValues(index.imageID)
                result.imageIDs = imageIDs.map { ids[$0] ?? $0 }
            }
        }
        let named = Dictionary(
            zip(annotations.categoryIDs, annotations.classNames), uniquingKeysWith: { first, _ in first })
        let renamed = names.categories.filter { named[$0] != $1 }
        if !renamed.isEmpty {
            try annotations.requireDistinctClassNames()
            let known = Dictionary(uniqueKeysWithValues: zip(annotations.classNames, annotations.categoryIDs))
            let ids = try renamed.mapValues { name in
                guard let id = known[name] else {
                    throw AnnotationError(
                        file: source,
                        problem: "it holds detections of \"\(name)\", and the classes of \(annotations.source) are "
                            + annotations.classNames.joined(separator: ", "),
                        fix: "Take the annotations that the detector was made for, or name all classes")
                }
                return id
            }
            result.categoryIDs = categoryIDs.map { ids[$0] ?? $0 }
        }
        return result
    }
}

extension String {
    /// Whether a path is the file of this name, which may be written as on another machine: with backslashes, with percent
    /// escapes, or absolute there.
    fileprivate func namesFile(of path: String) -> Bool {
        let path = path.withSlashes
        return Set([withSlashes, (removingPercentEncoding ?? self).withSlashes]).contains { name in
            let isAbsolute = name.hasPrefix("/") || name.dropFirst().hasPrefix(":/")
            return path == name || path.hasSuffix("/" + name) || (isAbsolute && name.hasSuffix("/" + path))
        }
    }
}
