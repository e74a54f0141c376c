extension DetectionAnnotations {
    /// The images of several annotation files as one set, in the order given. Ids and classes stay as they are.
    ///
    /// - Parameters:
    ///   - parts: The files' annotations, each with the folder that goes in front of its file names, for images that lie in
    ///     several folders; empty for none.
    ///   - source: What messages call the whole.
    /// - Throws: ``AnnotationError`` where the parts have other classes, or an id of an image or an annotation in common.
    public static func joined(
        _ parts: [(annotations: DetectionAnnotations, folder: String)], source: String
    ) throws -> DetectionAnnotations {
        var images: [ImageRecord] = []
        for (index, part) in parts.enumerated() {
            let annotations = part.annotations
            try annotations.requireClasses(of: parts[0].annotations)
            for other in parts[..<index] {
                try annotations.requireOtherIDs("image", \.imageIDs, than: other.annotations)
                try annotations.requireOtherIDs("annotation", \.annotationIDs, than: other.annotations)
            }
            for i in 0..<annotations.imageCount {
                var image = annotations.image(i)
                if !part.folder.isEmpty { image.fileName = part.folder + "/" + image.fileName }
                images.append(image)
            }
        }
        return DetectionAnnotations(
            source: source, classNames: parts.first?.annotations.classNames ?? [],
            categoryIDs: parts.first?.annotations.categoryIDs ?? [], images: images)
    }

    /// Compares the classes with another file's.
    ///
    /// - Throws: ``AnnotationError`` where names or ids differ.
    package func requireClasses(of other: DetectionAnnotations) throws {
        guard categoryIDs != other.categoryIDs || classNames != other.classNames else { return }
        let own = zip(categoryIDs, classNames).map { "\($1) (\($0))" }
        let others = zip(other.categoryIDs, other.classNames).map { "\($1) (\($0))" }
        let strange = Set(own).symmetricDifference(others).min() ?? ""
        throw AnnotationError(
            file: source, place: "categories",
            problem: "its classes are not those of \(other.source): \(strange) is in one of them alone",
            fix: "Take files of the same release, whose categories have the same ids and names")
    }

    private func requireOtherIDs(
        _ kind: String, _ ids: KeyPath<DetectionAnnotations, [Int]>, than other: DetectionAnnotations
    ) throws {
        let known = IDIndex(other[keyPath: ids])
        guard let shared = self[keyPath: ids].first(where: { known.position($0) >= 0 }) else { return }
        throw AnnotationError(
            file: source, problem: "\(kind) id \(shared) is in \(other.source) as well",
            fix: "Join files that have no \(kind) in common")
    }
}
