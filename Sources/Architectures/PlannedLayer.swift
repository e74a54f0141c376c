/// The name and shape of a tensor in a state dict.
public struct PlannedTensor: Hashable, Sendable {
    /// The tensor's full name, such as `layer1.0.conv1.weight`.
    public let name: String
    /// The tensor's shape; empty for a scalar.
    public let shape: [Int]
    /// Whether training changes it; false for buffers such as running statistics.
    public let isParameter: Bool

    /// Number of its elements.
    public var count: Int { shape.reduce(1, *) }
}

/// One layer of a plan.
public struct PlannedLayer: Hashable, Sendable {
    /// The kind of a layer and its sizes, with one number for each axis of the input ((time,) height, width).
    public enum Kind: Hashable, Sendable {
        /// A convolution without bias, with zero padding.
        case convolution(kernelSize: [Int], stride: [Int], padding: [Int], groups: Int)
        /// Batch norm with an affine.
        case batchNorm
        /// Batch norm with fixed statistics and a fixed affine.
        case frozenBatchNorm
        /// Group norm with an affine.
        case groupNorm(groups: Int)
        /// The maximum of each window.
        case maxPool(kernelSize: [Int], stride: [Int], padding: [Int])
        /// The mean of windows side by side. Positions at the edge that fill no whole window form a smaller one if
        /// `keepsEdges`, and are left out otherwise.
        case averagePool(size: [Int], keepsEdges: Bool)
        /// A linear layer with bias, on one vector per image.
        case linear
        /// A weight for each channel of each term of a sum, `[terms, channels]`.
        case termWeights(terms: Int)
    }

    /// The layer's name within its block, or its full name in `BackbonePlan.layers`.
    public let name: String
    /// The kind of layer.
    public let kind: Kind
    /// Channels of its input.
    public let inputs: Int
    /// Channels of its output.
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

    /// The layer's tensors, in the state dict's order.
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

    /// Number of its trainable parameters.
    public var parameterCount: Int {
        // As `tensors` has them, without making their names: the catalogue's networks have a hundred thousand layers.
        switch kind {
        case .convolution(let kernelSize, _, _, let groups): kernelSize.reduce(outputs * (inputs / groups), *)
        case .batchNorm, .groupNorm: 2 * outputs
        case .linear: (inputs + 1) * outputs
        case .termWeights(let terms): terms * outputs
        case .frozenBatchNorm, .maxPool, .averagePool: 0
        }
    }

    /// The size of its output, (time,) height, width, for an input of `size`.
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

    /// Multiply-adds of a convolution or linear layer for one image or clip; 0 for other layers, as papers count.
    public func multiplyAdds(outputSize: [Int]) -> Int {
        switch kind {
        case .convolution(let kernelSize, _, _, let groups):
            return outputSize.reduce(1, *) * outputs * (inputs / groups) * kernelSize.reduce(1, *)
        case .linear: return inputs * outputs
        default: return 0
        }
    }
}
