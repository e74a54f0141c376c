import Foundation
import Yams

/// A training recipe: YAML text, the `--set` options laid over it, and the place of every value.
///
/// The text is decoded into typed values by `decode`: an unknown key, a value of the wrong kind and a value out of range
/// are errors that name the file, the line and the nearest valid name.
public struct RecipeFile: Sendable {
    /// The file's path as it was given.
    public let path: String
    private(set) var root: RecipeNode

    /// Reads a file and lays the settings (`key.path=value`, the value in YAML) over it.
    ///
    /// - Throws: `RecipeFileError`.
    public init(path: String, settings: [String] = []) throws {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw RecipeFileError(.file(path), "there is no such recipe file")
        }
        guard !isDirectory.boolValue else {
            throw RecipeFileError(.file(path), "this is a folder, not a recipe file")
        }
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw RecipeFileError(.file(path), "the recipe file can't be read; check its permissions")
        }
        guard let text = String(bytes: bytes, encoding: .utf8) else {
            throw RecipeFileError(.file(path), "the recipe is not UTF-8 text")
        }
        try self.init(text: text, path: path, settings: settings)
    }

    /// A recipe from its text; `path` is for error messages.
    public init(text: String, path: String, settings: [String] = []) throws {
        self.path = path
        root = try RecipeNode(parsing: text, name: .file(path)) { .line(file: path, line: $0) }
        guard case .mapping = root.content else {
            throw RecipeFileError(.file(path), "a recipe is made of keys and values, and this is \(root.kind)")
        }
        for setting in settings { try apply(setting) }
    }

    /// The recipe with all settings in place, as YAML without comments: what a run keeps.
    public var text: String {
        get throws { try Yams.serialize(node: root.yaml, width: -1) }
    }

    /// Typed values from the whole recipe.
    ///
    /// - Throws: `RecipeFileError`.
    public func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try RecipeDecoder.decode(type, from: root, file: path)
    }

    /// An error about the value under a dotted key: at its place, or at the nearest section above it.
    public func error(at key: String, _ reason: String) -> RecipeFileError {
        var keys = key.split(separator: ".").map(String.init)
        while !keys.isEmpty {
            if let node = root[keys] { return RecipeFileError(node.place, "\(key): \(reason)") }
            keys.removeLast()
        }
        return RecipeFileError(.file(path), "\(key): \(reason)")
    }

    /// Whether the recipe says anything about a dotted key.
    public func mentions(_ key: String) -> Bool {
        root[key.split(separator: ".").map(String.init)] != nil
    }

    /// Replaces a text value, or adds it.
    ///
    /// - Throws: `RecipeFileError` where a section on the way is a value.
    mutating func replace(_ key: String, with text: String) throws {
        let keys = key.split(separator: ".").map(String.init)
        let place = root[keys]?.place ?? .file(path)
        try root.set(keys[...], to: RecipeNode(text: text, place: place), whole: key)
    }

    /// Lays one `key.path=value` over the recipe.
    ///
    /// - Throws: `RecipeFileError`.
    public mutating func apply(_ setting: String) throws {
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
        try root.set(keys[...], to: value, whole: key)
    }
}
