import Architectures
import Support

/// Decodes a recipe's tree into `Decodable` values, with errors that say where and why it can't.
///
/// A type whose `CodingKeys` are `CaseIterable` accepts these keys and no others. For a `CaseIterable` enumeration of
/// strings, the error about a value that is no case names the nearest one.
struct RecipeDecoder: Decoder {
    let node: RecipeNode
    let file: String
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// Decodes the root. Every error is thrown as a `RecipeFileError` with its place.
    static func decode<Value: Decodable>(_ type: Value.Type, from root: RecipeNode, file: String) throws -> Value {
        do {
            return try Value(from: RecipeDecoder(node: root, file: file, codingPath: []))
        } catch let error as DecodingError {
            throw RecipeFileError(decoding: error, root: root, file: file)
        }
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        let entries: [RecipeNode.Entry]
        switch node.content {
        case .mapping(let found): entries = found
        case _ where node.isNull: entries = []
        default: throw failure("is a section with keys of its own, not \(node.kind)")
        }
        if let keys = Key.self as? any CaseIterable.Type {
            let known = keys.codingKeyNames
            for entry in entries where !known.contains(entry.key) {
                throw RecipeFileError(entry.keyPlace, unknownKey(entry.key, known: known))
            }
        }
        return KeyedDecodingContainer(RecipeKeyedContainer<Key>(entries: entries, decoder: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .sequence(let values) = node.content else {
            throw failure("is a list such as [1, 2], not \(node.kind)")
        }
        return RecipeSequenceContainer(values: values, decoder: self)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { RecipeValueContainer(decoder: self) }

    func failure(_ reason: String) -> RecipeFileError {
        let key = codingPath.dotted
        return RecipeFileError(node.place, key.isEmpty ? "the recipe \(reason)" : "\(key) \(reason)")
    }

    func child(_ node: RecipeNode, _ key: any CodingKey) -> RecipeDecoder {
        RecipeDecoder(node: node, file: file, codingPath: codingPath + [key])
    }

    private func unknownKey(_ key: String, known: [String]) -> String {
        let section = codingPath.dotted
        let full = section.isEmpty ? key : "\(section).\(key)"
        let prefix = section.isEmpty ? "" : "\(section)."
        if let meant = KeyAliases.alias(key) {
            let name = meant.split(separator: ".").last.map(String.init) ?? meant
            return "unknown key \(full); did you mean \(known.contains(name) ? prefix + name : meant)?"
        }
        // A slip of the finger comes before a key of another section, and that before a key that is merely alike.
        if let nearest = nearestName(to: key, among: known, within: key.count < 4 ? 1 : 2) {
            return "unknown key \(full); did you mean \(prefix)\(nearest)?"
        }
        // A key of this section in recipes of another task is none here.
        if KeyAliases.isKey(full) { return "unknown key \(full): it is for recipes of another task" }
        if !known.isEmpty, let elsewhere = KeyAliases.elsewhere(key), elsewhere != full {
            return "unknown key \(full); did you mean \(elsewhere)?"
        }
        if let nearest = nearestName(to: key, among: known, within: max(2, key.count / 3)) {
            return "unknown key \(full); did you mean \(prefix)\(nearest)?"
        }
        return
            "unknown key \(full); \(section.isEmpty ? "a recipe" : section) has \(known.isEmpty ? "no keys" : known.joined(separator: ", "))"
    }

    /// The values that a key can have, for an error about its absence; empty if they are not few names.
    static func choices<Value>(_ type: Value.Type) -> String {
        guard let cases = Value.self as? any (CaseIterable & RawRepresentable).Type, let names = cases.rawNames,
            !names.isEmpty
        else { return "" }
        return "; it can be " + names.joined(separator: ", ")
    }

    /// Decodes a value. An error about an enumeration lists its cases.
    func decodeValue<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if let cases = Value.self as? any (CaseIterable & RawRepresentable).Type,
            let names = cases.rawNames, !names.isEmpty
        {
            guard case .scalar(let text, _) = node.content, names.contains(text) else {
                let nearest: String? =
                    if case .scalar(let text, _) = node.content {
                        nearestName(to: text, among: names, within: max(2, text.count / 3))
                    } else {
                        nil
                    }
                throw failure(
                    "is \(node.kind); "
                        + (nearest.map { "did you mean \($0)? It " } ?? "it ")
                        + "can be \(names.joined(separator: ", "))")
            }
        }
        return try Value(from: self)
    }
}

extension [any CodingKey] {
    /// The path with dots, such as `data.train.images`; list positions count from 1.
    var dotted: String {
        reduce("") { path, key in
            if let index = key.intValue { return "\(path)[\(index + 1)]" }
            return path.isEmpty ? key.stringValue : "\(path).\(key.stringValue)"
        }
    }
}

extension CaseIterable {
    fileprivate static var codingKeyNames: [String] { allCases.compactMap { ($0 as? any CodingKey)?.stringValue } }
}

extension CaseIterable where Self: RawRepresentable {
    fileprivate static var rawNames: [String]? {
        guard RawValue.self == String.self else { return nil }
        return allCases.compactMap { $0.rawValue as? String }
    }
}

extension RecipeFileError {
    /// Turns an error that a value's own decoder threw into one with the value's place, found by the coding path.
    init(decoding error: DecodingError, root: RecipeNode, file: String) {
        switch error {
        case .keyNotFound(let key, let context):
            let section = root.nearest(context.codingPath)
            self.init(section.place, "\((context.codingPath + [key]).dotted) is missing")
        case .dataCorrupted(let context), .valueNotFound(_, let context), .typeMismatch(_, let context):
            self.init(
                root.nearest(context.codingPath).place, "\(context.codingPath.dotted) \(context.debugDescription)")
        @unknown default:
            self.init(.file(file), Support.reason(of: error))
        }
    }
}

extension RecipeNode {
    /// The node at the end of a path, or the deepest one on the way that exists.
    fileprivate func nearest(_ path: [any CodingKey]) -> RecipeNode {
        guard let first = path.first else { return self }
        let next: RecipeNode?
        if let index = first.intValue, case .sequence(let values) = content, values.indices.contains(index) {
            next = values[index]
        } else {
            next = self[first.stringValue]
        }
        return next?.nearest(Array(path.dropFirst())) ?? self
    }
}
