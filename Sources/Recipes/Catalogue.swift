/// A recipe with a name.
public struct NamedModel: Hashable, Sendable {
    public let name: String
    public let recipe: BackboneRecipe
    public let paper: Paper
}

/// A name that no model has.
public struct UnknownModel: Error, Hashable, Sendable, CustomStringConvertible {
    public let name: String
    /// The name of a model that looks most like it.
    public let nearest: String

    public var description: String { "no model is called \"\(name)\"; did you mean \"\(nearest)\"?" }
}

/// Every named network: a line of data each, or a line for each depth of a family.
public enum Catalogue {
    public static let models: [NamedModel] =
        imageNetFamilies.flatMap(\.models) + widths(imageNetWidthFamilies) + cifarModels
        + imageNetFamilies.flatMap(\.videoModels) + narrowVideoModels

    /// The recipe of a named model. Throws `UnknownModel` with the nearest name.
    public static func recipe(named name: String) throws(UnknownModel) -> BackboneRecipe {
        try model(named: name).recipe
    }

    /// A named model. Throws `UnknownModel` with the nearest name.
    public static func model(named name: String) throws(UnknownModel) -> NamedModel {
        if let model = byName[name] { return model }
        throw UnknownModel(name: name, nearest: nearestName(to: name, among: models.map(\.name)) ?? "resnet50")
    }

    private static let byName = Dictionary(models.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    /// ResNet and iResNet on clips at a quarter of their width, to try things out with.
    private static let narrowVideoModels = imageNetFamilies.filter {
        ["resnet50", "iresnet50"].contains($0.name("50"))
    }
    .flatMap(\.videoModels).map {
        NamedModel(name: $0.name + "_0.25", recipe: $0.recipe.scaled(0.25), paper: $0.paper)
    }

    /// Every depth of each family at its own width and at 0.25, 0.5 and 2 times that, as in RGSNet's table 8.
    static func widths(_ families: [ModelFamily]) -> [NamedModel] {
        families.flatMap { family in
            [(1, ""), (0.25, "_0.25"), (0.5, "_0.5"), (2, "_2")].flatMap { factor, suffix in
                family.models.map {
                    NamedModel(name: $0.name + suffix, recipe: $0.recipe.scaled(factor), paper: $0.paper)
                }
            }
        }
    }
}

/// Networks that differ in depth alone.
struct ModelFamily: Sendable {
    let depths: [Int]
    let paper: Paper
    /// Gives the name of a depth; of a network on clips, the depth is `3d50`.
    let name: @Sendable (String) -> String
    let recipe: @Sendable (Int) -> BackboneRecipe

    init(
        _ depths: [Int], _ paper: Paper, _ name: @escaping @Sendable (String) -> String,
        _ recipe: @escaping @Sendable (Int) -> BackboneRecipe
    ) {
        self.depths = depths
        self.paper = paper
        self.name = name
        self.recipe = recipe
    }

    var models: [NamedModel] {
        depths.map { NamedModel(name: name(String($0)), recipe: recipe($0), paper: paper) }
    }

    /// The same on clips: of every depth with bottlenecks, where all that it is made of has a form in 3D.
    var videoModels: [NamedModel] {
        depths.compactMap { depth in
            let recipe = recipe(depth).onVideo()
            guard recipe.branch.hasMiddle, (try? recipe.validate()) != nil else { return nil }
            return NamedModel(name: name("3d\(depth)"), recipe: recipe, paper: paper)
        }
    }
}
