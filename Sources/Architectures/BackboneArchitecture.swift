/// A residual network as a value: one setting for every axis of the family.
///
/// `plan()` refuses combinations without a meaning and gives every layer's name and shape; a named network is a line
/// in `Catalogue`.
public struct BackboneArchitecture: Hashable, Sendable {
    public var rank: Rank = .image
    public var stem: Stem = .imagenet
    public var branch: Branch = .bottleneck()
    public var order: BlockOrder = .original
    public var shortcut: Shortcut = .identity
    public var innerShortcut: InnerShortcut = .none
    /// A group norm after each of the two ReLUs inside F: ablation 2GN.
    public var innerGroupNorm = false
    public var projection: Projection = .convolution
    public var normalization: Normalization = .batch
    public var attention: Attention = .none
    /// Blocks of each stage.
    public var depths = [3, 4, 6, 3]
    /// The base width of each stage; with concatenation, of the 1×1 in front of each of its 3×3.
    public var planes = [64, 128, 256, 512]
    /// Groups of the 3×3 convolutions of each stage.
    public var groups = [1, 1, 1, 1]
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
