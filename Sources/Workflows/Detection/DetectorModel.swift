import Architectures
import Backbones
import Detectors
import Foundation
import NN
import Tensors
import Training

/// A detector with what is needed to use it: its recipe and the names of its classes.
public struct DetectorModel: RecipeModel {
    /// The network.
    public let detector: any Detector
    /// The network, by the name that models of all tasks share.
    public var module: Module { detector }
    /// The part of the network that is a backbone.
    package var body: Backbone { detector.body }
    /// SSD scales every image to one size.
    package var hasFixedSize: Bool { recipe.model.ssd != nil }
    /// Names of the classes, in the order of the labels 1…n.
    public let classNames: [String]
    package let recipe: DetectionRecipe
    /// The file of `recipe`, for error messages.
    package let file: RecipeFile
    /// What became of the weights to start from; nil without any.
    public private(set) var start: StartWeights?

    /// The detector that a training saved, on a device and in evaluation mode.
    ///
    /// - Throws: `RecipeFileError`, also for a classifier; `CheckpointError` where the weights don't fit; `MissingDevice`.
    public init(_ saved: SavedModel, device: Device = .cpu) throws { try self.init(opening: saved, device: device) }

    /// A model with fresh weights, drawn from the recipe's seed, or with those that the recipe names.
    ///
    /// - Throws: `RecipeFileError` with the recipe's line, `WeightsFileError`.
    package init(recipe: DetectionRecipe, file: RecipeFile, classNames: [String], loadsWeights: Bool = true) throws {
        self.recipe = recipe
        self.file = file
        self.classNames = classNames
        detector = try Random.seeded(recipe.training.seed) {
            try Self.detector(of: recipe, file: file, classCount: classNames.count)
        }
        detector.suppression = recipe.inference.suppression(over: detector.suppression)
        if loadsWeights, let weights = recipe.model.weights { start = try start(weights) }
    }

    /// Lines that tell a person which parts are not trained.
    var notes: [String] {
        let frozen = detector.body.frozenParts
        let hasFrozenNorms = detector.body.plan.architecture.normalization == .frozenBatch
        var notes: [String] = []
        if !frozen.isEmpty {
            notes.append("frozen, with the statistics of their norms: \(frozen.joined(separator: ", "))")
        }
        if hasFrozenNorms { notes.append("the backbone's norms are frozen, those of its trained stages too") }
        if recipe.model.weights == nil, !notes.isEmpty {
            notes.append("frozen parts keep random weights: the recipe names no model.weights to start from")
        }
        return notes
    }

    private static func detector(
        of recipe: DetectionRecipe, file: RecipeFile, classCount: Int
    ) throws -> any Detector {
        let backbone = try file.imageBackbone(recipe.model.backbone)
        let section = recipe.model.ssd == nil ? "faster_rcnn" : "ssd"
        do {
            guard let ssd = recipe.model.ssd else {
                return try FasterRCNN(
                    fasterRCNN(of: recipe, file: file), backbone: backbone, classCount: classCount)
            }
            for key in ["input.shorter_side", "input.longer_side", "input.scaled_by"] where file.mentions(key) {
                throw file.error(
                    at: key,
                    "\(ssd.variant.rawValue) sees every image at \(ssd.variant.side)×\(ssd.variant.side) pixels; leave it out"
                )
            }
            return try SSD(ssd, backbone: backbone, classCount: classCount)
        } catch let error as DetectorConfigurationError {
            throw file.error(at: "model.\(section).\(error.key)", error.reason)
        }
    }

    /// Faster R-CNN's settings. The section `input` says whether the network scales images, and to what.
    private static func fasterRCNN(
        of recipe: DetectionRecipe, file: RecipeFile
    ) throws -> FasterRCNNConfiguration {
        typealias Keys = FasterRCNNConfiguration.CodingKeys
        for key in [Keys.resizesImages, .minSizes, .maxSize] where file.mentions("model.faster_rcnn.\(key.rawValue)") {
            throw file.error(
                at: "model.faster_rcnn.\(key.rawValue)",
                "images are scaled before the model: set input.shorter_side and input.longer_side instead")
        }
        var configuration = recipe.model.fasterRCNN
        configuration.resizesImages = recipe.input.scaledBy == .network
        configuration.minSizes = recipe.input.shorterSide
        configuration.maxSize = recipe.input.longerSide
        return configuration
    }

    /// Loads weights to start from: of the same kind of detector into the whole network, of a classifier or another detector
    /// into the backbone alone.
    private func start(_ path: String) throws -> StartWeights {
        func startBackbone(
            _ weights: WeightsFile, _ note: String, lacking stages: [String] = []
        ) throws -> StartWeights {
            try StartWeights(
                weights, into: detector.body, beside: stages, called: "the detector's backbone", recipe: file,
                notes: ["\(note): the layers after the backbone start fresh"])
        }
        func startWhole(
            _ weights: WeightsFile, _ head: StartWeights.Head, body prefix: String, beside parts: [String]
        ) throws -> StartWeights {
            try StartWeights(
                weights, into: detector,
                covering: WeightsCoverage(of: detector.body, prefix: prefix, beside: parts), head: head,
                classNames: classNames, called: "the detector", recipe: file)
        }
        let body = "backbone.body."
        switch (detector as? SSD, try WeightsLayout(StartWeights.file(path, recipe: file))) {
        case (nil, .fasterRCNN(let weights)):
            return try startWhole(
                weights.sayingNorms(unless: recipe.model.fasterRCNN).takingRows(of: classNames), .boxPredictor,
                body: body,
                beside: ["backbone.fpn", "rpn", "roi_heads.box_head", "roi_heads.box_predictor"])
        case (let ssd?, .ssd(let weights)):
            return try startWhole(
                weights, .defaultBoxes(of: ssd.plan), body: "backbone.",
                beside: ["extras", "head.classification", "head.regression"])
        case (_, .fasterRCNN(let weights)):
            return try startBackbone(weights.under(body), "a Faster R-CNN's weights")
        // An SSD's backbone ends before the last stage.
        case (nil, .ssd(let weights)):
            return try startBackbone(
                weights.under("backbone."), "an SSD's weights", lacking: detector.body.plan.stages.suffix(1).map(\.name)
            )
        case (_, .foreign(let network)):
            guard let body = network.body else {
                throw file.error(at: "model.weights", "\(path): \(network.reason(path: path))")
            }
            return try startBackbone(body, network.note)
        // A classifier's own head has no place in a detector.
        case (_, .backbone(let weights)): return try startBackbone(weights, "a classifier's weights")
        }
    }
}
