import Backbones
import Detectors
import Foundation
import NN
import Recipes
import Tensors
import Training

/// A detector with what is needed to use it: its recipe and the names of its classes.
public struct DetectorModel {
    public let detector: FasterRCNN
    /// Of labels 1…n.
    public let classNames: [String]
    public let recipe: DetectionRecipe
    /// Where `recipe` stands.
    public let file: RecipeFile

    /// A model with fresh weights, or with those that the recipe names.
    ///
    /// - Throws: `RecipeFileError` with the recipe's line, `WeightsFileError`, `StateDictError`.
    public init(recipe: DetectionRecipe, file: RecipeFile, classNames: [String], loadsWeights: Bool = true) throws {
        self.recipe = recipe
        self.file = file
        self.classNames = classNames
        let configuration = try Self.configuration(of: recipe, file: file)
        let backbone: BackboneRecipe
        do {
            backbone = try Catalogue.recipe(named: recipe.model.backbone)
        } catch {
            throw file.error(at: "model.backbone", "\(error)")
        }
        do {
            detector = try FasterRCNN(configuration, backbone: backbone, classCount: classNames.count)
        } catch let error as FasterRCNNConfigurationError {
            throw file.error(at: "model.faster_rcnn.\(error.key)", error.reason)
        }
        if loadsWeights, let weights = recipe.model.weights { try loadStart(weights) }
    }

    /// The model of a checkpoint; `settings` change its recipe (where its data are, thresholds).
    ///
    /// - Throws: `CheckpointError`, `RecipeFileError`.
    public init(checkpoint path: String, settings: [String] = []) throws {
        let checkpoint = try Checkpoint.read(path)
        let file = try RecipeFile(text: checkpoint.info.recipe, path: "the recipe in \(path)", settings: settings)
        let recipe = try file.decode(DetectionRecipe.self)
        try self.init(recipe: recipe, file: file, classNames: checkpoint.info.classNames, loadsWeights: false)
        try checkpoint.load(into: detector, classNames: classNames, path: path)
        detector.eval()
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
        return configuration
    }

    /// Weights to start from: a whole detector's, or a classifier's for the backbone alone.
    private func loadStart(_ path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else {
            throw file.error(at: "model.weights", "there is no file \(path)")
        }
        let state = FasterRCNN.upgradingNames(of: try WeightsFile.read(path))
        if state.contains(where: { $0.name.hasPrefix("backbone.body.") }) {
            try detector.loadStateDict(state)
        } else {
            // A classifier's own head has no place in a detector.
            let head = detector.body.plan.recipe.classifierName + "."
            try detector.body.loadStateDict(state.filter { !$0.name.hasPrefix(head) })
        }
    }
}

/// Files of weights, whatever wrote them.
public enum WeightsFile {
    /// A state dict from `.safetensors`, or from a `.pth` or `.pt` of PyTorch; a checkpoint gives its model's weights.
    public static func read(_ path: String) throws -> [(name: String, tensor: Tensor)] {
        switch (path as NSString).pathExtension.lowercased() {
        case "safetensors":
            if let checkpoint = try? Checkpoint.read(path) { return checkpoint.model }
            return try Safetensors.read(path).tensors
        case "pth", "pt", "bin": return try PTH.read(path)
        default: throw unknownKind(path)
        }
    }

    /// Writes a state dict in the form that the file's name asks for.
    public static func write(_ state: [(name: String, tensor: Tensor)], to path: String) throws {
        switch (path as NSString).pathExtension.lowercased() {
        case "safetensors": try Safetensors.write(state, metadata: ["format": "pt"], to: path)
        case "pth", "pt", "bin": try PTH.write(state, to: path)
        default: throw unknownKind(path)
        }
    }

    /// Whether the file's name is one of those that `read` and `write` know.
    public static func isKnownKind(_ path: String) -> Bool {
        ["safetensors", "pth", "pt", "bin"].contains((path as NSString).pathExtension.lowercased())
    }

    private static func unknownKind(_ path: String) -> WeightsFileError {
        WeightsFileError(
            path: path, reason: "the name should end in .safetensors, or in .pth, .pt or .bin for PyTorch's own form")
    }
}
