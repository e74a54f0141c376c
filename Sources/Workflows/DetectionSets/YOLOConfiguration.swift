import Annotations
import Foundation
import Support

/// What a data.yaml says, as Ultralytics reads it: where the pictures of each part lie, and what the classes are called.
struct YOLOConfiguration {
    /// A part and the folders or lists of its pictures.
    struct Part {
        let name: String
        let places: [(path: String, place: RecipePlace)]
    }

    /// The file.
    let path: String
    /// The folder that places are relative to.
    let root: String
    let parts: [Part]
    let classNames: [String]
    /// Numbers of keypoints behind each box, as `kpt_shape` says; nil where there are none.
    let keypointNumbers: Int?

    private static let partKeys = ["train", "val", "test"]

    /// Reads a data.yaml.
    ///
    /// - Throws: `RecipeFileError` with the line: for text that is no YAML, for classes that are missing or misnumbered, and
    ///   for a part that is neither a folder nor a list.
    init(path: String) throws {
        self.path = path
        let text: String
        do {
            text = try TextFile.read(path)
        } catch {
            throw AnnotationError(error)
        }
        let node = try RecipeNode(parsing: text, name: .file(path)) { .line(file: path, line: $0) }
        guard case .mapping = node.content else {
            throw RecipeFileError(.file(path), "a data.yaml is made of keys and values, and this is \(node.kind)")
        }
        classNames = try Self.classNames(node, path: path)
        let folder = Self.root(node, path: path)
        root = folder
        // Roboflow calls the validation part valid in names of folders only, but people write it as a key too.
        parts = try Self.partKeys.compactMap { key -> Part? in
            guard let value = node[key] ?? (key == "val" ? node["valid"] : nil), !value.isNull else { return nil }
            return Part(name: key, places: try Self.places(value, key: key, root: folder))
        }
        guard !parts.isEmpty else {
            throw RecipeFileError(.file(path), "it names no pictures; add a line such as train: images/train")
        }
        keypointNumbers = node["kpt_shape"].flatMap { shape -> Int? in
            guard case .sequence(let values) = shape.content else { return nil }
            let numbers = values.compactMap { $0.text.flatMap { Int($0) } }.filter { (0..<10_000).contains($0) }
            return numbers.count == 2 ? numbers[0] * numbers[1] : nil
        }
    }

    /// A set without data.yaml: pictures in a folder `images`, or beside their labels, and a list of classes.
    init(classList: String, folder: String) throws {
        path = classList
        root = folder
        classNames = try SetFiles.classNames(in: classList)
        keypointNumbers = nil
        let images = folder + "/images"
        let parts = ["train", "val", "valid", "test"].filter { SetFiles.isFolder(images + "/" + $0) == true }
        self.parts =
            parts.isEmpty
            ? [Part(name: "train", places: [(SetFiles.isFolder(images) == true ? images : folder, .file(folder))])]
            : parts.map { Part(name: SetFiles.partName($0), places: [(images + "/" + $0, .file(folder))]) }
    }

    /// `path` where there is such a folder, from the file's own or from anywhere; else the file's own folder, as sets are
    /// moved.
    private static func root(_ node: RecipeNode, path: String) -> String {
        let own = SetFiles.folder(of: path)
        guard let text = node["path"]?.text, !text.isEmpty else { return own }
        let folder = FilePath.joined(text, to: own)
        guard SetFiles.isFolder(folder) == true else { return own }
        return folder.hasSuffix("/.") ? String(folder.dropLast(2)) : folder
    }

    private static func places(
        _ value: RecipeNode, key: String, root: String
    ) throws -> [(path: String, place: RecipePlace)] {
        let nodes = if case .sequence(let values) = value.content { values } else { [value] }
        return try nodes.map { node in
            guard var text = node.text, !text.isEmpty else {
                throw RecipeFileError(node.place, "\(key) is \(node.kind); write the folder of its pictures")
            }
            while text.count > 1, text.hasSuffix("/") { text.removeLast() }
            let path = FilePath.joined(text, to: root)
            if FileManager.default.fileExists(atPath: path) { return (path, node.place) }
            // Roboflow writes paths from a folder that its archives lack.
            let inside = root + "/" + text.replacingOccurrences(of: "../", with: "")
            if text.hasPrefix("../"), FileManager.default.fileExists(atPath: inside) { return (inside, node.place) }
            throw RecipeFileError(
                node.place,
                "\(key) is \(text), and there is no \(path); write the folder of its pictures relative to \(root)")
        }
    }

    private static func classNames(_ node: RecipeNode, path: String) throws -> [String] {
        guard let names = node["names"], !names.isNull else {
            throw RecipeFileError(.file(path), "it has no names; add a list such as names: [cat, dog]")
        }
        var found: [String] = []
        func add(_ value: RecipeNode) throws {
            guard let name = value.text, !name.isEmpty else {
                throw RecipeFileError(value.place, "a class's name is \(value.kind); write a word")
            }
            guard !found.contains(name) else {
                throw RecipeFileError(value.place, "two classes are called \(name); give each a name of its own")
            }
            found.append(name)
        }
        switch names.content {
        case .sequence(let values): for value in values { try add(value) }
        case .mapping(let entries):
            let numbered = try entries.map { entry in
                guard let index = Int(entry.key), index >= 0 else {
                    throw RecipeFileError(entry.keyPlace, "'\(entry.key)' is no index of a class; they are 0, 1, 2 …")
                }
                return (index: index, entry: entry)
            }.sorted { $0.index < $1.index }
            for (position, (index, entry)) in numbered.enumerated() {
                guard index == position else {
                    throw RecipeFileError(
                        entry.keyPlace, "class \(position) has no name; classes are numbered 0, 1, 2 … without gaps")
                }
                try add(entry.value)
            }
        case .scalar:
            throw RecipeFileError(names.place, "names is \(names.kind); write a list such as [cat, dog]")
        }
        if let count = node["nc"], let text = count.text, Int(text) != found.count {
            throw RecipeFileError(count.place, "nc is \(text), and names has \(found.count); make them agree")
        }
        return found
    }

    /// The text of a data.yaml. It has no `path`: without one, places are relative to the file.
    static func text(parts: [(name: String, folder: String)], classNames: [String]) -> String {
        var lines = parts.map { "\($0.name): \(quoted($0.folder))" }
        if !parts.contains(where: { $0.name == "val" }) {
            lines.append("# val: the folder of the images to measure on, without which Ultralytics does not train")
        }
        lines.append("names:")
        for (index, name) in classNames.enumerated() { lines.append("  \(index): \(quoted(name))") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A text in quotes, which are JSON's and YAML's.
    private static func quoted(_ text: String) -> String {
        JSONText.string(text).replacingControls {
            let digits = String($0.value, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
    }
}

extension RecipeNode {
    /// The text of a value that is not a list or a section; nil for others, and where it is empty.
    fileprivate var text: String? {
        guard case .scalar(let text, _) = content, !isNull else { return nil }
        return text
    }
}
