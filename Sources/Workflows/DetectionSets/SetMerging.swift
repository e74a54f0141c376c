import Annotations
import Support

extension DetectionSet {
    /// Several sets as one: classes are joined by name in the order in which they appear, parts by name, and ids count from 1.
    /// Pictures of one name keep it in one set, and get another when the whole is written.
    ///
    /// - Throws: `AnnotationError` for classes of one name in a set.
    package static func merged(_ sets: [DetectionSet]) throws -> DetectionSet {
        guard let first = sets.first else { preconditionFailure("DetectionSet.merged: no sets") }
        let source = sets.map(\.source).joined(separator: ", ")
        // All parts of all sets get common classes first.
        let common = try DetectionSet(source: source, format: first.format, parts: sets.flatMap(\.parts))
        var order: [String] = []
        for part in common.parts where !order.contains(part.name) { order.append(part.name) }
        let parts = order.map { name in joined(common.parts.filter { $0.name == name }, as: name, source: source) }
        return try DetectionSet(
            source: source, sources: sets.flatMap(\.sources), format: first.format, parts: parts,
            notes: sets.flatMap(\.notes) + lookAlikes(common.classNames))
    }

    /// Names of classes that differ only in case, spaces or dashes.
    private static func lookAlikes(_ names: [String]) -> [String] {
        let groups = Dictionary(grouping: names) { $0.lowercased().filter { $0.isLetter || $0.isNumber } }
        return groups.values.filter { $0.count > 1 }.map {
            "\($0.joined(separator: " and ")) look like one class, and stay apart: rename one to join them"
        }.sorted()
    }
}
