/// A block of a stage: its branch F, its projection, and other layers.
public struct PlannedBlock: Hashable, Sendable {
    /// Where a block stands in its stage: first, between, or last. A stage's only block is its start.
    public enum Position: Hashable, Sendable {
        /// The first block of its stage, or the only one.
        case start
        /// A block between the first and the last one.
        case middle
        /// The last block of a stage of two or more.
        case end
    }

    /// The block's full name, such as `layer2.0` or `features.denseblock2.denselayer1`.
    public let name: String
    /// The block's index in its stage, from 0.
    public let index: Int
    /// Whether the block is its stage's first, last or between.
    public let position: Position
    /// Channels of its input.
    public let inputs: Int
    /// Channels of the 3×3 in the middle.
    public let middle: Int
    /// Channels of its output; with concatenation, those of its input and those that it appends.
    public let outputs: Int
    /// The branch's strides: (time,) height, width.
    public let stride: [Int]
    /// F's layers, named within the block.
    public let branch: [PlannedLayer]
    /// The projection's layers, `downsample.0`, …; empty if the shortcut needs none.
    public let projection: [PlannedLayer]
    /// The layers of attention and of RG and dense shortcuts.
    public let additions: [PlannedLayer]

    /// All layers of the block, in the state dict's order.
    public var layers: [PlannedLayer] { branch + projection + additions }
}

/// All blocks at one resolution.
public struct PlannedStage: Hashable, Sendable {
    /// The stage's name: `layer1`, …, or `denseblock1`, … of a DenseNet.
    public let name: String
    /// The prefix of the names of all its layers: its own name, or `features` in a DenseNet.
    public let scope: String
    /// Norm, 1×1 and pooling in front of its first block, with full names. Only a DenseNet has them, from the second stage
    /// on.
    public let transition: [PlannedLayer]
    /// Channels of its output. A DenseNet's output is the whole concatenation, before the norm of the next transition.
    public let channels: Int
    /// Pixels of the input, in height and in width, for one pixel of its output.
    public let stride: Int
    /// Frames of the clip for one frame of its output; 1 for images.
    public let temporalStride: Int
    /// The stage's blocks, first to last.
    public let blocks: [PlannedBlock]
}

/// A layer of a plan at a given input.
public struct SizedLayer: Hashable, Sendable {
    /// The layer, with its full name.
    public let layer: PlannedLayer
    /// Size of its output: (time,) height, width; empty for a vector.
    public let outputSize: [Int]
    /// Multiply-adds for one image or clip.
    public let multiplyAdds: Int
}

/// Every layer of an architecture with its name and shape, without any memory for weights.
public struct BackbonePlan: Hashable, Sendable {
    /// The architecture that was planned.
    public let architecture: BackboneArchitecture
    /// The stem's layers: `conv1`, `bn1` and the pooling. A DenseNet has `features.conv0` and, except on CIFAR,
    /// `features.norm0` and the pooling.
    public let stem: [PlannedLayer]
    /// The stages, first to last: all of them, or as many as were asked for.
    public let stages: [PlannedStage]
    /// The norm after the last stage: `bn_last` in the pre-activation order, `features.norm5` of a DenseNet; nil for others.
    public let lastNorm: PlannedLayer?
    /// The classifier: `fc`, or `classifier` of a DenseNet; nil without one.
    public let classifier: PlannedLayer?

    /// Every layer with its full name, in the state dict's order.
    public var layers: [PlannedLayer] {
        stem
            + stages.flatMap { stage in
                stage.transition + stage.blocks.flatMap { block in block.layers.map { $0.named(block.name + ".") } }
            } + [lastNorm, classifier].compactMap { $0 }
    }

    /// The tensors of the state dict, in its order.
    public var tensors: [PlannedTensor] { layers.flatMap(\.tensors) }

    /// Number of trainable parameters.
    public var parameterCount: Int {
        func count(_ layers: [PlannedLayer]) -> Int { layers.reduce(0) { $0 + $1.parameterCount } }
        return stages.reduce(count(stem) + count([lastNorm, classifier].compactMap { $0 })) { sum, stage in
            stage.blocks.reduce(sum + count(stage.transition)) { sum, block in
                sum + count(block.branch) + count(block.projection) + count(block.additions)
            }
        }
    }

    /// Every layer at an input of `[channels, height, width]`, or `[channels, frames, height, width]` for clips.
    ///
    /// Traps if the input has other axes than the architecture takes, or not three channels.
    public func layers(input: [Int]) -> [SizedLayer] {
        var result: [SizedLayer] = []
        visitLayers(input: input) { prefix, layer, outputSize in
            result.append(
                SizedLayer(
                    layer: layer.named(prefix), outputSize: outputSize,
                    multiplyAdds: layer.multiplyAdds(outputSize: outputSize)))
        }
        return result
    }

    /// Calls `body` for every layer, in the state dict's order, with what stands before its full name and its output's size.
    private func visitLayers(
        input: [Int], _ body: (_ prefix: String, _ layer: PlannedLayer, _ outputSize: [Int]) -> Void
    ) {
        precondition(
            input.count == architecture.rank.axes + 1 && input.first == BackboneArchitecture.inputChannels,
            "a backbone of rank \(architecture.rank.rawValue) takes an input of \(BackboneArchitecture.inputChannels) channels and "
                + "\(architecture.rank.axes) axes, not \(input)")
        /// Visits the layers, each fed by the one before, and returns the last size.
        func visit(_ layers: [PlannedLayer], prefix: String = "", from size: [Int]) -> [Int] {
            var size = size
            var splitSize: [Int]?
            for layer in layers {
                // The 3×3 convolutions of a Res2Net's splits stand side by side.
                let isSplit = layer.name.hasPrefix("convs.")
                if isSplit, splitSize == nil { splitSize = size }
                let outputSize = layer.outputSize(of: isSplit ? splitSize ?? size : size)
                body(prefix, layer, outputSize)
                if !outputSize.isEmpty { size = outputSize }
            }
            return size
        }
        var size = visit(stem, from: Array(input.dropFirst()))
        for stage in stages {
            size = visit(stage.transition, from: size)
            for block in stage.blocks {
                let prefix = block.name + "."
                let blockInput = size
                size = visit(block.branch, prefix: prefix, from: blockInput)
                _ = visit(block.projection, prefix: prefix, from: blockInput)
                _ = visit(block.additions, prefix: prefix, from: size)
            }
        }
        _ = visit([lastNorm, classifier].compactMap { $0 }, from: size)
    }

    /// Multiply-adds of convolutions and linear layers for one image `[channels, height, width]` or clip
    /// `[channels, frames, height, width]`. Traps like ``layers(input:)``.
    public func multiplyAdds(input: [Int]) -> Int {
        var sum = 0
        visitLayers(input: input) { sum += $1.multiplyAdds(outputSize: $2) }
        return sum
    }
}
