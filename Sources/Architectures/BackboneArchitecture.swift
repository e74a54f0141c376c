/// A residual network as a value: one setting for every axis of the family.
///
/// `plan()` refuses combinations without a meaning and gives every layer's name and shape; a named network is a line
/// in `Catalogue`.
public struct BackboneArchitecture: Hashable, Sendable {
    /// Images or clips.
    public var rank: Rank = .image
    /// The layers in front of the first stage.
    public var stem: Stem = .imagenet
    /// F, the layers of a block.
    public var branch: Branch = .bottleneck()
    /// Where the norms and ReLUs of a block stand.
    public var order: BlockOrder = .original
    /// h, what a block adds to F.
    public var shortcut: Shortcut = .identity
    /// What a bottleneck adds around its 3×3.
    public var innerShortcut: InnerShortcut = .none
    /// A group norm after each of the two ReLUs inside F: ablation 2GN.
    public var innerGroupNorm = false
    /// How the first block of a stage brings x to the shape of F(x).
    public var projection: Projection = .convolution
    /// The norm of every convolution.
    public var normalization: Normalization = .batch
    /// What weighs F(x) before the addition.
    public var attention: Attention = .none
    /// Blocks in each stage.
    public var depths = [3, 4, 6, 3]
    /// The base width of each stage in channels. With concatenation, the width of the 1×1 in front of each 3×3.
    public var planes = [64, 128, 256, 512]
    /// Groups of the 3×3 convolutions of each stage.
    public var groups = [1, 1, 1, 1]
    /// Channels of the stem's output.
    public var stemWidth = 64
    /// Stride in height and width of each stage's first block. Nil: 2, but 1 for stage 1 behind a stem with a pooling
    /// or a CIFAR stem.
    public var stageStrides: [Int]?
    /// Stride in time of each stage's first block, for clips.
    public var temporalStrides = [1, 1, 2, 2]
    /// Groups of the group norms in RG and dense shortcuts.
    public var shortcutGroups = 32
    /// Probability of the dropout before the classifier.
    public var dropout = 0.0
    /// Nil leaves the classifier out.
    public var classes: Int? = 1000

    /// ResNet-50 with a classifier of 1000 classes, to be changed axis by axis.
    public init() {}

    /// A copy with some axes changed.
    public func with(_ change: (inout BackboneArchitecture) -> Void) -> BackboneArchitecture {
        var copy = self
        change(&copy)
        return copy
    }

    /// Stride in height and width of stage `index`'s first block.
    public func stride(ofStage index: Int) -> Int {
        if let stageStrides { return stageStrides[index] }
        return index == 0 && (stem.hasPool || stem == .cifar) ? 1 : 2
    }
}

extension BackboneArchitecture: Codable {
    private enum CodingKeys: String, CodingKey {
        case rank, stem, branch, order, shortcut, innerShortcut, innerGroupNorm, projection, normalization, attention
        case depths, planes, groups, stemWidth, stageStrides, temporalStrides, shortcutGroups, dropout, classes
    }

    /// Axes that are left out keep their defaults; an architecture without `classes` has no classifier.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ key: CodingKeys, into axis: inout Value) throws {
            if let value = try values.decodeIfPresent(Value.self, forKey: key) { axis = value }
        }
        try read(.rank, into: &rank)
        try read(.stem, into: &stem)
        try read(.branch, into: &branch)
        try read(.order, into: &order)
        try read(.shortcut, into: &shortcut)
        try read(.innerShortcut, into: &innerShortcut)
        try read(.innerGroupNorm, into: &innerGroupNorm)
        try read(.projection, into: &projection)
        try read(.normalization, into: &normalization)
        try read(.attention, into: &attention)
        try read(.depths, into: &depths)
        try read(.planes, into: &planes)
        try read(.groups, into: &groups)
        try read(.stemWidth, into: &stemWidth)
        stageStrides = try values.decodeIfPresent([Int].self, forKey: .stageStrides)
        try read(.temporalStrides, into: &temporalStrides)
        try read(.shortcutGroups, into: &shortcutGroups)
        try read(.dropout, into: &dropout)
        classes = try values.decodeIfPresent(Int.self, forKey: .classes)
    }
}
