extension BackboneArchitecture {
    /// Channels of the input: red, green, blue.
    public static let inputChannels = 3

    /// Plans every layer of the network.
    ///
    /// - Parameter stageCount: number of stages to plan; if stages are left out, so are last norm and classifier. Nil plans
    ///   all.
    /// - Throws: ``ArchitectureError`` if the axes describe no network.
    public func plan(stageCount: Int? = nil) throws(ArchitectureError) -> BackbonePlan {
        try validate()
        let stageCount = stageCount ?? depths.count
        guard (1...depths.count).contains(stageCount) else {
            throw ArchitectureError(
                .depths, "there are \(depths.count) stages, so \(stageCount) of them can't be planned")
        }
        var stages: [PlannedStage] = []
        var inputs = stemWidth
        var stride = stem == .cifar ? 1 : stem.hasPool ? 4 : 2
        var temporalStride = 1
        for stage in 0..<stageCount {
            stride *= self.stride(ofStage: stage)
            if rank == .video { temporalStride *= temporalStrides[stage] }
            let transition = planTransition(to: stage, inputs: inputs)
            inputs = transition.last?.outputs ?? inputs
            let blocks = (0..<depths[stage]).map { index in
                let block =
                    concatenation == nil
                    ? planBlock(stage: stage, index: index, inputs: inputs)
                    : planDenseLayer(stage: stage, index: index, inputs: inputs)
                inputs = block.outputs
                return block
            }
            let name = stageName(stage)
            stages.append(
                PlannedStage(
                    name: name, scope: concatenation == nil ? name : Self.denseScope, transition: transition,
                    channels: inputs, stride: stride, temporalStride: temporalStride, blocks: blocks))
        }
        let isWhole = stageCount == depths.count
        return BackbonePlan(
            architecture: self, stem: concatenation == nil ? planStem() : planDenseStem(), stages: stages,
            lastNorm: isWhole && order == .preActivation ? norm(lastNormName, inputs) : nil,
            classifier: isWhole ? classes.map { PlannedLayer(classifierName, .linear, inputs, $0) } : nil)
    }

    private func stageName(_ stage: Int) -> String {
        concatenation == nil ? "layer\(stage + 1)" : "denseblock\(stage + 1)"
    }

    private var lastNormName: String { concatenation == nil ? "bn_last" : Self.denseScope + ".norm5" }

    /// The name of the classifier layer, even if there is none: `fc`, or `classifier` of a DenseNet.
    public var classifierName: String { concatenation == nil ? "fc" : "classifier" }

    func planStem() -> [PlannedLayer] {
        let kernelSize: [Int]
        let stride: [Int]
        switch stem {
        case .imagenet, .imagenetWithoutPool: (kernelSize, stride) = ([7, 7], [2, 2])
        case .cifar: (kernelSize, stride) = ([3, 3], [1, 1])
        case .video, .videoWithoutPool: (kernelSize, stride) = ([5, 7, 7], [1, 2, 2])
        }
        let convolution = PlannedLayer.Kind.convolution(
            kernelSize: kernelSize, stride: stride, padding: kernelSize.map { $0 / 2 }, groups: 1)
        var layers = [
            PlannedLayer("conv1", convolution, Self.inputChannels, stemWidth), norm("bn1", stemWidth),
        ]
        if stem.hasPool {
            let pool: PlannedLayer.Kind =
                rank == .image
                ? .maxPool(kernelSize: [3, 3], stride: [2, 2], padding: [1, 1])
                : .maxPool(kernelSize: [1, 3, 3], stride: [1, 2, 2], padding: [0, 1, 1])
            layers.append(PlannedLayer("maxpool", pool, stemWidth, stemWidth))
        }
        return layers
    }

    private func planBlock(stage: Int, index: Int, inputs: Int) -> PlannedBlock {
        let position: PlannedBlock.Position = index == 0 ? .start : index == depths[stage] - 1 ? .end : .middle
        let spatial = index == 0 ? self.stride(ofStage: stage) : 1
        let stride =
            rank == .image ? [spatial, spatial] : [index == 0 ? temporalStrides[stage] : 1, spatial, spatial]
        let middle = branch.middle(planes: planes[stage])
        let outputs = branch.outputs(planes: planes[stage])
        return PlannedBlock(
            name: "layer\(stage + 1).\(index)", index: index, position: position, inputs: inputs, middle: middle,
            outputs: outputs, stride: stride,
            branch: planBranch(position, index, inputs, middle, outputs, stride, groups[stage]),
            projection: position == .start ? planProjection(inputs, outputs, stride) : [],
            additions: planAdditions(position, index, middle, outputs, stride))
    }

    private func planBranch(
        _ position: PlannedBlock.Position, _ index: Int, _ inputs: Int, _ middle: Int, _ outputs: Int, _ stride: [Int],
        _ groups: Int
    ) -> [PlannedLayer] {
        let convolutions: [PlannedLayer]
        switch branch {
        case .basic:
            convolutions = [
                convolution("conv1", inputs, outputs, kernel: 3, stride: stride),
                convolution("conv2", outputs, outputs, kernel: 3),
            ]
        case .bottleneck, .wideGroup:
            convolutions = [
                convolution("conv1", inputs, middle, kernel: 1),
                convolution("conv2", middle, middle, kernel: 3, stride: stride, groups: groups),
                convolution("conv3", middle, outputs, kernel: 1),
            ]
        case .res2Net(let scale, _):
            let width = middle / scale
            var layers = [convolution("conv1", inputs, middle, kernel: 1), norm("bn1", middle)]
            for split in 0..<(scale - 1) {
                layers.append(convolution("convs.\(split)", width, width, kernel: 3, stride: stride, groups: groups))
                layers.append(norm("bns.\(split)", width))
            }
            layers.append(convolution("conv3", middle, outputs, kernel: 1))
            if hasFinalNorm(position) { layers.append(norm("bn3", outputs)) }
            return hasFirstNorm(index) ? [norm("bn0", inputs)] + layers : layers
        }
        var layers = hasFirstNorm(index) ? [norm("bn0", inputs)] : []
        for (number, convolution) in convolutions.enumerated() {
            let name = "bn\(number + 1)"
            let isLast = number == convolutions.count - 1
            if order == .preActivation {
                layers += [norm(name, convolution.inputs), convolution]
            } else {
                layers.append(convolution)
                if !isLast || hasFinalNorm(position) { layers.append(norm(name, convolution.outputs)) }
            }
        }
        return layers
    }

