/// A residual network as a value: one setting for every axis of the family.
///
/// `plan()` refuses combinations without a meaning and returns every layer with its name and shape. A named network is a
/// line in `Catalogue`.
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
    /// The weighting of F(x) before the addition.
    public var attention: Attention = .none
    /// Blocks in each stage.
    public var depths = [3, 4, 6, 3]
    /// The base width of each stage in channels. With concatenation, the width of the 1×1 in front of each 3×3.
    public var planes = [64, 128, 256, 512]
    /// Groups of the 3×3 convolutions of each stage.
    public var groups = [1, 1, 1, 1]
    /// Channels of the stem's output.
    public var stemWidth = 64
    /// Stride in height and width of each stage's first block. Nil: 2, but 1 for stage 1 after a stem with a pooling or
    /// a CIFAR stem.
    public var stageStrides: [Int]?
    /// Stride in time of each stage's first block, for clips.
    public var temporalStrides = [1, 1, 2, 2]
    /// Groups of the group norms in RG and dense shortcuts.
    public var shortcutGroups = 32
    /// Probability of the dropout before the classifier.
    public var dropout = 0.0
    /// Number of the classifier's classes; nil leaves the classifier out.
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

/// As JSON, an architecture is an object with its axes by name: words as ``text(of:)`` writes them, numbers as numbers.
extension BackboneArchitecture: Codable {
    private struct Key: CodingKey {
        let axis: ArchitectureAxis
        var stringValue: String { axis.name }
        var intValue: Int? { nil }

        init(_ axis: ArchitectureAxis) { self.axis = axis }
        init?(stringValue: String) {
            guard let axis = ArchitectureAxis.allCases.first(where: { $0.name == stringValue }) else { return nil }
            self.axis = axis
        }
        init?(intValue: Int) { nil }
    }

    /// Axes that are left out keep their defaults; without `classes` there is no classifier.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        classes = try values.decodeIfPresent(Int.self, forKey: Key(.classes))
        for axis in ArchitectureAxis.allCases where axis != .classes && values.contains(Key(axis)) {
            let key = Key(axis)
            let text: String
            switch axis {
            case .depths, .planes, .groups, .stageStrides, .temporalStrides:
                text = try values.decode([Int].self, forKey: key).text
            case .stemWidth, .shortcutGroups: text = try values.decode(Int.self, forKey: key).text
            case .dropout: text = try values.decode(Double.self, forKey: key).text
            case .innerGroupNorm: text = try values.decode(Bool.self, forKey: key).text
            default: text = try values.decode(String.self, forKey: key)
            }
            // JSON has the stem beside the rank, so a rank that is read here must not replace the stem.
            let stem = stem
            do {
                try set(axis, to: text)
            } catch {
                throw DecodingError.dataCorruptedError(forKey: key, in: values, debugDescription: error.description)
            }
            if axis == .rank { self.stem = stem }
        }
    }

    /// Writes every axis under its name, in the order of ``ArchitectureAxis``.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        for axis in ArchitectureAxis.allCases {
            let key = Key(axis)
            switch axis {
            case .depths: try values.encode(depths, forKey: key)
            case .planes: try values.encode(planes, forKey: key)
            case .groups: try values.encode(groups, forKey: key)
            case .stageStrides: try values.encodeIfPresent(stageStrides, forKey: key)
            case .temporalStrides: try values.encode(temporalStrides, forKey: key)
            case .stemWidth: try values.encode(stemWidth, forKey: key)
            case .shortcutGroups: try values.encode(shortcutGroups, forKey: key)
            case .dropout: try values.encode(dropout, forKey: key)
            case .innerGroupNorm: try values.encode(innerGroupNorm, forKey: key)
            case .classes: try values.encodeIfPresent(classes, forKey: key)
            default: try values.encode(text(of: axis), forKey: key)
            }
        }
    }
}
