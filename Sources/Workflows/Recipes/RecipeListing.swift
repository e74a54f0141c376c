import Foundation
import Support

/// Every key of a recipe with its value, as `vertebra recipe` shows it.
package struct RecipeListing: Encodable, Sendable {
    package struct Entry: Encodable, Sendable {
        /// The dotted key, as `--set` takes it.
        package let key: String
        /// The key's value in this recipe, in YAML.
        package let value: String
        /// The key's default; nil for a required key.
        package let usual: String?
        /// The value's unit; empty if it has none.
        package let unit: String
        package let meaning: String
    }

    package let task: VisionTask
    package let entries: [Entry]

    /// - Throws: `RecipeFileError` for a recipe that training would refuse to read.
    package init(_ file: RecipeFile) throws {
        task = try VisionTask(of: file)
        switch task {
        case .detection: entries = try Self.detection(file)
        case .classification: entries = try Self.classification(file)
        }
    }

    private static func detection(_ file: RecipeFile) throws -> [Entry] {
        let recipe = try file.decode(DetectionRecipe.self)
        var needed = ["task", "model.detector", "model.backbone", "data.format", "data.train"]
        if recipe.model.ssd == nil { needed.append("model.faster_rcnn.form") }
        var required: Set = ["model.backbone", "data.format"]
        var usual = ["model.detector": "faster_rcnn", "model.faster_rcnn.form": "fpn"]
        switch recipe.data.format {
        case .coco: required.formUnion(["data.train.annotations", "data.train.images"])
        case .voc: usual["data.train.split"] = DetectionData.Role.train.rawValue
        }
        return try entries(
            RecipeKeys.detection(ssd: recipe.model.ssd != nil), recipe,
            file.keeping(needed).decode(DetectionRecipe.self), required: required, usual: usual)
    }

    private static func classification(_ file: RecipeFile) throws -> [Entry] {
        try entries(
            RecipeKeys.classification(), file.decode(ClassificationRecipe.self),
            file.keeping(["task", "model.backbone", "data.format"]).decode(ClassificationRecipe.self),
            required: ["model.backbone", "data.format"], usual: [:])
    }

    /// - Parameters:
    ///   - bare: the recipe without optional keys, so that its values are the defaults.
    ///   - required: keys without a default.
    ///   - usual: defaults of keys that `bare` can't leave out.
    private static func entries<Value: Encodable>(
        _ sections: [(section: String, keys: [(key: String, words: RecipeKeys.Words?)])], _ recipe: Value,
        _ bare: Value,
        required: Set<String>, usual: [String: String]
    ) throws -> [Entry] {
        let values = try tree(recipe)
        let defaults = try tree(bare)
        return sections.flatMap { section, keys in
            keys.map { key, words in
                let path = section + "." + key
                return Entry(
                    key: path, value: yaml(values, path),
                    usual: required.contains(path) ? nil : usual[path] ?? yaml(defaults, path), unit: words?.unit ?? "",
                    meaning: words?.meaning ?? "")
            }
        }
    }

    private static func tree<Value: Encodable>(_ value: Value) throws -> Any {
        try JSONSerialization.jsonObject(with: JSONEncoder().encode(value))
    }

    /// The value at a dotted path in YAML's flow style; `none` if there is none.
    private static func yaml(_ tree: Any, _ path: String) -> String {
        var node: Any? = tree
        for key in path.split(separator: ".") { node = (node as? [String: Any])?[String(key)] }
        return node.map(flow) ?? "none"
    }

    private static func flow(_ value: Any) -> String {
        switch value {
        case let list as [Any]: return "[" + list.map(flow).joined(separator: ", ") + "]"
        case let section as [String: Any]:
            return "{"
                + section.sorted { $0.key < $1.key }.map { "\($0.key): \(flow($0.value))" }.joined(separator: ", ")
                + "}"
        case let number as NSNumber:
            // Foundation reads JSON's true and false as numbers, of a type that nothing else has.
            let isBoolean = String(cString: number.objCType) == "c"
            return isBoolean ? (number.boolValue ? "true" : "false") : "\(number)"
        default: return "\(value)"
        }
    }

    /// A line for each key. A value that differs from the default is marked and has the default beside it.
    package var text: String {
        let rows = entries.map { entry in
            [
                entry.usual == entry.value ? "" : "*", entry.key, entry.value,
                entry.usual.map { $0 == entry.value ? "" : $0 } ?? "needed", entry.unit, entry.meaning,
            ]
        }
        return TextTable(
            header: ["", "key", "value", "default", "unit", "meaning"], rows: rows, rightAligned: []
        ).text
    }
}

extension RecipeListing {
    /// The keys of all kinds of recipes as the Markdown tables of docs/recipes.md.
    package static func reference() throws -> String {
        func table(_ title: String, _ yaml: String, only: (String) -> Bool = { _ in true }) throws -> String {
            let listing = try RecipeListing(RecipeFile(text: yaml, path: title))
            let rows = listing.entries.filter { only($0.key) }.map { entry in
                func cell(_ text: String) -> String { text.replacingOccurrences(of: "|", with: "\\|") }
                return "| `\(entry.key)` | \(entry.usual.map { "`\(cell($0))`" } ?? "needed") | \(cell(entry.unit)) | "
                    + "\(cell(entry.meaning)) |"
            }
            return "### \(title)\n\n| key | default | unit | meaning |\n| --- | --- | --- | --- |\n"
                + rows.joined(separator: "\n") + "\n"
        }
        let coco = "data: {format: coco, train: {annotations: a.json, images: i}}"
        return try [
            table("Detection", "task: detection\nmodel: {backbone: resnet50}\n\(coco)"),
            table(
                "SSD300 in place of Faster R-CNN",
                "task: detection\nmodel: {detector: ssd300, backbone: resnet50}\n\(coco)"
            ) { $0.hasPrefix("model.ssd.") },
            table("Classification", "task: classification\nmodel: {backbone: resnet50}\ndata: {format: folder}"),
        ].joined(separator: "\n")
    }
}
