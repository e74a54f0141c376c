import Architectures
import Foundation
import XCTest

/// What a network gives for weights and an input filled by name: `backbones/*.json` of the golden values.
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

    /// Those of the folder that `VERTEBRA_GOLDEN` names, or else of the shared folder; two from inside the tests where
    /// neither is named. And a DenseNet.
    public static func all() throws -> [GoldenBackbone] {
        try outside() + [
            JSONDecoder().decode(GoldenBackbone.self, from: Data(GoldenBackboneFixtures.thinDenseNet.utf8))
        ]
    }

    private static func outside() throws -> [GoldenBackbone] {
        let decoder = JSONDecoder()
        let environment = ProcessInfo.processInfo.environment
        let folder = environment["VERTEBRA_GOLDEN"] ?? environment["VERTEBRA_SHARED"].map { $0 + "/golden" }
        guard let folder, !folder.isEmpty else {
            return try [GoldenBackboneFixtures.resNet18, GoldenBackboneFixtures.iResNet50].map {
                try decoder.decode(GoldenBackbone.self, from: Data($0.utf8))
            }
        }
        let outer = URL(fileURLWithPath: folder)
        let inner = outer.appendingPathComponent("backbones")
        let files = try FileManager.default.contentsOfDirectory(
            at: FileManager.default.fileExists(atPath: inner.path) ? inner : outer, includingPropertiesForKeys: nil)
        return files.filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }.compactMap { file in
            do {
                return try decoder.decode(GoldenBackbone.self, from: Data(contentsOf: file))
            } catch {
                XCTFail("\(file.lastPathComponent): \(error)")
                return nil
            }
        }
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
    /// Of a concatenation.
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

    /// The same network as an architecture.
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
