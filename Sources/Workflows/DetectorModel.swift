import Backbones
import Detectors
import Foundation
import NN
import Recipes
import Tensors
import Training

/// A detector with what is needed to use it: its recipe and the names of its classes.
public struct DetectorModel: RecipeModel {
    public let detector: FasterRCNN
    public var module: Module { detector }
    /// Of labels 1…n.
    public let classNames: [String]
    public let recipe: DetectionRecipe
    /// Where `recipe` stands.
    public let file: RecipeFile
    /// What became of the weights to start from; nil without any.
    public private(set) var start: StartWeights?

    /// A model with fresh weights, or with those that the recipe names.
    ///
    /// - Throws: `RecipeFileError` with the recipe's line, `WeightsFileError`.
    public init(recipe: DetectionRecipe, file: RecipeFile, classNames: [String], loadsWeights: Bool = true) throws {
        self.recipe = recipe
        self.file = file
        self.classNames = classNames
        let configuration = try Self.configuration(of: recipe, file: file)
        let backbone = try file.imageBackbone(recipe.model.backbone)
        do {
            detector = try FasterRCNN(configuration, backbone: backbone, classCount: classNames.count)
        } catch let error as FasterRCNNConfigurationError {
            throw file.error(at: "model.faster_rcnn.\(error.key)", error.reason)
        }
        if loadsWeights, let weights = recipe.model.weights { start = try start(weights) }
    }

    /// The detector's settings: images come to it at the size that `input` says.
    private static func configuration(
        of recipe: DetectionRecipe, file: RecipeFile
    ) throws -> FasterRCNNConfiguration {
        typealias Keys = FasterRCNNConfiguration.CodingKeys
        for key in [Keys.resizesImages, .minSizes, .maxSize] where file.mentions("model.faster_rcnn.\(key.rawValue)") {
            throw file.error(
                at: "model.faster_rcnn.\(key.rawValue)",
                "images are scaled before the model: set input.shorter_side and input.longer_side instead")
        }
        var configuration = recipe.model.fasterRCNN
        configuration.resizesImages = false
        recipe.inference.apply(to: &configuration)
        return configuration
    }

    /// Weights to start from: a whole detector's, or a classifier's for the backbone alone.
    private func start(_ path: String) throws -> StartWeights {
        let weights = try StartWeights.file(path, recipe: file).renamed(FasterRCNN.upgradingNames)
        if weights.state.contains(where: { $0.name.hasPrefix("backbone.body.") }) {
            return try StartWeights(
                weights, into: detector, head: .boxPredictor, called: "the detector", recipe: file)
        }
        // A classifier's own head has no place in a detector.
        return try StartWeights(
            weights, into: detector.body, called: "the detector's backbone", recipe: file,
            notes: ["a classifier's weights: the layers after the backbone start fresh"])
    }
}
