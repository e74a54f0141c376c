/// A tensor of a state dict: what it is called and its shape.
public struct PlannedTensor: Hashable, Sendable {
    /// Its full name: `layer1.0.conv1.weight`.
    public let name: String
    /// Empty for a scalar.
    public let shape: [Int]
    /// Whether training changes it; buffers (running statistics) are not.
    public let isParameter: Bool

    /// How many numbers it holds.
    public var count: Int { shape.reduce(1, *) }
}

/// One layer of a plan.
public struct PlannedLayer: Hashable, Sendable {
    /// What a layer does, and its sizes, with one number for each axis of the input (time, height, width).
    public enum Kind: Hashable, Sendable {
        /// A convolution without bias, with zeros around its input.
        case convolution(kernelSize: [Int], stride: [Int], padding: [Int], groups: Int)
        /// Batch norm with an affine.
        case batchNorm
        /// Batch norm by fixed statistics and a fixed affine.
        case frozenBatchNorm
        /// Group norm with an affine.
        case groupNorm(groups: Int)
        /// The maximum of each window.
        case maxPool(kernelSize: [Int], stride: [Int], padding: [Int])
        /// The mean of windows side by side. Those at the edge may be smaller, so that every position is in one; or what fills no
        /// whole window is left out.
        case averagePool(size: [Int], keepsEdges: Bool)
        /// A linear layer with bias, on one vector per image.
        case linear
        /// A weight per channel for each of some terms, `[terms, channels]`.
        case termWeights(terms: Int)
    }

    /// Its name within its block, or the full one where `BackbonePlan.layers` gives it.
    public let name: String
    /// What it does.
    public let kind: Kind
    /// Channels in.
    public let inputs: Int
    /// Channels out.
    public let outputs: Int

    init(_ name: String, _ kind: Kind, _ inputs: Int, _ outputs: Int) {
        self.name = name
        self.kind = kind
        self.inputs = inputs
        self.outputs = outputs
    }

    func named(_ prefix: String) -> PlannedLayer {
        PlannedLayer(prefix + name, kind, inputs, outputs)
    }

    /// What it adds to the state dict, in order.
    public var tensors: [PlannedTensor] {
        func parameter(_ suffix: String, _ shape: [Int]) -> PlannedTensor {
            PlannedTensor(name: "\(name).\(suffix)", shape: shape, isParameter: true)
        }
        func buffer(_ suffix: String, _ shape: [Int]) -> PlannedTensor {
            PlannedTensor(name: "\(name).\(suffix)", shape: shape, isParameter: false)
        }
        switch kind {
        case .convolution(let kernelSize, _, _, let groups):
            return [parameter("weight", [outputs, inputs / groups] + kernelSize)]
        case .batchNorm:
            return [
                parameter("weight", [outputs]), parameter("bias", [outputs]), buffer("running_mean", [outputs]),
                buffer("running_var", [outputs]), buffer("num_batches_tracked", []),
            ]
        case .frozenBatchNorm:
            return ["weight", "bias", "running_mean", "running_var"].map { buffer($0, [outputs]) }
        case .groupNorm: return [parameter("weight", [outputs]), parameter("bias", [outputs])]
        case .maxPool, .averagePool: return []
        case .linear: return [parameter("weight", [outputs, inputs]), parameter("bias", [outputs])]
        case .termWeights(let terms): return [parameter("weight", [terms, outputs])]
        }
    }

    /// How many numbers training changes in it.
    public var parameterCount: Int {
        tensors.reduce(0) { $0 + ($1.isParameter ? $1.count : 0) }
    }

    /// The size (height and width, with time before them for clips) that it makes of `size`.
    public func outputSize(of size: [Int]) -> [Int] {
        func windows(_ kernelSize: [Int], _ stride: [Int], _ padding: [Int]) -> [Int] {
            size.indices.map { (size[$0] + 2 * padding[$0] - kernelSize[$0]) / stride[$0] + 1 }
        }
        switch kind {
        case .convolution(let kernelSize, let stride, let padding, _),
            .maxPool(let kernelSize, let stride, let padding):
            return windows(kernelSize, stride, padding)
        case .averagePool(let window, let keepsEdges):
            return size.indices.map { (size[$0] + (keepsEdges ? window[$0] - 1 : 0)) / window[$0] }
        case .linear: return []
        case .batchNorm, .frozenBatchNorm, .groupNorm, .termWeights: return size
        }
    }

    /// Multiplications with a following addition that one image takes in a convolution or a linear layer; 0 in others, as
    /// papers count.
    public func multiplyAdds(outputSize: [Int]) -> Int {
        switch kind {
        case .convolution(let kernelSize, _, _, let groups):
            return outputSize.reduce(1, *) * outputs * (inputs / groups) * kernelSize.reduce(1, *)
        case .linear: return inputs * outputs
        default: return 0
        }
    }
}
