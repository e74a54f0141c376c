import Support
import Yams

/// The head of a model card: what the model hub of Hugging Face reads of it, as YAML.
struct CardFrontMatter {
    let description: WeightsDescription
    /// The model's name.
    let name: String

    /// The text between the lines of three hyphens.
    ///
    /// - Throws: What Yams throws.
    func text() throws -> String {
        var entries: [(Node, Node)] = []
        func add(_ key: String, _ value: Node) { entries.append((Node(key), value)) }
        if let license = description.origin?.license {
            let hubName = License(license)?.hubName
            add("license", Self.plain(hubName ?? "other"))
            if hubName == nil { add("license_name", Self.quoted(license)) }
        }
        add("library_name", Self.plain("vertebra"))
        if let pipeline { add("pipeline_tag", Self.plain(pipeline)) }
        add("tags", Self.list(tags))
        if let dataset { add("datasets", Self.list([Self.slug(dataset)])) }
        let metrics = Set(results.map(\.type)).sorted()
        if !metrics.isEmpty { add("metrics", Self.list(metrics)) }
        if let index = modelIndex { add("model-index", index) }
        return try Yams.serialize(node: Node.mapping(.init(entries, .implicit, .block)), width: -1, allowUnicode: true)
    }

    private var isOfClips: Bool { description.input?.frames != nil }

    /// What the hub calls the task.
    var pipeline: String? {
        switch description.task {
        case .detection: "object-detection"
        case .classification: isOfClips ? "video-classification" : "image-classification"
        case nil: nil
        }
    }

    private var tags: [String] {
        let base = description.backbone.map { $0.split(separator: ":").first.map(String.init) ?? $0 }
        let detector = description.network.flatMap { network -> String? in
            guard description.task == .detection else { return nil }
            return network.hasPrefix("Faster") ? "faster-rcnn" : "ssd"
        }
        return ["vertebra", "safetensors"] + [detector, base].compactMap(\.self)
    }

    /// The name of the data that the model was trained on: the last name of the recipe's folder.
    var dataset: String? { DataName(description).text }

    /// The figures by the names that the hub has for them.
    private var results: [(type: String, name: String, value: Double)] {
        (description.figures?.overall ?? []).compactMap { figure in
            let type: String? =
                switch figure.name {
                case "top1", "top5": "accuracy"
                case let name where name.hasPrefix("AP") || name.hasPrefix("VOC"): "mean_average_precision"
                case let name where name.hasPrefix("AR"): "recall"
                default: nil
                }
            return type.map { ($0, figure.name, figure.value) }
        }
    }

    private var modelIndex: Node? {
        guard let pipeline, !results.isEmpty else { return nil }
        func mapping(_ entries: [(String, Node)]) -> Node {
            .mapping(.init(entries.map { (Node($0), $1) }, .implicit, .block))
        }
        func sequence(_ nodes: [Node]) -> Node { .sequence(.init(nodes, .implicit, .block)) }
        let metrics = results.map { result in
            mapping([
                ("type", Self.plain(result.type)), ("name", Self.quoted(result.name)),
                ("value", Node("\(result.value)", Tag(.implicit), .plain)),
            ])
        }
        let isOfValidation = description.figures?.isOfValidation ?? true
        let data = (isOfValidation ? dataset : nil) ?? "unknown"
        let result = mapping([
            ("task", mapping([("type", Self.plain(pipeline))])),
            (
                "dataset",
                mapping([
                    ("name", Self.quoted(data)), ("type", Self.quoted(Self.slug(data))),
                    ("split", Self.plain(isOfValidation ? "validation" : "test")),
                ])
            ),
            ("metrics", sequence(metrics)),
        ])
        return sequence([mapping([("name", Self.quoted(name)), ("results", sequence([result]))])])
    }

    private static func plain(_ text: String) -> Node { Node(text, Tag(.implicit), .plain) }
    private static func quoted(_ text: String) -> Node { Node(text, Tag(.str), .doubleQuoted) }
    private static func list(_ texts: [String]) -> Node {
        .sequence(.init(texts.map(quoted), .implicit, .block))
    }

    /// A name in the letters that the hub's identifiers have.
    static func slug(_ text: String) -> String {
        let slug = String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) ? $0 : "-" })
        let trimmed = slug.drop { !$0.isLetter && !$0.isNumber }
        return trimmed.isEmpty ? "unknown" : String(trimmed.prefix(96))
    }
}

/// What the data of a model are called: the last name of the folder that its recipe names.
struct DataName {
    let text: String?

    init(_ description: WeightsDescription) {
        struct Head: Decodable {
            struct Data: Decodable {
                let root: String?
                enum CodingKeys: String, CodingKey { case root }
            }
            let data: Data
            enum CodingKeys: String, CodingKey { case data }
        }
        guard let recipe = description.recipe, let file = try? RecipeFile(text: recipe, path: "recipe"),
            let root = try? file.decode(Head.self).data.root
        else {
            text = nil
            return
        }
        let name = FilePath.name(of: root)
        text = name.isEmpty || name == "." || name == ".." || name == "/" ? nil : name
    }
}
