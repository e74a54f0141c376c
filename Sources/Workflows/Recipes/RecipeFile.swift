import Foundation
import Support
import Yams

/// A training recipe: YAML text with `--set` options applied, and the place of every value.
///
/// The text is decoded into typed values by `decode`: an unknown key, a value of the wrong kind and a value out of range
/// are errors that name the file, the line and the nearest valid name.
public struct RecipeFile: Sendable {
    /// The file's path as it was given.
    public let path: String
    private(set) var root: RecipeNode

    /// Reads a file and its bases, and applies the settings, `key.path=value` with the value in YAML.
    ///
    /// `base` names another recipe, relative to the file's folder, and the file then holds only what differs. Sections are
    /// merged key by key; a list or a value replaces the base's.
    ///
    /// - Throws: `RecipeFileError`.
    public init(path: String, settings: [String] = []) throws {
        self.path = path
        root = try Self.tree(path, askedAt: .file(path), above: [])
        for setting in settings { try apply(setting) }
    }

    /// A recipe from its text; `path` is for error messages.
    ///
    /// - Throws: `RecipeFileError`, also for a `base`, because a text has no folder to look for it in.
    public init(text: String, path: String, settings: [String] = []) throws {
        self.path = path
        root = try Self.tree(text: text, path: path)
        try takeAccumulationApart()
        if let base = root[Self.baseKey] {
            throw RecipeFileError(
                base.place, "base is for recipe files; this text has no folder to find another one in")
        }
        for setting in settings { try apply(setting) }
    }

    private static let baseKey = "base"

    /// The tree of a file over that of its base.
    ///
    /// - Parameters:
    ///   - place: Where the file is named: on the command line, or in a `base`.
    ///   - above: The files that lead to it through `base`, the outermost first.
    private static func tree(_ path: String, askedAt place: RecipePlace, above: [String]) throws -> RecipeNode {
        let whole = URL(fileURLWithPath: path).standardizedFileURL.path
        guard !above.contains(whole) else {
            throw RecipeFileError(place, "base: \(path) leads back to itself; a recipe can't be its own base")
        }
        var root = try tree(text: read(path, askedAt: place), path: path)
        guard let base = root.remove(baseKey) else { return root }
        guard case .scalar(let name, _) = base.content, !base.isNull else {
            throw RecipeFileError(base.place, "base is another recipe's file, not \(base.kind)")
        }
        let folder = FilePath.folder(of: path)
        let basePath = folder.isEmpty ? name : FilePath.joined(name, to: folder)
        return root.over(try tree(basePath, askedAt: base.place, above: above + [whole]))
    }

    private static func tree(text: String, path: String) throws -> RecipeNode {
        let root = try RecipeNode(parsing: text, name: .file(path)) { .line(file: path, line: $0) }
        guard case .mapping = root.content else {
            throw RecipeFileError(.file(path), "a recipe is made of keys and values, and this is \(root.kind)")
        }
        return root
    }

