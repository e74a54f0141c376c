import Architectures
import Foundation

/// What a network gives for weights and an input filled by name: `Tests/Golden/backbones`.
public struct GoldenBackbone: Decodable, Sendable {
    /// A tensor by its shape, mean, deviation and some elements.
    public struct Sample: Decodable, Sendable {
        public let shape: [Int]
        public let mean: Double
        public let std: Double
        public let index: [Int]
        public let value: [Double]
    }

    /// In inference mode.
    public struct Inference: Decodable, Sendable {
        public let features: [Sample]
        public let logits: Sample
    }

    /// One step in training mode, with the cross-entropy against `labels`.
    public struct Training: Decodable, Sendable {
        public let labels: [Int]
        public let loss: Double
        public let gradientNorms: [String: Double]
        public let runningMean: Sample

        private enum CodingKeys: String, CodingKey {
            case labels, loss
            case gradientNorms = "gradient_norm"
            case runningMean = "running_mean_bn1"
        }
    }

    public struct MultiplyAdds: Decodable, Sendable {
        public let input: [Int]
        public let value: Int
    }

    /// The state dict's names, or how many there are.
    public enum Names: Decodable, Sendable {
        case list([String])
        case count(Int)

        public init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let count = try? value.decode(Int.self) {
                self = .count(count)
            } else {
                self = .list(try value.decode([String].self))
            }
        }
    }

    public let model: String
    public let architecture: GoldenArchitecture
    public let salt: String
    public let input: [Int]
    public let classes: Int
    public let parameters: Int
    public let names: Names
    public let macs: MultiplyAdds
    public let eval: Inference
    public let train: Training

    private enum CodingKeys: String, CodingKey {
        case model
        case architecture = "recipe"
        case salt, input, classes, parameters, names, macs, eval, train
    }

    /// Every file of `Tests/Golden/backbones`, in the order of their names.
    ///
    /// - Throws: an error that names the file which can't be read, or says that there is none.
    public static func all() throws -> [GoldenBackbone] {
        let names = try FileManager.default.contentsOfDirectory(atPath: Golden.url("backbones").path)
            .filter { $0.hasSuffix(".json") }
        guard !names.isEmpty else { throw CocoaError(.fileNoSuchFile, userInfo: [NSFilePathErrorKey: "backbones"]) }
        return try names.sorted().map { try named(String($0.dropLast(5))) }
    }

    /// One of them.
    public static func named(_ name: String) throws -> GoldenBackbone {
        try Golden.decode(GoldenBackbone.self, from: "backbones/\(name).json")
    }
}

/// The axes as the golden files spell them.
public struct GoldenArchitecture: Decodable, Sendable {
    struct UnknownValue: Error {
        let axis: String
        let value: String
    }

    let blocks: [Int]
    let planes: [Int]
    let expansion: Double
    let residual: String
    let midScale: Double
    let groups: [Int]
    let shortcut: String
    /// Settings of a concatenation.
    let growth: Int?
    let inner: String
    let order: String
    let projection: String
    let stem: String
    let dims: Int
    let normGroups: Int
    let denseNorm: String
    let denseWeight: Bool
    let se: Int
    let gn2: Bool
    let temporalStrides: [Int]
    let numClasses: Int
    let stemWidth: Int
    let official: Bool

    private enum CodingKeys: String, CodingKey {
        case blocks, planes, expansion, residual, groups, shortcut, growth, inner, order, projection, stem, dims, se,
            gn2,
            official
        case midScale = "mid_scale"
        case normGroups = "norm_groups"
        case denseNorm = "dense_norm"
        case denseWeight = "dense_weight"
        case temporalStrides = "temporal_strides"
        case numClasses = "num_classes"
        case stemWidth = "stem_width"
    }

    /// The network as an architecture.
    public func architecture() throws -> BackboneArchitecture {
        func look<Value>(_ axis: String, _ value: String, _ table: [String: Value]) throws -> Value {
            guard let result = table[value] else { throw UnknownValue(axis: axis, value: value) }
            return result
        }
        let normalization = try look(
            "dense_norm", denseNorm,
            ["gn": DenseNormalization.group, "ln": .layer, "in": .instance, "bn": .batch, "none": .none])
        var architecture = BackboneArchitecture()
        architecture.rank = dims == 3 ? .video : .image
        architecture.stem = try look(
            "stem", stem,
            [
                "imagenet": .imagenet, "imagenet_nopool": .imagenetWithoutPool, "cifar": .cifar, "video": .video,
                "video_nopool": .videoWithoutPool,
            ])
        architecture.branch = try look(
            "residual", residual,
            [
                "basic": .basic(expansion: expansion),
                "bottleneck": .bottleneck(expansion: expansion, middle: midScale),
                "group": .wideGroup,
            ])
        architecture.order = try look(
            "order", order,
            ["post": .original, "pre": .preActivation, "stage": .staged(official ? .rectified : .unchanged)])
        architecture.shortcut = try look(
            "shortcut", shortcut,
            [
                "none": .none, "identity": .identity, "rg": .rg, "res_rg": .identityAndRG, "rbs": .rbs, "gs": .gs,
                "rgb": .rgb, "dense": .dense(normalization: normalization, isWeighted: denseWeight),
                "dense_x": .dense(of: .residuals, normalization: normalization, isWeighted: denseWeight),
                "dense_identity": .denseIdentity, "concatenation": .concatenation(growth: growth ?? 0),
            ])
        architecture.innerShortcut = try look(
            "inner", inner, ["none": .none, "rg": .rg, "dense": .weighted(normalization)])
        architecture.innerGroupNorm = gn2
        architecture.projection = try look(
            "projection", projection, ["conv": .convolution, "maxpool": .maxPool, "avgpool": .averagePool])
        architecture.attention = se == 0 ? .none : .squeezeExcitation(reduction: se)
        architecture.depths = blocks
        architecture.planes = planes
        architecture.groups = groups
        architecture.stemWidth = stemWidth
        architecture.temporalStrides = temporalStrides
        architecture.shortcutGroups = normGroups
        architecture.classes = numClasses
        return architecture
    }
}
