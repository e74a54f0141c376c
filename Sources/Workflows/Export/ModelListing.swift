import Architectures
import Foundation

/// The catalogue as the command shows it.
public enum ModelListing {
    /// One named model.
    public struct Model: Encodable, Sendable {
        public let name: String
        public let parameters: Int
        public let multiplyAdds: Int
        /// What the multiply-adds are at: channels, (frames,) height, width.
        public let input: [Int]
        public let paper: Paper
        public let axes: BackboneArchitecture
    }

    /// Every model of the catalogue, in its order.
    public static func all() throws -> [Model] {
        try Catalogue.models.map { model in
            let plan = try model.architecture.plan()
            let input = model.architecture.usualInput
            return Model(
                name: model.name, parameters: plan.parameterCount, multiplyAdds: plan.multiplyAdds(input: input),
                input: input, paper: model.paper, axes: model.architecture)
        }
    }

    /// Why a name, or a text such as `iresnet50:shortcut=dense`, describes no model; nil where it does.
    public static func unknown(_ name: String) -> String? {
        do {
            _ = try BackboneArchitecture(text: name)
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// A line for each model.
    public static func table(_ models: [Model]) -> String {
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
    public struct Axis: Encodable, Sendable {
        public let name: String
        public let values: [String]
        public let meaning: String
    }

    /// Every axis: what can be written for it, and what it decides.
    public static var axes: [Axis] {
        ArchitectureAxis.allCases.map { Axis(name: $0.name, values: $0.values, meaning: $0.meaning) }
    }

    /// The axes for a person: a line of what each decides, then its values.
    public static func text(_ axes: [Axis]) -> String {
        axes.map { axis in
            "\(axis.name): \(axis.meaning)\n" + axis.values.map { "    \($0)" }.joined(separator: "\n")
        }.joined(separator: "\n") + """


            An architecture is a model's name and, behind a colon, the axes that differ:
                iresnet50:shortcut=dense,planes=32/64/128/256
            """
    }

    static func millions(_ count: Int) -> String { String(format: "%.3f M", Double(count) / 1e6) }
    static func billions(_ count: Int) -> String { String(format: "%.2f G", Double(count) / 1e9) }
    static func size(_ input: [Int]) -> String { input.map(String.init).joined(separator: "x") }
}

/// A model's layers as the command shows them.
public struct ModelDescription: Encodable, Sendable {
    public struct Layer: Encodable, Sendable {
        public let name: String
        public let kind: String
        /// The output's shape for one image: channels and size.
        public let output: [Int]
        public let weights: [Int]
        public let parameters: Int
        public let multiplyAdds: Int
    }

    public struct Stage: Encodable, Sendable {
        public let name: String
        public let blocks: Int
        public let channels: Int
        public let stride: Int
    }

    public let name: String
    public let input: [Int]
    public let parameters: Int
    public let multiplyAdds: Int
    public let stages: [Stage]
    public let layers: [Layer]

    /// - Parameter input: channels, (frames,) height, width; nil takes the model's usual one.
    /// - Throws: `UnknownModel`, `ArchitectureTextError`, `ArchitectureError`, and `ModelDescriptionError` for an input that the model can't take.
    public init(model name: String, classes: Int? = nil, input: [Int]? = nil) throws {
        var architecture = try BackboneArchitecture(text: name)
        if let classes { architecture.classes = classes }
        let plan = try architecture.plan()
        let input = input ?? architecture.usualInput
        guard input.count == architecture.usualInput.count, input[0] == architecture.usualInput[0],
            input.dropFirst().allSatisfy({ $0 >= 32 || $0 > 0 && architecture.rank == .video })
        else {
            throw ModelDescriptionError(model: name, input: input, usual: architecture.usualInput)
        }
        self.name = name
        self.input = input
        parameters = plan.parameterCount
        multiplyAdds = plan.multiplyAdds(input: input)
        stages = plan.stages.map {
            Stage(name: $0.name, blocks: $0.blocks.count, channels: $0.channels, stride: $0.stride)
        }
        layers = plan.layers(input: input).map { sized in
            Layer(
                name: sized.layer.name, kind: sized.layer.kind.title, output: [sized.layer.outputs] + sized.outputSize,
                weights: sized.layer.tensors.first?.shape ?? [], parameters: sized.layer.parameterCount,
                multiplyAdds: sized.multiplyAdds)
        }
    }

    /// `3x224x224` as numbers; nil for anything else.
    public static func size(_ text: String) -> [Int]? {
        let parts = text.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        let numbers = parts.compactMap { $0 }
        return numbers.count == parts.count && (3...4).contains(numbers.count) && numbers.allSatisfy { $0 > 0 }
            ? numbers : nil
    }

    /// A line for each layer, then the stages and the totals.
    public var table: String {
        let rows = layers.map { layer in
            [
                layer.name, layer.kind, layer.output.map(String.init).joined(separator: "×"),
                layer.weights.map(String.init).joined(separator: "×"), String(layer.parameters),
                layer.multiplyAdds == 0 ? "" : String(format: "%.2f M", Double(layer.multiplyAdds) / 1e6),
            ]
        }
        let layerTable = TextTable(
            header: ["layer", "kind", "output", "weight", "parameters", "multiply-adds"], rows: rows,
            rightAligned: [4, 5])
        let stageTable = TextTable(
            header: ["stage", "blocks", "channels", "stride"],
            rows: stages.map { [$0.name, "\($0.blocks)", "\($0.channels)", "\($0.stride)"] },
            rightAligned: [1, 2, 3])
        return """
            \(layerTable.text)

            \(stageTable.text)

            \(name): \(ModelListing.millions(parameters)) parameters, \
            \(ModelListing.billions(multiplyAdds)) multiply-adds at \(ModelListing.size(input))
            """
    }
}

/// An input that a model can't take.
public struct ModelDescriptionError: Error, CustomStringConvertible {
    public let model: String
    public let input: [Int]
    public let usual: [Int]

    public var description: String {
        let axes = usual.count == 4 ? "channels, frames, height, width" : "channels, height, width"
        return "\(model) takes an input of \(axes), 3 channels and at least 32 pixels a side, such as "
            + "\(ModelListing.size(usual)), not \(ModelListing.size(input))"
    }
}

extension BackboneArchitecture {
    /// The input that published multiply-adds are counted at: channels, (frames,) height, width.
    var usualInput: [Int] {
        switch (rank, stem) {
        case (.video, _): [3, 16, 224, 224]
        case (.image, .cifar): [3, 32, 32]
        case (.image, _): [3, 224, 224]
        }
    }
}

extension PlannedLayer.Kind {
    fileprivate var title: String {
        func product(_ numbers: [Int]) -> String { numbers.map(String.init).joined(separator: "×") }
        func strided(_ stride: [Int]) -> String {
            stride.allSatisfy { $0 == 1 } ? "" : Set(stride).count == 1 ? "/\(stride[0])" : "/(\(product(stride)))"
        }
        switch self {
        case .convolution(let kernelSize, let stride, _, let groups):
            return "conv \(product(kernelSize))\(strided(stride))" + (groups > 1 ? ", \(groups) groups" : "")
        case .batchNorm: return "batch norm"
        case .frozenBatchNorm: return "frozen batch norm"
        case .groupNorm(let groups): return "group norm, \(groups) groups"
        case .maxPool(let kernelSize, let stride, _): return "max-pool \(product(kernelSize))\(strided(stride))"
        case .averagePool(let size, _): return "average-pool \(product(size))"
        case .linear: return "linear"
        case .termWeights(let terms): return "weights of \(terms) terms"
        }
    }
}
