import Architectures
import Foundation

/// What a network gives for weights and an input filled by name: the folder `backbones` of `Tests/Golden`.
package struct GoldenBackbone: Decodable, Sendable {
    /// A tensor by its shape, mean, deviation and some elements.
    package struct Sample: Decodable, Sendable {
        package let shape: [Int]
        package let mean: Double
        package let std: Double
        package let index: [Int]
        package let value: [Double]
    }

    /// In inference mode.
    package struct Inference: Decodable, Sendable {
        package let features: [Sample]
        package let logits: Sample
    }

    /// One step in training mode, with the cross-entropy against `labels`.
    package struct Training: Decodable, Sendable {
        package let labels: [Int]
        package let loss: Double
        package let gradientNorms: [String: Double]
        package let runningMean: Sample

        private enum CodingKeys: String, CodingKey {
            case labels, loss
            case gradientNorms = "gradient_norm"
            case runningMean = "running_mean_bn1"
        }
    }

    package struct MultiplyAdds: Decodable, Sendable {
        package let input: [Int]
        package let value: Int
    }

    /// The state dict's names, or how many there are.
    package enum Names: Decodable, Sendable {
        case list([String])
        case count(Int)

        package init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let count = try? value.decode(Int.self) {
                self = .count(count)
            } else {
                self = .list(try value.decode([String].self))
            }
        }
    }

    package let model: String
    package let architecture: GoldenArchitecture
    package let salt: String
    package let input: [Int]
    package let classes: Int
    package let parameters: Int
    package let names: Names
    package let macs: MultiplyAdds
    package let eval: Inference
    package let train: Training

    private enum CodingKeys: String, CodingKey {
        case model
        case architecture = "recipe"
        case salt, input, classes, parameters, names, macs, eval, train
    }

    /// How far the norm of a gradient may be from the golden one, as a share of it.
    ///
    /// Gradients of some networks move by more than a thousandth with the order of float32 sums alone: PyTorch's own differ as
    /// much between memory layouts. And where libtorch convolves, on the CPU or on a device, its order of sums turns other
    /// ReLUs, and a thousandth is not kept by all networks: two were 0.060 and 0.068 away.
    ///
    /// - Parameter convolvesNatively: whether this package's own convolutions compute, as on CPUs with AVX-512.
    package func gradientTolerance(convolvesNatively: Bool) -> Double {
        let own: Double =
            ["preact50": 2e-3, "cifar_resnet164": 0.06, "cifar_iresnet164": 0.06][model] ?? 0
        if convolvesNatively { return max(own, 1e-3) }
        return max(own, ["cifar_resnet164": 0.1, "dsnet50_in": 0.1][model] ?? 2e-2)
    }

    /// How far the norm of a gradient in float64 may be from the golden one, as a share of it. In float64 no ReLU turns with the
    /// order of sums: what is left is the rounding of the golden numbers themselves, at most 0.041 here.
    package var gradientToleranceInFloat64: Double { model.hasPrefix("cifar_") ? 0.06 : 2e-2 }

    /// How far features may be from the golden ones, as a share of their deviation. With two group norms in each block rounding adds up
    /// more: 6.6e-5 on a GPU and 1.07e-4 with an imitated tile unit.
    package var featureTolerance: Double { model == "resnet50_2gn" ? 2e-4 : Self.valueTolerance }

    /// How far a device's loss may be from the golden one, as a share of it. One golden loss is itself 9e-5 away from float64's.
    package var lossTolerance: Double { model == "cifar_resnet164" ? 2e-4 : Self.valueTolerance }

    /// What any gradient may be off by: one that is zero but for rounding (a bias in front of a norm) has no digits to compare.
    package static let gradientFloor = 1e-6
    /// How far values may be from the golden ones, as a share of their deviation, and losses as a share of themselves.
    package static let valueTolerance = 1e-4
}

/// The axes as the golden files spell them.
package struct GoldenArchitecture: Decodable, Sendable {
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
    package func architecture() throws -> BackboneArchitecture {
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
