import Architectures
import Foundation

/// A model's card in the form of Hugging Face's hub: Markdown with a head in YAML.
package struct ModelCard {
    /// The whole text.
    package let text: String

    /// A card of what a file says of itself.
    ///
    /// - Parameters:
    ///   - name: What the model is called.
    ///   - weights: The file's name in the commands of the card.
    package init(_ description: WeightsDescription, name: String, weights: String) {
        let head = CardFrontMatter(description: description, name: name)
        let sections = [
            ("", Self.summary(description)), ("Intended use", Self.use(description)),
            ("Training data", Self.data(description, head.dataset)), ("Training", Self.training(description)),
            ("Figures", Self.figures(description, head.dataset)), ("Limits", Self.limits(description)),
            ("How to use it", Self.commands(description, weights)), ("Citation", Self.citation(description)),
        ]
        // The head is made of plain values, which always have a form in YAML.
        var text = "---\n\((try? head.text()) ?? "library_name: vertebra\n")---\n\n# \(Self.plain(name))\n"
        for (title, body) in sections {
            if !title.isEmpty { text += "\n## \(title)\n" }
            text += "\n\(body)\n"
        }
        self.text = text
    }

    private static func summary(_ description: WeightsDescription) -> String {
        let classes = description.classes ?? []
        let license =
            description.origin?.license.map { "Licence: \($0)." }
            ?? "No licence is stated. Without one, others may not use the weights."
        let maker =
            description.training == nil
            ? " whose weights others trained, for Vertebra, a toolkit for residual backbones"
            : " trained with Vertebra, a toolkit for residual backbones"
        var rows = [("Network", description.network ?? "unknown"), ("Numbers", description.contents)]
        if let input = description.input { rows += [("Input", input.size), ("Pixels", input.normalization)] }
        rows.append(("Classes", "\(classes.count): " + classes.joined(separator: ", ")))
        return """
            A \(description.task == .detection ? "detector of objects" : "classifier")\(maker). \(license)

            | | |
            | --- | --- |
            \(rows.map { "| \($0) | \(plain($1)) |" }.joined(separator: "\n"))
            """
    }

    private static func use(_ description: WeightsDescription) -> String {
        let subjects = subjects(description)
        let work =
            description.task == .detection
            ? "It finds objects of these classes in pictures and gives each a box, a class and a score"
            : "It says which of these classes \(subjects) are of"
        return """
            \(work), for \(subjects) like those that it was trained on. Measure it on \(subjects) of your own before you rely \
            on it. It was not made for decisions about people, nor for tasks where a mistake does harm.
            """
    }

    /// What the network looks at.
    private static func subjects(_ description: WeightsDescription) -> String {
        description.input?.frames == nil ? "pictures" : "clips"
    }

    private static func data(_ description: WeightsDescription, _ name: String?) -> String {
        guard let records = description.origin?.data, !records.isEmpty else {
            return "The file does not say what it was trained on."
        }
        let rows = records.map { record in
            "| \(plain(record.part)) | \(record.images) | \(record.objects.map { "\($0)" } ?? "–") | "
                + "`\(record.namesCRC32)` | \(record.objectsCRC32.map { "`\($0)`" } ?? "–") |"
        }
        let files = records.flatMap(\.files).map { file in
            "- \(plain(file.path))" + (file.crc32.map { ", CRC-32 `\($0)`" } ?? "")
        }
        return """
            \(name.map { "Data set: \(plain($0)).\n\n" } ?? "")\
            | part | images | objects | CRC-32 of the names | CRC-32 of the objects |
            | --- | ---: | ---: | --- | --- |
            \(rows.joined(separator: "\n"))\(files.isEmpty ? "" : "\n\n" + files.prefix(20).joined(separator: "\n"))
            """
    }

    private static func training(_ description: WeightsDescription) -> String {
        guard let training = description.training, let whole = description.recipe else {
            return "The file holds weights alone, and does not say how they were trained."
        }
        let date = description.origin.map { " on \($0.date.prefix(10)) with Vertebra \($0.vertebra)" } ?? ""
        let recipe = RecipeFile.withoutFolders(whole)
        let fence = recipe.contains("```") ? "````" : "```"
        return """
            Trained\(date): \(training.step) steps, \(training.epoch) whole epochs, \(training.optimizer) at a learning rate of \
            \(training.learningRate), seed \(training.seed). The whole recipe:

            \(fence)yaml
            \(recipe.hasSuffix("\n") ? String(recipe.dropLast()) : recipe)
            \(fence)
            """
    }

    private static func figures(_ description: WeightsDescription, _ dataset: String?) -> String {
        guard let figures = description.figures else { return "None were measured." }
        let data =
            figures.isOfValidation
            ? "the validation part" + (dataset.map { " of \(plain($0))" } ?? "") : "other data than the recipe's"
        let images = figures.images.map { ", \($0) \(subjects(description))" } ?? ", by training's evaluation"
        var text = """
            Measured on \(data)\(images).

            | figure | value |
            | --- | ---: |
            \(figures.overall.map { "| \($0.name) | \(WeightsDescription.short($0.value)) |" }.joined(separator: "\n"))
            """
        if description.task == .detection {
            text += "\n\nAP is COCO's mean over IoU 0.50 to 0.95; s, m and l are small, medium and large objects."
        }
        guard !figures.classes.isEmpty else {
            return text + "\n\nBy class: not measured; `vertebra evaluate` measures it."
        }
        let rows = figures.classes.map { row in
            "| \(plain(row.name)) | \(row.count) | "
                + row.values.map { $0.map(WeightsDescription.short) ?? "–" }.joined(separator: " | ") + " |"
        }
        return text + """


            | class | \(description.task == .detection ? "objects" : subjects(description)) | \(figures.columns.joined(separator: " | ")) |
            | --- | ---: |\(String(repeating: " ---: |", count: figures.columns.count))
            \(rows.joined(separator: "\n"))
            """
    }

    private static func limits(_ description: WeightsDescription) -> String {
        var lines = [
            "It knows \(description.classes?.count ?? 0) classes. What belongs to none of them is "
                + (description.task == .detection ? "missed, or taken for one of them." : "taken for one of them."),
            "Other cameras, places and lights than those of its data change its figures.",
            "Scores order its answers and are not probabilities.",
        ]
        let found = (description.figures?.classes ?? []).compactMap { row in
            row.values.first.flatMap { $0 }.map { (name: row.name, value: $0) }
        }
        if found.count > 1, let worst = found.min(by: { $0.value < $1.value }),
            let column = description.figures?.columns.first
        {
            lines.append(
                "It is weakest on \(plain(worst.name)): \(column) \(WeightsDescription.short(worst.value)).")
        }
        let unseen = (description.figures?.classes ?? []).filter { $0.count == 0 }.map(\.name)
        if !unseen.isEmpty {
            lines.append("Never measured, for want of examples: \(plain(unseen.joined(separator: ", "))).")
        }
        return lines.map { "- \($0)" }.joined(separator: "\n")
    }

    private static func commands(_ description: WeightsDescription, _ weights: String) -> String {
        let file = weights.allSatisfy { $0.isLetter || $0.isNumber || "-_./".contains($0) } ? weights : "'\(weights)'"
        let command =
            description.task == .detection
            ? "vertebra detect picture.jpg --checkpoint \(file)"
            : description.input?.frames == nil
                ? "vertebra explain picture.jpg --checkpoint \(file)"
                : "vertebra recognize clip.mp4 --checkpoint \(file)"
        return """
            ```sh
            \(command)
            vertebra evaluate \(file) --data FOLDER
            vertebra describe \(file)
            ```

            The tensors have the names of torchvision's modules where it has such a network, and any reader of safetensors reads them:

            ```python
            from safetensors.torch import load_file

            state_dict = load_file("\(weights.replacingOccurrences(of: "\"", with: "\\\""))")
            ```
            """
    }

    private static func citation(_ description: WeightsDescription) -> String {
        let name = description.backbone.map { $0.split(separator: ":").first.map(String.init) ?? $0 }
        guard let name, let paper = try? Catalogue.model(named: name).paper else {
            return "The backbone is in no list of published networks."
        }
        let authors = paper.authors.components(separatedBy: ", ")
        let key = (authors.first ?? "").filter(\.isLetter).lowercased() + "\(paper.year)"
        let isInJournal = paper.venue == "TPAMI"
        return """
            The backbone is of

            ```bibtex
            @\(isInJournal ? "article" : "inproceedings"){\(key),
              title = {\(paper.title)},
              author = {\(authors.joined(separator: " and "))},
              \(isInJournal ? "journal" : "booktitle") = {\(paper.venue)},
              year = {\(paper.year)}
            }
            ```
            """
    }

    /// Text in which nothing is Markdown's or HTML's, in one line.
    static func plain(_ text: String) -> String {
        text.map { character -> String in
            switch character {
            case "<": "&lt;"
            case ">": "&gt;"
            case "&": "&amp;"
            case "|", "*", "_", "`", "[", "]", "\\", "#": "\\\(character)"
            case _ where character.isNewline: " "
            default: String(character)
            }
        }.joined()
    }
}
