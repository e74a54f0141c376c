import Architectures
import Foundation
import Support

/// A model's layers as `vertebra describe` shows them.
package struct ModelDescription: Encodable, Sendable {
    package struct Layer: Encodable, Sendable {
        package let name: String
        package let kind: String
        /// The output's shape for one input: channels, (frames,) height, width.
        package let output: [Int]
        package let weights: [Int]
        package let parameters: Int
        package let multiplyAdds: Int
    }

    package struct Stage: Encodable, Sendable {
        package let name: String
        package let blocks: Int
        package let channels: Int
        package let stride: Int
    }

    package let name: String
    package let input: [Int]
    package let parameters: Int
    package let multiplyAdds: Int
    package let stages: [Stage]
    package let layers: [Layer]

    /// - Parameter input: channels, (frames,) height, width; nil takes the model's usual input.
    /// - Throws: `UnknownModel`, `ArchitectureTextError`, `ArchitectureError`, and ``InputSizeError`` for an input that the model
    ///   can't take.
    package init(model name: String, classes: Int? = nil, input: [Int]? = nil) throws {
        var architecture = try BackboneArchitecture(text: name)
        if let classes { architecture.classes = classes }
        let plan = try architecture.plan()
        let input = input ?? architecture.usualInput
        guard input.count == architecture.usualInput.count, input[0] == architecture.usualInput[0],
            input.dropFirst().allSatisfy({ $0 >= 32 || $0 > 0 && architecture.rank == .video })
        else {
            let axes = architecture.rank == .video ? "channels, frames, height, width" : "channels, height, width"
            throw InputSizeError(
                input,
                "\(name) takes \(axes), 3 channels and at least 32 pixels a side, such as "
                    + ModelListing.size(architecture.usualInput))
        }
        let pixels = input.dropFirst().reduce(1.0) { $0 * Double($1) }
        guard pixels * Double(plan.parameterCount) < 1e18 else {
            throw InputSizeError(
                input, "\(name) on so large an input has too many operations to count")
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

    /// The numbers of a text such as `3x224x224`; nil for any other text.
    package static func size(_ text: String) -> [Int]? {
        let parts = text.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        let numbers = parts.compactMap { $0 }
        return numbers.count == parts.count && (3...4).contains(numbers.count) && numbers.allSatisfy { $0 > 0 }
            ? numbers : nil
    }

    /// Text for a person: a line for each layer, then the stages and the totals.
    package var table: String {
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

/// An input size that a model can't take.
package struct InputSizeError: Error, CustomStringConvertible {
    /// The option with the size, then the reason and what to do.
    package let description: String

    init(_ input: [Int], _ reason: String) { description = "--input \(ModelListing.size(input)): \(reason)" }
}

extension BackboneArchitecture {
    /// The input size at which published multiply-adds are counted: channels, (frames,) height, width.
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
