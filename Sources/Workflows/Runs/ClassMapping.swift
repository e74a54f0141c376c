import Annotations

/// A model's classes and a data set's differ.
public struct ClassMismatch: Error, Hashable, CustomStringConvertible {
    /// Where the data's classes come from.
    public let source: String
    /// What the classes are compared with: a model, a recipe, the training annotations.
    public let reference: String
    /// Classes of the reference that the data lack.
    public let missing: [String]
    /// Classes of the data that the reference lacks.
    public let unexpected: [String]

    /// Both sources, then the names that only one of them has.
    public var description: String {
        func list(_ names: [String]) -> String {
            names.prefix(6).joined(separator: ", ") + (names.count > 6 ? " and \(names.count - 6) more" : "")
        }
        var parts: [String] = []
        if !missing.isEmpty { parts.append("it lacks \(list(missing))") }
        if !unexpected.isEmpty { parts.append("it has \(list(unexpected)), which \(reference) does not know") }
        return "\(source) does not have the classes of \(reference): \(parts.joined(separator: ", and ")). "
            + "Use annotations with the same class names, or train a model for these."
    }
}

/// A model's labels and a data set's, brought together by the classes' names.
package struct ClassMapping: Hashable, Sendable {
    /// In the order of the model's labels 1…n.
    package let classNames: [String]
    /// The data's category id of each.
    package let categoryIDs: [Int]

    /// - Throws: `ClassMismatch` unless both have the same names; `AnnotationError` where one of the data's stands twice.
    package init(model classNames: [String], named reference: String, data: DetectionAnnotations) throws {
        try data.requireDistinctClassNames()
        let known = Set(classNames)
        let given = Set(data.classNames)
        guard known == given else {
            throw ClassMismatch(
                source: data.source, reference: reference, missing: classNames.filter { !given.contains($0) },
                unexpected: data.classNames.filter { !known.contains($0) })
        }
        self.classNames = classNames
        let ids = Dictionary(zip(data.classNames, data.categoryIDs), uniquingKeysWith: { first, _ in first })
        categoryIDs = classNames.compactMap { ids[$0] }
    }

    /// The COCO category id of a model's label.
    package func categoryID(label: Int) -> Int { categoryIDs[label - 1] }
}
