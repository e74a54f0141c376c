/// A recipe for training as typed values; the defaults are what a key that is left out means.
///
/// Keys and their meaning are documented with the sections: `model`, `data` and `input` of each task (`Sections`),
/// `training` and `evaluation` of all.
package struct Recipe<Sections: RecipeSections>: Codable, Hashable, Sendable {
    package var task: VisionTask
    package var model: Sections.Model
    package var data: Sections.Data
    package var input: Sections.Input
    package var training: TrainingSection
    package var evaluation: EvaluationSection<Sections.Metric>
    package var inference: Sections.Inference

    enum CodingKeys: String, CodingKey, CaseIterable {
        case task, model, data, input, training, evaluation, inference
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        task = try values.decode(VisionTask.self, forKey: .task)
        try values.require(
            task == Sections.task, .task, "is \(task.rawValue), and this is for \(Sections.task.rawValue)")
        model = try values.decode(Sections.Model.self, forKey: .model)
        data = try values.decode(Sections.Data.self, forKey: .data)
        input = Sections.input(
            try values.decodeIfPresent(Sections.Input.self, forKey: .input), for: model, on: data)
        training = try values.decodeIfPresent(TrainingSection.self, forKey: .training) ?? .init()
        evaluation = try values.decodeIfPresent(EvaluationSection.self, forKey: .evaluation) ?? .init()
        inference = try values.decodeIfPresent(Sections.Inference.self, forKey: .inference) ?? .init()
    }
}

/// What the recipes of a task have of their own.
package protocol RecipeSections: Sendable {
    associatedtype Model: ModelSection
    associatedtype Data: DataSection
    associatedtype Input: RecipeSection
    associatedtype Metric: EvaluationMetric
    associatedtype Inference: InferenceSection

    static var task: VisionTask { get }
    /// What is given of the section `input`, with what is left out and what the model decides.
    static func input(_ given: Input?, for model: Model, on data: Data) -> Input
}

package typealias RecipeSection = Codable & Hashable & Sendable

/// A section `model`.
package protocol ModelSection: RecipeSection {
    /// A name that `vertebra models` lists, or a text such as `iresnet50:shortcut=dense`.
    var backbone: String { get }
    /// Weights to start from. Nil: random ones.
    var weights: String? { get }
}

/// A section `data`.
package protocol DataSection: RecipeSection {
    /// A relative one is seen from the folder that the command runs in.
    var root: String { get }
}

/// A section `inference`: how a trained model is used.
package protocol InferenceSection: RecipeSection {
    init()
}

/// The measure by which the best checkpoint is chosen: the one with the highest value is kept.
package protocol EvaluationMetric: RecipeSection, RawRepresentable<String>, CaseIterable {
    static var usual: Self { get }
    /// Images in a batch of an evaluation.
    static var usualBatch: Int { get }
}

/// The section `evaluation`: when the model is measured and what its best state is.
package struct EvaluationSection<Metric: EvaluationMetric>: Codable, Hashable, Sendable {
    /// Epochs between evaluations; the last epoch is always evaluated. 0: only then.
    package var every = 1
    package var metric = Metric.usual
    /// Images in a batch.
    package var batch = Metric.usualBatch

    enum CodingKeys: String, CodingKey, CaseIterable {
        case every, metric, batch
    }

    package init() {}

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try values.update(&every, .every, "must not be below 0") { $0 >= 0 }
        try values.update(&metric, .metric)
        try values.update(&batch, .batch, "must be above 0") { $0 > 0 }
    }
}
