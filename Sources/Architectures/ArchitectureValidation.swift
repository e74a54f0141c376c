extension BackboneArchitecture {
    /// Throws the first reason why these axes together describe no network.
    func validate() throws(ArchitectureError) {
        try validateNumbers()
        try validateStructure()
        guard concatenation == nil else { return try validateConcatenation() }
        try validateShortcuts()
        try validateWidths()
    }

    /// The most channels of a layer before its branch multiplies them. The numbers of weights then fit into an integer.
    private static let mostChannels = 65_536

    private func validateNumbers() throws(ArchitectureError) {
        guard !depths.isEmpty, depths.allSatisfy({ $0 > 0 }) else {
            throw ArchitectureError(.depths, "each stage needs a block, but the depths are \(depths)")
        }
        guard depths.count <= 16, depths.allSatisfy({ $0 <= 10_000 }) else {
            throw ArchitectureError(.depths, "there can be 16 stages of 10000 blocks, but the depths are \(depths)")
        }
        func check(_ values: [Int], _ axis: ArchitectureAxis) throws(ArchitectureError) {
            guard values.count == depths.count, values.allSatisfy({ $0 > 0 && $0 <= Self.mostChannels }) else {
                throw ArchitectureError(
                    axis,
                    "\(values) should be \(depths.count) positive numbers up to \(Self.mostChannels), one for each stage"
                )
            }
        }
        try check(planes, .planes)
        try check(groups, .groups)
        if let stageStrides { try check(stageStrides, .stageStrides) }
        if rank == .video { try check(temporalStrides, .temporalStrides) }
        guard stemWidth > 0, stemWidth <= Self.mostChannels else {
            throw ArchitectureError(.stemWidth, "a stem has 1 to \(Self.mostChannels) channels, not \(stemWidth)")
        }
        guard (0..<1).contains(dropout) else {
            throw ArchitectureError(.dropout, "\(dropout) is not a probability below 1")
        }
        if let classes, !(1...10_000_000).contains(classes) {
            throw ArchitectureError(.classes, "a classifier has 1 to 10000000 classes, not \(classes)")
        }
    }

    private func require(factor: Double) throws(ArchitectureError) {
        guard factor > 0, factor <= 64 else {
            throw ArchitectureError(.branch, "a layer's channels are multiplied by up to 64, not by \(factor)")
        }
    }

    private func validateStructure() throws(ArchitectureError) {
        if case .basic(let expansion) = branch { try require(factor: expansion) }
        if case .bottleneck(let expansion, let middle) = branch {
            try require(factor: expansion)
            try require(factor: middle)
        }
        guard stem.rank == rank else {
            throw ArchitectureError(
                .stem, "the \(stem.rawValue) stem is for \(stem.rank.rawValue)s, the rank is \(rank.rawValue)")
        }
        if case .staged = order, let short = depths.firstIndex(where: { $0 < 2 }) {
            throw ArchitectureError(
                .order, "a staged stage has a Start and an End, but stage \(short + 1) has \(depths[short]) block")
        }
        if case .basic = branch, groups.contains(where: { $0 != 1 }) {
            throw ArchitectureError(
                .groups, "a basic branch has no grouped convolution, so its groups are 1, not \(groups)")
        }
        if case .res2Net(let scale, let baseWidth) = branch {
            guard (2...1024).contains(scale), (1...Self.mostChannels).contains(baseWidth) else {
                throw ArchitectureError(
                    .branch, "a Res2Net splits by 2 or more, into a positive width, not \(scale)×\(baseWidth)")
            }
            if order == .preActivation {
                throw ArchitectureError(
                    .order, "a Res2Net's splits are normalised after their convolutions, not before")
            }
        }
        if projection == .averagePool, rank == .video {
            throw ArchitectureError(
                .projection, "average-pooling is for images; clips project by convolution or max-pooling")
        }
        if projection == .averagePool, depths.indices.contains(where: { ![1, 2].contains(stride(ofStage: $0)) }) {
            throw ArchitectureError(.projection, "2×2 average-pooling strides by 2, but a stage strides by more")
        }
        if case .cbam = attention, rank == .video {
            throw ArchitectureError(
                .attention, "CBAM's map of positions is for images; squeeze-excitation is for clips too")
        }
    }

    private func validateShortcuts() throws(ArchitectureError) {
        if shortcut == .gs || shortcut == .rgb, order != .original {
            throw ArchitectureError(
                .shortcut, "GS and RGB refer to a block's last ReLU, which only the original order has")
        }
        if innerShortcut != .none {
            guard branch.hasMiddle else {
                throw ArchitectureError(
                    .innerShortcut, "it stands around the 3×3 of a bottleneck, which a basic branch lacks")
            }
            if order == .preActivation {
                throw ArchitectureError(
                    .innerShortcut, "it joins a normalised 3×3, which the pre-activation order lacks")
            }
        }
        if innerGroupNorm {
            guard branch.hasMiddle, order != .preActivation else {
                throw ArchitectureError(
                    .innerGroupNorm,
                    "it follows the two ReLUs between a bottleneck's convolutions, not in pre-activation")
            }
        }
        if shortcut == .none, projection != .convolution {
            throw ArchitectureError(.projection, "a plain network has no shortcut to project; leave it at convolution")
        }
    }

    private func validateWidths() throws(ArchitectureError) {
        for stage in depths.indices {
            let middle = branch.middle(planes: planes[stage])
            let outputs = branch.outputs(planes: planes[stage])
            guard middle > 0, outputs > 0 else {
                throw ArchitectureError(.branch, "stage \(stage + 1) would have \(middle) and \(outputs) channels")
            }
            func divide(_ channels: Int, by groups: Int, _ axis: ArchitectureAxis) throws(ArchitectureError) {
                guard groups > 0, channels.isMultiple(of: groups) else {
                    throw ArchitectureError(
                        axis, "\(groups) groups don't divide the \(channels) channels of stage \(stage + 1)")
                }
            }
            if case .res2Net(let scale, _) = branch {
                try divide(middle / scale, by: groups[stage], .groups)
            } else {
                try divide(middle, by: groups[stage], .groups)
            }
            if usesGroupsOnOutputs { try divide(outputs, by: shortcutGroups, .shortcutGroups) }
            if usesGroupsInside { try divide(middle, by: shortcutGroups, .shortcutGroups) }
            if case .group(let groups) = normalization {
                try divide(middle, by: groups, .normalization)
                try divide(outputs, by: groups, .normalization)
                if case .res2Net(let scale, _) = branch { try divide(middle / scale, by: groups, .normalization) }
            }
            switch attention {
            case .none: break
            case .squeezeExcitation(let reduction), .cbam(let reduction):
                guard reduction > 0, outputs >= reduction else {
                    throw ArchitectureError(.attention, "\(outputs) channels can't be reduced by \(reduction)")
                }
            }
        }
        if case .group(let groups) = normalization, groups < 1 || !stemWidth.isMultiple(of: groups) {
            throw ArchitectureError(
                .normalization, "\(groups) groups don't divide the \(stemWidth) channels of the stem")
        }
    }

    private var usesGroupsOnOutputs: Bool {
        switch shortcut {
        case .rg, .identityAndRG, .gs, .rgb, .dense(_, .group, _): true
        case .none, .identity, .rbs, .dense, .denseIdentity, .concatenation: false
        }
    }

    private var usesGroupsInside: Bool {
        innerGroupNorm || innerShortcut == .rg || innerShortcut == .weighted(.group)
    }
}
