/// DenseNet: dense blocks with transitions between them, named as torchvision names them (Huang et al., 2017, section 3).
extension BackboneArchitecture {
    /// The prefix of all layer names except the classifier's.
    static let denseScope = "features"

    /// The values of the shortcut `concatenation`; nil unless the network is a DenseNet.
    var concatenation: (growth: Int, compression: Double)? {
        guard case .concatenation(let growth, let compression) = shortcut else { return nil }
        return (growth, compression)
    }

    /// Channels after a transition from `channels` channels.
    func compressed(_ channels: Int) -> Int { Int(Double(channels) * (concatenation?.compression ?? 1)) }

    /// The stem, which is that of other networks under DenseNet's names. On CIFAR it is only a convolution, because the first
    /// layer begins with a norm.
    func planDenseStem() -> [PlannedLayer] {
        let names = ["conv1": "conv0", "bn1": "norm0", "maxpool": "pool0"]
        return (stem == .cifar ? Array(planStem().prefix(1)) : planStem()).map {
            PlannedLayer("\(Self.denseScope).\(names[$0.name] ?? $0.name)", $0.kind, $0.inputs, $0.outputs)
        }
    }

    /// The layers from dense block `stage` − 1 to the next, with full names: norm, 1×1, and pooling if it strides. Empty
    /// before the first block and without concatenation.
    func planTransition(to stage: Int, inputs: Int) -> [PlannedLayer] {
        guard concatenation != nil, stage > 0 else { return [] }
        let outputs = compressed(inputs)
        let stride = stride(ofDenseBlock: stage)
        var layers = [norm("norm", inputs), convolution("conv", inputs, outputs, kernel: 1)]
        if stride.contains(where: { $0 != 1 }) {
            layers.append(PlannedLayer("pool", .averagePool(size: stride, keepsEdges: false), outputs, outputs))
        }
        return layers.map { $0.named("\(Self.denseScope).transition\(stage).") }
    }

    /// Layer `index` of dense block `stage`, with `growth` channels: norm, 1×1, norm, 3×3, or norm, 3×3 of a basic branch.
    func planDenseLayer(stage: Int, index: Int, inputs: Int) -> PlannedBlock {
        let growth = concatenation?.growth ?? 0
        let middle = branch.hasMiddle ? branch.middle(planes: planes[stage]) : growth
        let layers =
            branch.hasMiddle
            ? [
                norm("norm1", inputs), convolution("conv1", inputs, middle, kernel: 1), norm("norm2", middle),
                convolution("conv2", middle, growth, kernel: 3),
            ]
            : [norm("norm1", inputs), convolution("conv1", inputs, growth, kernel: 3)]
        return PlannedBlock(
            name: "\(Self.denseScope).denseblock\(stage + 1).denselayer\(index + 1)", index: index,
            position: index == 0 ? .start : index == depths[stage] - 1 ? .end : .middle, inputs: inputs, middle: middle,
            outputs: inputs + growth, stride: Array(repeating: 1, count: rank.axes), branch: layers, projection: [],
            additions: [])
    }

    /// The stride of a dense block's transition: (time,) height, width.
    private func stride(ofDenseBlock stage: Int) -> [Int] {
        let spatial = stride(ofStage: stage)
        return rank == .image ? [spatial, spatial] : [temporalStrides[stage], spatial, spatial]
    }

    /// Throws the first reason why concatenation has no meaning with the other axes.
    func validateConcatenation() throws(ArchitectureError) {
        guard let concatenation else { return }
        func refuse(_ axis: ArchitectureAxis, _ reason: String) -> ArchitectureError {
            ArchitectureError(axis, "\(reason) when the shortcut is concatenation")
        }
        guard (1...65_536).contains(concatenation.growth) else {
            throw ArchitectureError(
                .shortcut, "a growth of \(concatenation.growth) appends nothing, or too much; take 1 to 65536")
        }
        guard concatenation.compression > 0, concatenation.compression <= 1 else {
            throw ArchitectureError(
                .shortcut, "a compression of \(concatenation.compression) is not a share; take one above 0, up to 1")
        }
        guard order == .preActivation else {
            throw refuse(.order, "each layer begins with a norm and a ReLU, so it is preActivation")
        }
        switch branch {
        case .basic, .bottleneck: break
        case .wideGroup, .res2Net: throw refuse(.branch, "a layer is a 3×3 (basic) or 1×1 and 3×3 (bottleneck)")
        }
        guard groups.allSatisfy({ $0 == 1 }) else {
            throw refuse(.groups, "each 3×3 sees all channels, so the groups are 1, not \(groups),")
        }
        guard innerShortcut == .none else {
            throw refuse(.innerShortcut, "there is nothing to add around a 3×3 of another width")
        }
        guard !innerGroupNorm else { throw refuse(.innerGroupNorm, "it has no place") }
        guard attention == .none else {
            throw refuse(.attention, "there is no branch's output to weigh before an addition")
        }
        guard projection == .convolution else {
            throw refuse(.projection, "nothing is projected; leave it at convolution")
        }
        let stride = stride(ofDenseBlock: 0)
        guard stride.allSatisfy({ $0 == 1 }) else {
            let axis: ArchitectureAxis =
                stageStrides != nil ? .stageStrides : stride[1] != 1 ? .stem : .temporalStrides
            throw refuse(axis, "no transition stands before the first stage, so it can't stride by \(stride)")
        }
        try validateDenseWidths(growth: concatenation.growth)
    }

    private func validateDenseWidths(growth: Int) throws(ArchitectureError) {
        func check(_ channels: Int, _ stage: Int) throws(ArchitectureError) {
            guard case .group(let groups) = normalization else { return }
            guard groups > 0, channels.isMultiple(of: groups) else {
                throw ArchitectureError(
                    .normalization,
                    "\(groups) groups don't divide \(channels) channels that concatenation gives in stage \(stage + 1)"
                )
            }
        }
        var channels = stemWidth
        for stage in depths.indices {
            let middle = branch.middle(planes: planes[stage])
            guard !branch.hasMiddle || middle > 0 else {
                throw ArchitectureError(.branch, "stage \(stage + 1)'s 1×1 would have \(middle) channels")
            }
            if stage > 0 {
                try check(channels, stage - 1)
                let rest = compressed(channels)
                guard rest > 0 else {
                    throw ArchitectureError(
                        .shortcut, "compression leaves nothing of stage \(stage)'s \(channels) channels")
                }
                channels = rest
            }
            for _ in 0..<depths[stage] {
                try check(channels, stage)
                if branch.hasMiddle { try check(middle, stage) }
                channels += growth
            }
        }
        try check(channels, depths.count - 1)
    }
}
