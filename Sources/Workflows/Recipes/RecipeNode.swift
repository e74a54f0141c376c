import Yams

/// A node of the tree that a recipe's text is read into. Every node knows its place in the text.
struct RecipeNode: Sendable {
    enum Content: Sendable {
        /// `isPlain`: written without quotes, so that `true`, `12` and `~` are a Boolean, a number and nothing.
        case scalar(String, isPlain: Bool)
        case sequence([RecipeNode])
        case mapping([Entry])
    }

    struct Entry: Sendable {
        var key: String
        var keyPlace: RecipePlace
        var value: RecipeNode
    }

    var content: Content
    var place: RecipePlace

    /// Reads a text. `place` gives the place of a line.
    init(parsing text: String, name: RecipePlace, place: (Int) -> RecipePlace) throws {
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            let (line, reason) = error.lineAndReason
            throw RecipeFileError(line.map(place) ?? name, reason)
        }
        guard let node else {
            self.init(content: .mapping([]), place: name)
            return
        }
        var budget = Self.mostNodes
        try self.init(node, budget: &budget, place: place)
    }

    /// Values that a recipe has at most. A few lines of anchors and aliases can unfold to more than memory holds.
    private static let mostNodes = 100_000

    /// A value that is text, as if written in quotes.
    init(text: String, place: RecipePlace) {
        self.init(content: .scalar(text, isPlain: false), place: place)
    }

    /// Takes a key out of a mapping and returns its value.
    mutating func remove(_ key: String) -> RecipeNode? {
        guard case .mapping(var entries) = content, let index = entries.firstIndex(where: { $0.key == key }) else {
            return nil
        }
        let value = entries.remove(at: index).value
        content = .mapping(entries)
        return value
    }

    /// This value merged over another: two sections have the keys of both, and anything else replaces the other.
    ///
    /// A backbone that lists only axes changes those of the other backbone; one with a `base` replaces the other. Milestones
    /// replace the other's, because epochs and steps are one value in two units.
    func over(_ other: RecipeNode, at path: [String] = []) -> RecipeNode {
        guard case .mapping(let mine) = content, path != ["training", "milestones"] else { return self }
        var other = other
        if path == ["model", "backbone"] {
            if self["base"] != nil { return self }
            if case .scalar = other.content, !other.isNull { other = other.nested(under: "base") }
        }
        guard case .mapping(var entries) = other.content else { return self }
        for entry in mine {
            guard let index = entries.firstIndex(where: { $0.key == entry.key }) else {
                entries.append(entry)
                continue
            }
            entries[index].value = entry.value.over(entries[index].value, at: path + [entry.key])
            entries[index].keyPlace = entry.keyPlace
        }
        return RecipeNode(content: .mapping(entries), place: place)
    }

    /// A section without keys, with this node's place.
    var emptied: RecipeNode { RecipeNode(content: .mapping([]), place: place) }

    /// A section with this value as its only one.
    func nested(under key: String) -> RecipeNode {
        RecipeNode(content: .mapping([Entry(key: key, keyPlace: place, value: self)]), place: place)
    }

    private init(content: Content, place: RecipePlace) {
        self.content = content
        self.place = place
    }

    private init(_ node: Node, budget: inout Int, place: (Int) -> RecipePlace) throws {
        self.place = place(node.mark?.line ?? 1)
        budget -= 1
        guard budget > 0 else {
            throw RecipeFileError(
                self.place,
                "the recipe unfolds to more than \(Self.mostNodes) values; write out what its aliases (*name) name")
        }
        switch node {
        case .scalar(let scalar):
            content = .scalar(scalar.string, isPlain: scalar.style == .plain || scalar.style == .any)
        case .sequence(let sequence):
            content = .sequence(try sequence.map { try RecipeNode($0, budget: &budget, place: place) })
        case .mapping(let mapping):
            content = .mapping(
                try mapping.map { pair in
                    let keyPlace = place(pair.key.mark?.line ?? 1)
                    guard case .scalar(let key) = pair.key else {
                        throw RecipeFileError(keyPlace, "a key must be a name")
                    }
                    return Entry(
                        key: key.string, keyPlace: keyPlace,
                        value: try RecipeNode(pair.value, budget: &budget, place: place))
                })
        case .alias:
            throw RecipeFileError(self.place, "aliases (*name) are not supported in a recipe; write the value out")
        }
    }

    /// The value under a key of a mapping.
    subscript(key: String) -> RecipeNode? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key == key }?.value
    }

    /// The value at the end of a path of keys.
    subscript(path: some Collection<String>) -> RecipeNode? {
        path.reduce(self as RecipeNode?) { $0?[$1] }
    }

    /// Whether the value is empty: `key:` alone, `~` or `null`.
    var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = content else { return false }
        return ["", "~", "null"].contains(text)
    }

    /// The kind of value, for an error message.
    var kind: String {
        switch content {
        case .scalar(let text, _): isNull ? "nothing" : "'\(text)'"
        case .sequence: "a list"
        case .mapping: "a section"
        }
    }

    /// Puts a value at the end of a path and makes missing sections on the way.
    mutating func set(_ path: ArraySlice<String>, to value: RecipeNode, whole key: String) throws {
        guard let first = path.first else {
            self = value
            return
        }
        if isNull { content = .mapping([]) }
        guard case .mapping(var entries) = content else {
            throw RecipeFileError(value.place, "\(key) can't be set: '\(first)' would be inside \(kind)")
        }
        if let index = entries.firstIndex(where: { $0.key == first }) {
            try entries[index].value.set(path.dropFirst(), to: value, whole: key)
            if path.count == 1 { entries[index].keyPlace = value.place }
        } else {
            var section = RecipeNode(content: .mapping([]), place: value.place)
            try section.set(path.dropFirst(), to: value, whole: key)
            entries.append(Entry(key: first, keyPlace: value.place, value: section))
        }
        content = .mapping(entries)
    }

    /// The tree as a node of Yams, for writing.
    var yaml: Node {
        switch content {
        case .scalar(let text, let isPlain):
            // Plain text needs the implicit tag: Yams would quote 12 as the string '12'.
            return .scalar(.init(text, isPlain ? Tag(.implicit) : Tag(.str), isPlain ? .plain : .doubleQuoted))
        case .sequence(let values):
            let style: Node.Sequence.Style = values.allSatisfy(\.isScalar) ? .flow : .block
            return .sequence(.init(values.map(\.yaml), .implicit, style))
        case .mapping(let entries):
            return .mapping(.init(entries.map { (Node($0.key), $0.value.yaml) }, .implicit, .block))
        }
    }

    private var isScalar: Bool {
        if case .scalar = content { return true }
        return false
    }
}

extension YamlError {
    /// The line, if there is one, and the reason in one sentence.
    fileprivate var lineAndReason: (line: Int?, reason: String) {
        switch self {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return (mark.line, "this is not YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            return (context.mark.line, "a section has '\(duplicates.sorted().joined(separator: "', '"))' twice")
        case .reader(let problem, _, _, _):
            return (nil, "this is not YAML: \(problem)")
        default:
            return (nil, "this is not YAML: \(self)")
        }
    }
}
