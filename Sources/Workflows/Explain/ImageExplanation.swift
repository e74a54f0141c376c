import Backbones
import Foundation
import Media
import Support
import Tensors

/// What speaks for a class in one image file, by each of several models.
public struct ImageExplanations: Encodable, Sendable {
    /// What one model made of the image.
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
            /// The map's value there, by equation 2 of the paper, not brought into any range.
            public let value: Float
            /// The middle of the map's hottest cell, in pixels of the file, from the left.
            public let x: Double
            /// The middle of the map's hottest cell, in pixels of the file, from the top.
            public let y: Double
        }

        /// The model's name.
        public let model: String
        /// The file of its weights.
        public let weights: String
        /// The class that was looked for.
        public let `class`: String
        /// The class's number, from 0.
        public let index: Int
        /// 0…1.
        public let probability: Float
        /// The class's logit.
        public let score: Float
        /// The stage at whose output it was looked for.
        public let stage: String
        /// The map's size.
        public let map: Size
        /// Nil where nothing speaks for the class: the map is zero everywhere.
        public let maximum: Maximum?
        /// What the model saw of the file, in the file's pixels.
        public let region: ImageRegion
        /// From 0 to 1, the hottest.
        let heat: HeatMap

        enum CodingKeys: String, CodingKey {
            case model, weights, `class`, index, probability, score, stage, map, maximum, region
        }
    }

    /// The file.
    public let image: String
    /// Pixels of the file, upright.
    public let width: Int
    /// Pixels of the file, upright.
    public let height: Int
    /// In the order in which they were named: checkpoints, then named models.
    public let models: [Model]
    /// The file of the drawn row, once there is one.
    public internal(set) var picture: String?

    /// For a person: what each model says.
    public var summary: String {
        models.map {
            "\($0.model) \($0.class) \(ExplanationPicture.percent($0.probability))"
                + ($0.maximum == nil ? " (nothing speaks for it)" : "")
        }.joined(separator: ", ")
    }
}

/// Grad-CAM of image files by one classifier or several, side by side (Selvaraju et al., 2017).
public struct ImageExplanation {
    /// The most threads that a recipe of the models asks for; nil leaves it to libtorch.
    package var threads: Int? { models.compactMap(\.model.classifier.recipe.training.threads).max() }

    private let models: [(model: ExplainedModel, classIndex: Int?, stage: Int)]

    /// - Parameters:
    ///   - checkpoints: Files of `vertebra train`, or its runs' folders.
    ///   - weights: Named models with weights from elsewhere.
    ///   - classNames: A text file with the classes of `weights`, one a line.
    ///   - classChoice: The class to look for, by its name or its number; nil takes what each model finds likeliest.
    ///   - stage: At whose output, such as `layer4`; nil takes the last.
    ///   - settings: Changes of the models' recipes, `key=value`.
    /// - Throws: `JobError`, `JobError`, `CheckpointError`, `RecipeFileError`, `MissingDevice`, and the
    ///   weights' own errors.
    public init(
        checkpoints: [String], weights: [NamedWeights] = [], classNames: String? = nil, classChoice: String? = nil,
        stage: String? = nil, settings: [String] = [], device: Device = .cpu
    ) throws {
        try device.requirePresence()
        let names = try classNames.map(ClassNamesFile.init)
        var opened = try checkpoints.map { try ExplainedModel(checkpoint: $0, settings: settings) }
        opened += try weights.map { try ExplainedModel($0, classNames: names, settings: settings) }
        Self.tellApart(&opened)
        let choice = classChoice.map(ClassChoice.init)
        models = try opened.map { model in
            let index = try choice?.index(
                in: model.classifier.classNames, isNamed: model.hasClassNames, model: model.title)
            return (model, index, try model.stageIndex(stage))
        }
        for (model, _, _) in models { model.classifier.network.move(to: device) }
    }

    /// Models of the same name get the last part of their path as well.
    private static func tellApart(_ models: inout [ExplainedModel]) {
        let counts = Dictionary(models.map { ($0.title, 1) }, uniquingKeysWith: +)
        for i in models.indices where counts[models[i].title, default: 0] > 1 {
            let place = models[i].source.split(separator: "/").suffix(2).joined(separator: "/")
            models[i].title += " (\(place))"
        }
    }

    /// Looks into one file.
    ///
    /// - Throws: `MediaError` naming the file; `JobError` where a model's scores are no numbers.
    public func explain(_ path: String) throws -> ImageExplanations {
        let size = try ImageFile.header(path).size
        let found = try models.map { model, classIndex, stage in
            let result = try model.classifier.network.gradCAM(
                model.input(path, size: size), classes: classIndex.map { [$0] }, stage: stage)
            return try explanation(of: result, by: model, stage: stage, path: path, size: size)
        }
        return ImageExplanations(image: path, width: size.width, height: size.height, models: found)
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
                "gives scores for \(path) that are no finite numbers; its weights are damaged, or input.mean and "
                    + "input.deviation are not what it was trained with")
        }
        let (height, width) = (result.maps.shape[1], result.maps.shape[2])
        let region = model.crop.region(of: size)
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
