import Support

extension ArchitectureAxis {
    /// The name that a person types, such as `inner_shortcut`.
    public var name: String { snakeCase(rawValue) }

    /// What the axis decides, in one line.
    public var meaning: String {
        switch self {
        case .rank: "images or clips; changing it also changes the stem to one of the new kind"
        case .stem: "the layers in front of the first stage"
        case .branch: "F(x), the layers of a block: their kernels and widths"
        case .order: "where norms and ReLUs stand in a block"
        case .shortcut: "h(x), what is added to F(x) in every block but the first of a stage"
        case .innerShortcut: "what is added around the 3×3 of blocks whose stride is 1"
        case .innerGroupNorm: "a group norm after each of the two ReLUs inside F"
        case .projection: "how a stage's first block brings x to the shape of F(x)"
        case .normalization: "the norm after the convolutions"
        case .attention: "how F(x) is weighted before the addition"
        case .depths: "blocks of each stage"
        case .planes: "the base width of each stage"
        case .groups: "groups of the 3×3 convolutions of each stage"
        case .stemWidth: "channels of the stem"
        case .stageStrides: "stride of each stage's first block in height and width; default: 2, or 1 after a pooling"
        case .temporalStrides: "stride of each stage's first block in time, for clips"
        case .shortcutGroups: "groups of the group norms in RG and dense shortcuts"
        case .dropout: "probability of the dropout before the classifier"
        case .classes: "outputs of the classifier; none leaves it out"
        }
    }

    /// The values that can be written for the axis: words with their optional parts in brackets, or the form of numbers.
    public var values: [String] {
        switch self {
        case .rank: Rank.forms
        case .stem: Stem.forms
        case .branch: Branch.forms
        case .order: BlockOrder.forms
        case .shortcut: Shortcut.forms
        case .innerShortcut: InnerShortcut.forms
        case .innerGroupNorm: Bool.forms
        case .projection: Projection.forms
        case .normalization: Normalization.forms
        case .attention: Attention.forms
        case .depths, .planes, .groups, .temporalStrides: [Int].forms
        case .stageStrides: ["default"] + [Int].forms
        case .stemWidth, .shortcutGroups: Int.forms
        case .dropout: Double.forms
        case .classes: ["none"] + Int.forms
        }
    }

    /// The axis with a name.
    ///
    /// - Throws: ``ArchitectureTextError`` with the nearest name.
    public init(named name: String) throws(ArchitectureTextError) {
        guard let axis = Self.allCases.first(where: { $0.name == name }) else {
            let names = Self.allCases.map(\.name)
            let nearest = nearestName(to: name, among: names, within: max(2, name.count / 3))
            throw ArchitectureTextError(
                "no axis is called \"\(name)\"; "
                    + (nearest.map { "did you mean \"\($0)\"?" } ?? "the axes are \(names.joined(separator: ", "))"))
        }
        self = axis
    }
}

/// The error that a text describes no architecture: what is wrong with it, and what would be right.
public struct ArchitectureTextError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong with the text, and what would be right.
    public let description: String

    init(_ description: String) { self.description = description }
}

extension BackboneArchitecture {
    /// The architecture of a text: a name that `vertebra models` lists and, after a colon, the axes that differ, as in
    /// `iresnet50:shortcut=dense,planes=32/64/128/256`.
    ///
    /// - Throws: `UnknownModel` for an unknown name, `ArchitectureTextError` for an unknown axis or value, and
    ///   `ArchitectureError` for axes that together describe no network.
    public init(text: String) throws {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let base = try Catalogue.architecture(named: parts[0])
        guard parts.count == 2 else {
            self = base
            return
        }
        let settings = try parts[1].split(separator: ",", omittingEmptySubsequences: false).map {
            let pair = $0.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard pair.count == 2 else {
                throw ArchitectureTextError(
                    "\"\($0)\" is not axis=value; write an architecture as \(parts[0]):shortcut=dense,stem=cifar")
            }
            return (axis: try ArchitectureAxis(named: pair[0]), value: pair[1])
        }
        self = try base.with(settings)
    }