    /// Whether a block begins with a norm of its own: in the staged order, from the second block after Start on.
    private func hasFirstNorm(_ index: Int) -> Bool {
        if case .staged = order { return index > 1 }
        return false
    }

    /// Whether F's last convolution is followed by a norm: not in a Middle of the staged order.
    private func hasFinalNorm(_ position: PlannedBlock.Position) -> Bool {
        if case .staged = order { return position != .middle }
        return true
    }

    private func planProjection(_ inputs: Int, _ outputs: Int, _ stride: [Int]) -> [PlannedLayer] {
        let strides = stride.contains { $0 != 1 }
        guard shortcut != .none, strides || inputs != outputs else { return [] }
        let one = stride.map { _ in 1 }
        var layers: [(PlannedLayer.Kind, Int, Int)] = []
        func pointwise(_ stride: [Int]) -> PlannedLayer.Kind {
            .convolution(kernelSize: one, stride: stride, padding: stride.map { _ in 0 }, groups: 1)
        }
        let normKind = norm("", outputs).kind
        switch projection {
        case .convolution:
            layers = [(pointwise(stride), inputs, outputs)]
            if order != .preActivation { layers.append((normKind, outputs, outputs)) }
        case .maxPool, .averagePool:
            if strides {
                let pool: PlannedLayer.Kind =
                    projection == .maxPool
                    ? .maxPool(kernelSize: stride.map { _ in 3 }, stride: stride, padding: one)
                    : .averagePool(size: stride, keepsEdges: true)
                layers.append((pool, inputs, inputs))
            }
            if inputs != outputs { layers += [(pointwise(one), inputs, outputs), (normKind, outputs, outputs)] }
        }
        return layers.enumerated().map { PlannedLayer("downsample.\($0)", $1.0, $1.1, $1.2) }
    }

    private func planAdditions(
        _ position: PlannedBlock.Position, _ index: Int, _ middle: Int, _ outputs: Int, _ stride: [Int]
    ) -> [PlannedLayer] {
        var layers: [PlannedLayer] = []
        let groupNorm = PlannedLayer.Kind.groupNorm(groups: shortcutGroups)
        if position != .start {
            switch shortcut {
            case .rg, .identityAndRG, .gs, .rgb: layers.append(PlannedLayer("rg", groupNorm, outputs, outputs))
            case .rbs:
                let kind: PlannedLayer.Kind = normalization == .frozenBatch ? .frozenBatchNorm : .batchNorm
                layers.append(PlannedLayer("rg", kind, outputs, outputs))
            case .dense(_, _, true):
                layers.append(PlannedLayer("ds", .termWeights(terms: index), outputs, outputs))
            case .none, .identity, .dense, .denseIdentity, .concatenation: break
            }
        }
        if stride.allSatisfy({ $0 == 1 }) {
            switch innerShortcut {
            case .none: break
            case .rg: layers.append(PlannedLayer("rg_inner", groupNorm, middle, middle))
            case .weighted: layers.append(PlannedLayer("ds_inner", .termWeights(terms: 1), middle, middle))
            }
        }
        if innerGroupNorm {
            layers += ["gn1", "gn2"].map { PlannedLayer($0, groupNorm, middle, middle) }
        }
        switch attention {
        case .none: break
        case .squeezeExcitation(let reduction):
            layers.append(PlannedLayer("se.fc1", .linear, outputs, outputs / reduction))
            layers.append(PlannedLayer("se.fc2", .linear, outputs / reduction, outputs))
        case .cbam(let reduction):
            layers.append(PlannedLayer("cbam.fc1", .linear, outputs, outputs / reduction))
            layers.append(PlannedLayer("cbam.fc2", .linear, outputs / reduction, outputs))
            layers.append(convolution("cbam.conv", 2, 1, kernel: 7))
            layers.append(PlannedLayer("cbam.bn", .batchNorm, 1, 1))
        }
        return layers
    }

    func convolution(
        _ name: String, _ inputs: Int, _ outputs: Int, kernel: Int, stride: [Int]? = nil, groups: Int = 1
    ) -> PlannedLayer {
        let axes = Array(repeating: 1, count: rank.axes)
        return PlannedLayer(
            name,
            .convolution(
                kernelSize: axes.map { $0 * kernel }, stride: stride ?? axes, padding: axes.map { $0 * (kernel / 2) },
                groups: groups), inputs, outputs)
    }

    func norm(_ name: String, _ channels: Int) -> PlannedLayer {
        switch normalization {
        case .batch, .synchronizedBatch: PlannedLayer(name, .batchNorm, channels, channels)
        case .frozenBatch: PlannedLayer(name, .frozenBatchNorm, channels, channels)
        case .group(let groups): PlannedLayer(name, .groupNorm(groups: groups), channels, channels)
        }
    }
}
