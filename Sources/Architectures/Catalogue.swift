import Support

/// An architecture with a name.
public struct NamedModel: Hashable, Sendable {
    /// The name in commands and recipes, such as `iresnet50`.
    public let name: String
    /// The network.
    public let architecture: BackboneArchitecture
    /// The paper that published it.
    public let paper: Paper
}

/// The error that no model has a name.
public struct UnknownModel: Error, Hashable, Sendable, CustomStringConvertible {
    /// The name that was asked for.
    public let name: String
    /// The most similar name of a model.
    public let nearest: String

    /// The name and the most similar one that exists.
    public var description: String { "no model is called \"\(name)\"; did you mean \"\(nearest)\"?" }
}

/// Every named network, as a line of data for each network or family.
public enum Catalogue {
    /// All named networks: those for images of 224×224, of 32×32, then for clips.
    public static let models: [NamedModel] =
        imageNetFamilies.flatMap(\.models) + widths(imageNetWidthFamilies) + cifarModels
        + imageNetFamilies.flatMap(\.videoModels) + narrowVideoModels

    /// The architecture of a named model.
    ///
    /// - Throws: ``UnknownModel`` with the nearest name.
    public static func architecture(named name: String) throws(UnknownModel) -> BackboneArchitecture {
        try model(named: name).architecture
    }

    /// A model by its name.
    ///
    /// - Throws: ``UnknownModel`` with the nearest name.
    public static func model(named name: String) throws(UnknownModel) -> NamedModel {
        if let model = byName[name] ?? aliases[name].flatMap({ byName[$0] }) { return model }
        throw UnknownModel(name: name, nearest: nearestName(to: name, among: models.map(\.name)) ?? "resnet50")
    }

    /// Names that other programs have for models of the catalogue, torchvision's above all.
    public static let aliases = [
        "wide_resnet50_2": "wideresnet50_2", "wide_resnet101_2": "wideresnet101_2",
    ]

    private static let byName = Dictionary(models.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    /// ResNet and iResNet on clips at a quarter of their width, for quick trials.
    private static let narrowVideoModels = imageNetFamilies.filter {
        ["resnet50", "iresnet50"].contains($0.name("50"))
    }
    .flatMap(\.videoModels).map {
        NamedModel(name: $0.name + "_0.25", architecture: $0.architecture.scaled(0.25), paper: $0.paper)
    }

    /// Every depth of each family at its usual width and at 0.25, 0.5 and 2 times that, as in RGSNet's table 8.
    static func widths(_ families: [ModelFamily]) -> [NamedModel] {
        families.flatMap { family in
            [(1, ""), (0.25, "_0.25"), (0.5, "_0.5"), (2, "_2")].flatMap { factor, suffix in
                family.models.map {
                    NamedModel(name: $0.name + suffix, architecture: $0.architecture.scaled(factor), paper: $0.paper)
                }
            }
        }
    }
}

/// Networks that differ only in depth.
struct ModelFamily: Sendable {
    let depths: [Int]
    let paper: Paper
    /// The name of a network by its depth, which for clips is written like `3d50`.
    let name: @Sendable (String) -> String
    let architecture: @Sendable (Int) -> BackboneArchitecture

    init(
        _ depths: [Int], _ paper: Paper, _ name: @escaping @Sendable (String) -> String,
        _ architecture: @escaping @Sendable (Int) -> BackboneArchitecture
    ) {
        self.depths = depths
        self.paper = paper
        self.name = name
        self.architecture = architecture
    }

    var models: [NamedModel] {
        depths.map { NamedModel(name: name(String($0)), architecture: architecture($0), paper: paper) }
    }

    /// The family on clips: every depth with bottlenecks, unless an axis of it is for images only.
    var videoModels: [NamedModel] {
        depths.compactMap { depth in
            let architecture = architecture(depth).onVideo()
            guard architecture.branch.hasMiddle, (try? architecture.validate()) != nil else { return nil }
            return NamedModel(name: name("3d\(depth)"), architecture: architecture, paper: paper)
        }
    }
}
