import Backbones
import Foundation
import Media
import Support
import Tensors

/// What speaks for a class in one image file, for each of several models.
public struct ImageExplanations: Encodable, Sendable {
    /// The class that one model gives the image, and where it sees it.
    public struct Model: Encodable, Sendable {
        /// Width and height of a map, in cells.
        public struct Size: Encodable, Sendable {
            /// Columns.
            public let width: Int
            /// Rows.
            public let height: Int
        }

        /// The cell of the map that speaks most for the class.
        public struct Maximum: Encodable, Sendable {
            /// The map's value there, by equation 2 of the paper, not scaled to any range.
            public let value: Float
            /// Pixels of the file from the left edge to the middle of that cell.
            public let x: Double
            /// Pixels of the file from the top edge to the middle of that cell.
            public let y: Double
        }

        /// The model's name.
        public let model: String
        /// The file of its weights.
        public let weights: String
        /// The class that the map explains.
        public let `class`: String
        /// The number of that class, from 0.
        public let index: Int
        /// The probability of that class, 0…1.
        public let probability: Float
        /// The logit of that class.
        public let score: Float
        /// The stage whose output the map is of.
        public let stage: String
        /// The map's size in cells.
        public let map: Size
        /// The map's hottest cell; nil if nothing speaks for the class and the map is zero everywhere.
        public let maximum: Maximum?
        /// The part of the image that the model saw, in the file's pixels.
        public let region: ImageRegion
        /// The map scaled to 0…1, where 1 is the hottest.
        let heat: HeatMap

        enum CodingKeys: String, CodingKey {
            case model, weights, `class`, index, probability, score, stage, map, maximum, region
        }
    }

    /// The file.
    public let image: String
    /// Width of the upright image in pixels.
    public let width: Int
    /// Height of the upright image in pixels.
    public let height: Int
    /// What is wrong with the file, where it is damaged and was accepted; nil for a sound one.
    public let damage: MediaWarning?
    /// One entry for each model: checkpoints, then named models, in the order given.
    public let models: [Model]
    /// Path of the drawn row; nil until it is written.
    public internal(set) var picture: String?

    /// One line for a person: each model's class and probability.
    public var summary: String {
        models.map {
            "\($0.model) \($0.class) \(ExplanationPicture.percent($0.probability))"
                + ($0.maximum == nil ? " (nothing speaks for it)" : "")
        }.joined(separator: ", ")
    }
}

/// Grad-CAM of image files for one or several classifiers, side by side (Selvaraju et al., 2017).
public struct ImageExplanation {
    /// The largest number of threads that one of the models' recipes asks for; nil leaves it to libtorch.
    package var threads: Int? { models.compactMap(\.model.classifier.recipe.training.threads).max() }

    /// Lines that tell a person what files of weights were taken for.
    public let notes: [String]

    private let models: [(model: ExplainedModel, classIndex: Int?, stage: Int)]

    /// - Parameters:
    ///   - checkpoints: Checkpoints that `vertebra train` saved, folders of its runs, or weights that others trained.
    ///   - network: What network a checkpoint of weights alone is of; nil tells it by its tensors.
    ///   - weights: Named models with weights from elsewhere.
    ///   - classNames: The class names of weights alone: a well-known list's name, or a text file with one on each line.
    ///   - classChoice: The class to explain, by its name or number; nil takes each model's likeliest.
    ///   - stage: The stage whose output is explained, such as `layer4`; nil takes the last.
    ///   - settings: Changes to the models' recipes, as `key=value`.
    ///   - device: Where the models run.
    /// - Throws: `JobError`, `CheckpointError`, `RecipeFileError`, `MissingDevice`, and the weights' own errors.
    public init(
        checkpoints: [String], network: String? = nil, weights: [NamedWeights] = [], classNames: String? = nil,
        classChoice: String? = nil,
        stage: String? = nil, settings: [String] = [], device: Device = .cpu
    ) throws {
        try device.requirePresence()
        // With named models, the class names are theirs.
        let ofCheckpoints = weights.isEmpty ? classNames : nil
        var opened = try checkpoints.map {
            try ExplainedModel(checkpoint: $0, network: network, classNames: ofCheckpoints, settings: settings)
        }
        opened += try weights.map { try ExplainedModel($0, classNames: classNames, settings: settings) }
        notes = opened.flatMap(\.notes)
        Self.tellApart(&opened)
        let choice = classChoice.map(ClassChoice.init)
        models = try opened.map { model in
            let index = try choice?.index(
                in: model.classifier.classNames, isNamed: model.hasClassNames, model: model.title)
            return (model, index, try model.stageIndex(stage))
        }
        for (model, _, _) in models { model.classifier.place(on: device) }
    }

    /// Adds the last part of the path to the titles of models with the same name.
    private static func tellApart(_ models: inout [ExplainedModel]) {
        let counts = Dictionary(models.map { ($0.title, 1) }, uniquingKeysWith: +)
        for i in models.indices where counts[models[i].title, default: 0] > 1 {
            let place = models[i].source.split(separator: "/").suffix(2).joined(separator: "/")
            models[i].title += " (\(place))"
        }
    }

    /// Explains one file by every model.
    ///
    /// - Throws: `MediaError` naming the file; `JobError` if a model's scores are not finite.
    public func explain(_ path: String) throws -> ImageExplanations {
        let size = try ImageFile.header(path).size
        var damage: MediaWarning?
        let found = try models.map { model, classIndex, stage in
            let picture = try PictureDecoding(model.classifier).decode(path)
            damage = damage ?? picture.damage
            let result = try model.classifier.network.gradCAM(
                model.input(picture), classes: classIndex.map { [$0] }, stage: stage)
            return try explanation(of: result, by: model, stage: stage, path: path, size: size)
        }
        return ImageExplanations(
            image: path, width: size.width, height: size.height, damage: damage, models: found)
    }

    private func explanation(
        of result: GradCAM, by model: ExplainedModel, stage: Int, path: String, size: ImageSize
    ) throws -> ImageExplanations.Model {
        let values = result.maps.to(.float32).array(Float.self)
        let probability = Float(result.probabilities.item())
        let score = Float(result.scores.item())
        guard probability.isFinite, score.isFinite, values.allSatisfy(\.isFinite) else {
            throw JobError(
                model.source,
                "gives scores for \(path) that are not finite; its weights are damaged, or input.mean and "
                    + "input.deviation are not what it was trained with")
        }
        let (height, width) = (result.maps.shape[1], result.maps.shape[2])
        let region = model.classifier.centerCrop.region(of: size)
        let hottest = values.indices.max { values[$0] < values[$1] } ?? 0
        let most = values[hottest]
        let maximum = ImageExplanations.Model.Maximum(
            value: most, x: region.x + (Double(hottest % width) + 0.5) / Double(width) * region.width,
            y: region.y + (Double(hottest / width) + 0.5) / Double(height) * region.height)
        let index = result.classes[0]
        return ImageExplanations.Model(
            model: model.title, weights: model.source, class: model.classifier.classNames[index], index: index,
            probability: probability, score: score, stage: model.classifier.network.plan.stages[stage].name,
            map: .init(width: width, height: height), maximum: most > 0 ? maximum : nil, region: region,
            heat: HeatMap(width: width, height: height, values: most > 0 ? values.map { $0 / most } : values))
    }
}
