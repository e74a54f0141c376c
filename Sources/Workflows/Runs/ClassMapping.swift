import Annotations

/// The error that two sets of classes differ, such as a model's and a data set's.
public struct ClassMismatch: Error, Hashable, CustomStringConvertible {
    /// The file or folder that the data's classes come from.
    public let source: String
    /// What the classes are compared with: "the model", "the recipe's data.classes", the training annotations.
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

/// The category ids of a data set for a model's labels, matched by the classes' names.
package struct ClassMapping: Hashable, Sendable {
    /// The class names in the order of the model's labels 1…n.
    package let classNames: [String]
    /// The data's category id of each class; nil for a class that the data lack, and for an output that no class has.
    package let categoryIDs: [Int?]

    /// - Parameter takesFewer: Whether the data may lack classes of the model.
    /// - Throws: `ClassMismatch` unless both have the same names; `AnnotationError` if two classes of the data have one name.
    package init(
        model classNames: [String], named reference: String, data: DetectionAnnotations, takesFewer: Bool = false
    ) throws {
        try data.requireDistinctClassNames()
        let known = Set(classNames).subtracting([ClassNameList.unusedName])
        let given = Set(data.classNames)
        guard takesFewer ? known.isSuperset(of: given) : known == given else {
            let missing = takesFewer ? [] : classNames.filter { known.contains($0) && !given.contains($0) }
            throw ClassMismatch(
                source: data.source, reference: reference, missing: missing,
                unexpected: data.classNames.filter { !known.contains($0) })
        }
        self.classNames = classNames
        let ids = Dictionary(zip(data.classNames, data.categoryIDs), uniquingKeysWith: { first, _ in first })
        categoryIDs = classNames.map { ids[$0] }
    }

    /// The COCO category id of a model's label; nil for a class that the data lack.
    package func categoryID(label: Int) -> Int? { categoryIDs[label - 1] }
}
