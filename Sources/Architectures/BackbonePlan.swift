/// A block of a stage: its branch F, its projection, and what else it holds.
public struct PlannedBlock: Hashable, Sendable {
    /// The first block of a stage, one in between, or its last; a block that is alone is a start.
    public enum Position: Hashable, Sendable {
        /// The first block of its stage, or the only one.
        case start
        /// A block between the first and the last one.
        case middle
        /// The last block of a stage of two or more.
        case end
    }

    /// `layer2.0`, `features.denseblock2.denselayer1`.
    public let name: String
    /// Its place in the stage, from 0.
    public let index: Int
    /// Its place in the stage.
    public let position: Position
    /// Channels of its input.
    public let inputs: Int
    /// Channels of the 3×3 in the middle.
    public let middle: Int
    /// Channels of its output; with concatenation, its inputs and what it appends to them.
    public let outputs: Int
    /// The branch's strides: height and width, time before them for clips.
    public let stride: [Int]
    /// F's layers, named within the block.
    public let branch: [PlannedLayer]
    /// `downsample.0`, …: empty where the shortcut needs no projection.
    public let projection: [PlannedLayer]
    /// Attention, and what RG and dense shortcuts hold.
    public let additions: [PlannedLayer]

    /// All its layers, in the state dict's order.
    public var layers: [PlannedLayer] { branch + projection + additions }
}

/// All blocks at one resolution.
public struct PlannedStage: Hashable, Sendable {
    /// `layer1`, …; `denseblock1`, … of a DenseNet.
    public let name: String
    /// What the names of all its layers begin with: its own, or `features`, which a DenseNet's stages share.
    public let scope: String
    /// Norm, 1×1 and pooling in front of its first block, with their full names. Empty but in a DenseNet from the second
    /// stage on.
    public let transition: [PlannedLayer]
    /// Channels of its output, which is its last block's; a DenseNet's is everything concatenated, before the norm of
    /// the transition that follows.
    public let channels: Int
    /// How many pixels of the input's height or width one of its output stands for.
    public let stride: Int
    /// How many frames of a clip one of its output stands for; 1 for images.
    public let temporalStride: Int
    /// Its blocks, first to last.
    public let blocks: [PlannedBlock]
}

/// A layer of a plan at a given input.
public struct SizedLayer: Hashable, Sendable {
    /// The layer, with its full name.
    public let layer: PlannedLayer
    /// Height and width of its output, time before them for clips; empty for a vector.
    public let outputSize: [Int]
    /// Multiplications with a following addition for one image or clip.
    public let multiplyAdds: Int
}

/// What an architecture comes to: every layer with its name and shape, before anything is allocated.
public struct BackbonePlan: Hashable, Sendable {
    /// What was planned.
    public let architecture: BackboneArchitecture
    /// `conv1`, `bn1` and the pooling; of a DenseNet `features.conv0`, and but on CIFAR `features.norm0` and the pooling.
    public let stem: [PlannedLayer]
    /// First to last; all of the architecture's, or as many as were asked for.
    public let stages: [PlannedStage]
    /// `bn_last`, behind the last stage of the pre-activation order; `features.norm5` of a DenseNet.
    public let lastNorm: PlannedLayer?
    /// `fc`; `classifier` of a DenseNet.
    public let classifier: PlannedLayer?

    /// Every layer, in the state dict's order, with its full name.
    public var layers: [PlannedLayer] {
        stem
            + stages.flatMap { stage in
                stage.transition + stage.blocks.flatMap { block in block.layers.map { $0.named(block.name + ".") } }
            } + [lastNorm, classifier].compactMap { $0 }
    }

    /// The state dict, in order.
    public var tensors: [PlannedTensor] { layers.flatMap(\.tensors) }

    /// How many numbers training changes.
    public var parameterCount: Int { layers.reduce(0) { $0 + $1.parameterCount } }

    /// Every layer at an input of `[channels, height, width]`, or `[channels, frames, height, width]` for clips.
    ///
    /// Traps where the input's axes aren't the architecture's or it isn't made of three channels.
    public func layers(input: [Int]) -> [SizedLayer] {
        precondition(
            input.count == architecture.rank.axes + 1 && input.first == BackboneArchitecture.inputChannels,
            "a backbone of rank \(architecture.rank.rawValue) takes an input of \(BackboneArchitecture.inputChannels) channels and "
                + "\(architecture.rank.axes) axes, not \(input)")
        var result: [SizedLayer] = []
        /// Adds the layers, each fed by the one before; gives the last size.
        func append(_ layers: [PlannedLayer], prefix: String = "", from size: [Int]) -> [Int] {
            var size = size
            var splitSize: [Int]?
            for layer in layers {
                // The 3×3 convolutions of a Res2Net's splits stand side by side.
                let isSplit = layer.name.hasPrefix("convs.")
                if isSplit, splitSize == nil { splitSize = size }
                let outputSize = layer.outputSize(of: isSplit ? splitSize ?? size : size)
                result.append(
                    SizedLayer(
                        layer: layer.named(prefix), outputSize: outputSize,
                        multiplyAdds: layer.multiplyAdds(outputSize: outputSize)))
                if !outputSize.isEmpty { size = outputSize }
            }
            return size
        }
        var size = append(stem, from: Array(input.dropFirst()))
        for stage in stages {
            size = append(stage.transition, from: size)
            for block in stage.blocks {
                let prefix = block.name + "."
                let blockInput = size
                size = append(block.branch, prefix: prefix, from: blockInput)
                _ = append(block.projection, prefix: prefix, from: blockInput)
                _ = append(block.additions, prefix: prefix, from: size)
            }
        }
        _ = append([lastNorm, classifier].compactMap { $0 }, from: size)
        return result
    }

    /// Multiplications with a following addition in convolutions and linear layers, for one image of
    /// `[channels, height, width]` or clip of `[channels, frames, height, width]`. Traps as ``layers(input:)``.
    public func multiplyAdds(input: [Int]) -> Int {
        layers(input: input).reduce(0) { $0 + $1.multiplyAdds }
    }
}
