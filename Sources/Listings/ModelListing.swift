import Architectures
import Foundation
import Support

/// The catalogue as `vertebra models` shows it.
package enum ModelListing {
    /// One named model.
    package struct Model: Encodable, Sendable {
        package let name: String
        package let parameters: Int
        package let multiplyAdds: Int
        /// The input size at which multiply-adds are counted: channels, (frames,) height, width.
        package let input: [Int]
        package let paper: Paper
        package let axes: BackboneArchitecture
    }

    /// Every model of the catalogue, in its order.
    package static func all() throws -> [Model] {
        let models = Catalogue.models
        return try parallelMap(count: models.count, threads: ProcessInfo.processInfo.activeProcessorCount) { number in
            let model = models[number]
            let plan = try model.architecture.plan()
            let input = model.architecture.usualInput
            return Model(
                name: model.name, parameters: plan.parameterCount, multiplyAdds: plan.multiplyAdds(input: input),
                input: input, paper: model.paper, axes: model.architecture)
        }
    }

    /// Why a name, or a text such as `iresnet50:shortcut=dense`, describes no model; nil if it describes one.
    package static func unknown(_ name: String) -> String? {
        do {
            _ = try BackboneArchitecture(text: name)
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// A table with a line for each model.
    package static func table(_ models: [Model]) -> String {
        let rows = models.map { model in
            [
                model.name, millions(model.parameters), billions(model.multiplyAdds), size(model.input),
                "\(model.paper.authors.prefix { $0 != "," }) et al. \(model.paper.year)",
            ]
        }
        return TextTable(
            header: ["model", "parameters", "multiply-adds", "input", "paper"], rows: rows, rightAligned: [1, 2]
        ).text
    }

    /// An axis along which architectures differ.
    package struct Axis: Encodable, Sendable {
        package let name: String
        package let values: [String]
        package let meaning: String
    }

    /// Every axis with its meaning and values.
    package static var axes: [Axis] {
        ArchitectureAxis.allCases.map { Axis(name: $0.name, values: $0.values, meaning: $0.meaning) }
    }

    /// The axes as text for a person: the meaning of each, then its values.
    package static func text(_ axes: [Axis]) -> String {
        axes.map { axis in
            "\(axis.name): \(axis.meaning)\n" + axis.values.map { "    \($0)" }.joined(separator: "\n")
        }.joined(separator: "\n") + """


            An architecture is a model's name and, after a colon, the axes that differ:
                iresnet50:shortcut=dense,planes=32/64/128/256
            """
    }

    static func millions(_ count: Int) -> String { String(format: "%.3f M", Double(count) / 1e6) }
    static func billions(_ count: Int) -> String { String(format: "%.2f G", Double(count) / 1e9) }
    static func size(_ input: [Int]) -> String { input.map(String.init).joined(separator: "x") }
}
