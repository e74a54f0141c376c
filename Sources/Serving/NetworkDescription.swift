import Support
import Training
import Workflows

/// What a served network is and how it was made, as `GET /model` tells it.
package struct NetworkDescription: Encodable, Sendable {
    /// Bytes, pixels and frames that are taken.
    struct Limits: Encodable, Sendable {
        let bytes, pixels, frames, files: Int
    }

    /// How the weights came about.
    struct Origin: Encodable, Sendable {
        /// Optimiser steps.
        let steps: Int
        /// Whole epochs.
        let epochs: Int
        /// The last measurement's numbers.
        let metrics: [String: Double]
        /// The recipe as YAML.
        let recipe: String
    }

    /// `detect`, `classify` or `recognize`: the path to send files to, without its slash.
    let task: String
    /// What it takes, in words.
    let takes: String
    /// The file of the weights.
    let file: String
    let backbone: String
    /// The kind of detector; nil for classifiers.
    let detector: String?
    let parameters: Int
    let classes: [String]
    /// The size in pixels that a picture or a frame is brought to, in words.
    let input: String
    /// The overlap from which a detector's better box drops another; nil for classifiers.
    let suppressionThreshold: Double?
    /// Nil for weights that others trained.
    let origin: Origin?
    /// What was told of weights that others trained.
    let notes: [String]
    /// The version of this program.
    let version = Release.version
    /// Set by the server.
    var limits: Limits?

    enum CodingKeys: String, CodingKey {
        case task, takes, file, backbone, detector, parameters, classes, input, origin, notes, version, limits
        case suppressionThreshold = "nms_threshold"
    }

    init(_ saved: SavedModel, _ model: DetectorModel) throws {
        let recipe = model.recipe
        let input =
            recipe.input.side.map { "scaled to \($0)×\($0) pixels" }
            ?? "scaled to a shorter side of \(recipe.input.shorterSide.map(String.init).joined(separator: " or ")) pixels and a "
            + "longer one of at most \(recipe.input.longerSide)"
        try self.init(
            saved, task: .detect, backbone: recipe.model.backbone, detector: recipe.model.detector.rawValue,
            parameters: Self.parameters(of: model), input: input,
            suppressionThreshold: model.detector.suppression.iouThreshold)
    }

    init(_ saved: SavedModel, _ model: ClassifierModel, task: ServedTask) throws {
        let input = model.recipe.input
        let frames = task == .recognize ? "\(input.frames) frames, " : ""
        try self.init(
            saved, task: task, backbone: model.recipe.model.backbone, detector: nil,
            parameters: Self.parameters(of: model), input: "\(frames)the middle \(input.side)×\(input.side) pixels",
            suppressionThreshold: nil)
    }

    private init(
        _ saved: SavedModel, task: ServedTask, backbone: String, detector: String?, parameters: Int, input: String,
        suppressionThreshold: Double?
    ) throws {
        let info = saved.info
        self.task = task.rawValue
        takes = task.takes
        file = saved.path
        self.backbone = backbone
        self.detector = detector
        self.parameters = parameters
        classes = info.classNames
        self.input = input
        self.suppressionThreshold = suppressionThreshold
        origin =
            saved.isPublished
            ? nil : try Origin(steps: info.step, epochs: info.epoch, metrics: info.metrics, recipe: saved.recipeText)
        notes = saved.notes
    }

    private static func parameters(of model: some RecipeModel) -> Int {
        model.module.namedParameters().reduce(0) { $0 + $1.parameter.tensor.count }
    }
}
