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

    private struct Record: Decodable {
        let image: Int
        let category: Int
        let fileName: String?
        let categoryName: String?

        private enum CodingKeys: String, CodingKey {
            case image = "image_id"
            case category = "category_id"
            case fileName = "file_name"
            case categoryName = "category_name"
        }
    }

    /// Reads the names in a results file; none where its first records have none.
    ///
    /// - Throws: ``AnnotationError`` for a file that can't be read.
    public init(path: String) throws {
        self.init()
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? file.close() }
            let beginning = String(decoding: try file.read(upToCount: 1 << 12) ?? Data(), as: UTF8.self)
            guard beginning.contains("\"file_name\"") || beginning.contains("\"category_name\"") else { return }
            try file.seek(toOffset: 0)
            for record in try JSONDecoder().decode([Record].self, from: file.readToEnd() ?? Data()) {
                if let name = record.fileName { images[record.image] = name }
                if let name = record.categoryName { categories[record.category] = name }
            }
        } catch {
            throw AnnotationError(
                file: path, problem: "the names of its records can't be read: \(error)",
                fix: "Write \"file_name\" and \"category_name\" as strings, or leave them out")
        }
    }
}

extension DetectionResults {
    /// A copy with the image and category ids of `annotations`, found by the names of the records; an id without a name
    /// stays as it is.
    ///
    /// - Throws: ``AnnotationError`` for a name that `annotations` lack, and for one that several of their images or
    ///   categories have.
    public func renumbered(by names: ResultNames, as annotations: DetectionAnnotations) throws -> DetectionResults {
        var result = self
        if !names.images.isEmpty {
            let index = ImagePathIndex(annotations)
            let ids = try names.images.mapValues(index.imageID)
            result.imageIDs = imageIDs.map { ids[$0] ?? $0 }
        }
        if !names.categories.isEmpty {
            try annotations.requireDistinctClassNames()
            let known = Dictionary(uniqueKeysWithValues: zip(annotations.classNames, annotations.categoryIDs))
            let ids = try names.categories.mapValues { name in
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