    private static func read(_ path: String, askedAt place: RecipePlace) throws -> String {
        // An error about a file of the command line names that file; an error about a base names the line that asks for it.
        func failure(_ reason: String) -> RecipeFileError {
            place == .file(path) ? RecipeFileError(place, reason) : RecipeFileError(place, "base \(path): \(reason)")
        }
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw failure("there is no such recipe file")
        }
        guard !isDirectory.boolValue else { throw failure("this is a folder, not a recipe file") }
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw failure("the recipe file can't be read; check its permissions")
        }
        do {
            return try TextFile.text(of: [UInt8](bytes), path: path)
        } catch {
            throw failure(error.reason)
        }
    }

    /// The recipe with all settings applied, as YAML without comments. A run keeps this text.
    public var text: String {
        get throws { try Yams.serialize(node: root.yaml, width: -1) }
    }

    /// Typed values from the whole recipe.
    ///
    /// - Throws: `RecipeFileError`.
    package func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try RecipeDecoder.decode(type, from: root, file: path)
    }

    /// An error about the value of a dotted key, with its place, or that of the nearest section above it.
    package func error(at key: String, _ reason: String) -> RecipeFileError {
        var keys = key.split(separator: ".").map(String.init)
        while !keys.isEmpty {
            if let node = root[keys] { return RecipeFileError(node.place, "\(key): \(reason)") }
            keys.removeLast()
        }
        return RecipeFileError(.file(path), "\(key): \(reason)")
    }

    /// Whether the recipe has a value for a dotted key.
    package func mentions(_ key: String) -> Bool {
        root[key.split(separator: ".").map(String.init)] != nil
    }

    /// The text of a dotted key; nil for one that is not there, is empty, or is no text.
    func text(of key: String) -> String? {
        guard let node = root[key.split(separator: ".").map(String.init)], case .scalar(let text, _) = node.content,
            !node.isNull
        else { return nil }
        return text
    }

    /// A recipe's text that names no folders of this machine: of the data's and of start weights, the last names are left. A
    /// text that can't be read stays as it is.
    static func withoutFolders(_ recipe: String) -> String {
        guard var file = try? RecipeFile(text: recipe, path: "recipe") else { return recipe }
        for key in ["data.root", "model.weights"] {
            guard let path = file.text(of: key), path.contains("/") else { continue }
            try? file.replace(key, with: FilePath.name(of: path))
        }
        return (try? file.text) ?? recipe
    }

    /// The recipe reduced to these dotted keys.
    func keeping(_ keys: [String]) throws -> RecipeFile {
        var copy = self
        copy.root = root.emptied
        for key in keys {
            let path = key.split(separator: ".").map(String.init)
            if let value = root[path] { try copy.root.set(path[...], to: value, whole: key) }
        }
        return copy
    }

    /// Replaces a text value, or adds it.
    ///
    /// - Throws: `RecipeFileError` if the key leads through something that is not a section.
    mutating func replace(_ key: String, with text: String) throws {
        let keys = key.split(separator: ".").map(String.init)
        let place = root[keys]?.place ?? .file(path)
        try root.set(keys[...], to: RecipeNode(text: text, place: place), whole: key)
    }

    /// Applies one `key.path=value` to the recipe.
    ///
    /// - Throws: `RecipeFileError`.
    package mutating func apply(_ setting: String) throws {
        let place = RecipePlace.setting(setting)
        guard let equals = setting.firstIndex(of: "=") else {
            throw RecipeFileError(place, "a setting is key=value, such as training.epochs=3")
        }
        let key = String(setting[..<equals])
        let keys = key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard keys.allSatisfy({ !$0.isEmpty }) else {
            throw RecipeFileError(place, "'\(key)' is not a key; write its sections and its name with dots between")
        }
        let text = String(setting[setting.index(after: equals)...])
        let value = try RecipeNode(parsing: text.isEmpty ? "''" : text, name: place) { _ in place }
        if keys.starts(with: Self.backboneKeys), keys.count > Self.backboneKeys.count { try nestBackbone() }
        try root.set(keys[...], to: value, whole: key)
    }

    /// Texts in checkpoints may be of a time when `batch` was a part of a step and `accumulation` the number of parts.
    private mutating func takeAccumulationApart() throws {
        let keys = ["training", "accumulation"]
        guard let node = root[keys], case .scalar(let text, _) = node.content, let parts = Int(text), parts > 0 else {
            return
        }
        let batch = root[["training", "batch"]].flatMap { node -> Int? in
            if case .scalar(let text, _) = node.content { Int(text) } else { nil }
        }
        guard var section = root[["training"]] else { return }
        _ = section.remove("accumulation")
        try root.set(["training"], to: section, whole: "training")
        for (key, value) in [("batch", (batch ?? 2) * parts), ("device_batch", batch ?? 2)] where parts > 1 {
            let path = ["training", key]
            let number = try RecipeNode(parsing: "\(value)", name: node.place) { _ in node.place }
            try root.set(path[...], to: number, whole: "training.\(key)")
        }
    }

    private static let backboneKeys = ["model", "backbone"]

    /// Turns a backbone that is a name into a section with that name as `base`, so that single axes can be set.
    private mutating func nestBackbone() throws {
        guard let backbone = root[Self.backboneKeys], case .scalar = backbone.content, !backbone.isNull else { return }
        try root.set(Self.backboneKeys[...], to: backbone.nested(under: "base"), whole: "model.backbone")
    }
}