    /// A copy with other values on some axes, each written as a person types it: `dense/residuals`, `3/4/6/3`.
    ///
    /// A change of rank is applied first. It replaces the stem by its counterpart of the other rank, which a value for the
    /// stem can replace in turn.
    ///
    /// - Throws: `ArchitectureTextError` for an unknown value or an axis that is set twice, and `ArchitectureError` for axes
    ///   that together describe no network.
    public func with(_ settings: [(axis: ArchitectureAxis, value: String)]) throws -> BackboneArchitecture {
        var copy = self
        var seen: Set<ArchitectureAxis> = []
        for axis in settings.map(\.axis) where !seen.insert(axis).inserted {
            throw ArchitectureTextError("\(axis.name) is set twice")
        }
        for setting in settings where setting.axis == .rank { try copy.set(setting.axis, to: setting.value) }
        for setting in settings where setting.axis != .rank { try copy.set(setting.axis, to: setting.value) }
        try copy.validate()
        return copy
    }

    /// Sets one axis without checking it against the others.
    mutating func set(_ axis: ArchitectureAxis, to text: String) throws(ArchitectureTextError) {
        switch axis {
        case .rank:
            let old = rank
            try read(text, axis, &rank)
            if rank != old { stem = stem.counterpart }
        case .stem: try read(text, axis, &stem)
        case .branch: try read(text, axis, &branch)
        case .order: try read(text, axis, &order)
        case .shortcut: try read(text, axis, &shortcut)
        case .innerShortcut: try read(text, axis, &innerShortcut)
        case .innerGroupNorm: try read(text, axis, &innerGroupNorm)
        case .projection: try read(text, axis, &projection)
        case .normalization: try read(text, axis, &normalization)
        case .attention: try read(text, axis, &attention)
        case .depths: try read(text, axis, &depths)
        case .planes: try read(text, axis, &planes)
        case .groups: try read(text, axis, &groups)
        case .stemWidth: try read(text, axis, &stemWidth)
        case .stageStrides: try read(text, axis, &stageStrides, absent: "default")
        case .temporalStrides: try read(text, axis, &temporalStrides)
        case .shortcutGroups: try read(text, axis, &shortcutGroups)
        case .dropout: try read(text, axis, &dropout)
        case .classes: try read(text, axis, &classes, absent: "none")
        }
    }

    /// The value on an axis as text that `with` reads.
    public func text(of axis: ArchitectureAxis) -> String {
        switch axis {
        case .rank: rank.text
        case .stem: stem.text
        case .branch: branch.text
        case .order: order.text
        case .shortcut: shortcut.text
        case .innerShortcut: innerShortcut.text
        case .innerGroupNorm: innerGroupNorm.text
        case .projection: projection.text
        case .normalization: normalization.text
        case .attention: attention.text
        case .depths: depths.text
        case .planes: planes.text
        case .groups: groups.text
        case .stemWidth: stemWidth.text
        case .stageStrides: stageStrides?.text ?? "default"
        case .temporalStrides: temporalStrides.text
        case .shortcutGroups: shortcutGroups.text
        case .dropout: dropout.text
        case .classes: classes?.text ?? "none"
        }
    }

    private func read<Value: AxisValue>(
        _ text: String, _ axis: ArchitectureAxis, _ value: inout Value
    ) throws(ArchitectureTextError) {
        value = try parsed(text, axis)
    }

    /// A value that may be absent, which is written `absent`.
    private func read<Value: AxisValue>(
        _ text: String, _ axis: ArchitectureAxis, _ value: inout Value?, absent: String
    ) throws(ArchitectureTextError) {
        value = text == absent ? nil : try parsed(text, axis, beside: [absent])
    }

    /// A value from its text.
    ///
    /// - Parameter others: What else may be written there, for the nearest name of an error.
    private func parsed<Value: AxisValue>(
        _ text: String, _ axis: ArchitectureAxis, beside others: [String] = []
    ) throws(ArchitectureTextError) -> Value {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if let found = Value(parts: parts) { return found }
        let name = parts[0], known = Value.names + others
        let nearest = known.contains(name) ? nil : nearestName(to: name, among: known, within: max(2, name.count / 3))
        throw ArchitectureTextError(
            "\"\(text)\" is not a value of \(axis.name); " + (nearest.map { "did you mean \"\($0)\"? It " } ?? "it ")
                + "can be \(axis.values.joined(separator: ", "))")
    }
}

extension Stem {
    /// The stem of the other rank: `video` for `imagenet` and the reverse. A CIFAR stem has no counterpart and stays.
    var counterpart: Stem {
        switch self {
        case .imagenet: .video
        case .imagenetWithoutPool: .videoWithoutPool
        case .video: .imagenet
        case .videoWithoutPool: .imagenetWithoutPool
        case .cifar: .cifar
        }
    }
}
