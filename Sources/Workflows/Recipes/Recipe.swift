import Support

/// A recipe for training as typed values. A key that is left out has its default.
///
/// The keys are documented with their sections. `model`, `data` and `input` differ between tasks (`Sections`); `training`,
/// `evaluation` and `logging` are the same for all.
package struct Recipe<Sections: RecipeSections>: Codable, Hashable, Sendable {
    package var task: VisionTask
    package var model: Sections.Model
    package var data: Sections.Data
    package var input: Sections.Input
    package var training: TrainingSection
    package var evaluation: EvaluationSection<Sections.Metric>
    package var inference: Sections.Inference
    package var logging: LoggingSection

    enum CodingKeys: String, CodingKey, CaseIterable {
        case task, model, data, input, training, evaluation, inference, logging
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        task = try values.decode(VisionTask.self, forKey: .task)
        try values.require(
            task == Sections.task, .task, "is \(task.rawValue), but this is for \(Sections.task.rawValue)")
        model = try values.decode(Sections.Model.self, forKey: .model)
        data = try values.decode(Sections.Data.self, forKey: .data)
        input = Sections.input(
            try values.decodeIfPresent(Sections.Input.self, forKey: .input), for: model, on: data)
        if let fault = Sections.fault(of: input) { try values.require(false, .input, fault) }
        training = try values.decodeIfPresent(TrainingSection.self, forKey: .training) ?? .init()
        evaluation = try values.decodeIfPresent(EvaluationSection.self, forKey: .evaluation) ?? .init()
        inference = try values.decodeIfPresent(Sections.Inference.self, forKey: .inference) ?? .init()
        logging = try values.decodeIfPresent(LoggingSection.self, forKey: .logging) ?? .init()
        if let stopping = training.earlyStopping {
            training.earlyStopping?.metric = stopping.metric ?? evaluation.metric.rawValue
        }
        if let (path, reason) = faultOfTraining() {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath + path.map(RecipeKey.init), debugDescription: reason))
        }
    }
}

extension Recipe {
    /// What in the section `training` does not go with the others; nil if all does.
    private func faultOfTraining() -> (path: [String], reason: String)? {
        if let metric = training.earlyStopping?.metric {
            let known = Sections.Metric.allCases.map(\.rawValue) + Sections.Metric.lowerIsBetter
            guard known.contains(metric) else {
                let nearest = nearestName(to: metric, among: known, within: max(2, metric.count / 3))
                return (
                    ["training", "early_stopping", "metric"],
                    "is '\(metric)'; " + (nearest.map { "did you mean \($0)? It " } ?? "it ")
                        + "can be \(known.joined(separator: ", "))"
                )
            }
            guard evaluation.every > 0 else {
                return (
                    ["training", "early_stopping"],
                    "needs evaluations, but evaluation.every is 0: only the end is measured"
                )
            }
        }
        if !Sections.isMeasured(data) {
            let needing = training.earlyStopping != nil ? "early_stopping" : training.keepBest > 1 ? "keep_best" : nil
            if let needing { return (["training", needing], "needs evaluations, but the recipe has no data.val") }
        }
        if training.classWeights == .balanced, !Sections.hasOneClassASample {
            return (
                ["training", "class_weights"],
                "can be balanced for classifiers; for a detector, whose background has no number, name classes: "
                    + "{rare: 4, usual: 0.5}"
            )
        }
        return nil
    }
}

/// A key of a recipe by its name, for the place of an error.
struct RecipeKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
}

/// The sections in which the recipes of one task differ from those of others.
package protocol RecipeSections: Sendable {
    associatedtype Model: ModelSection
    associatedtype Data: DataSection
    associatedtype Input: RecipeSection
    associatedtype Metric: EvaluationMetric
    associatedtype Inference: InferenceSection

    static var task: VisionTask { get }
    /// The section `input` of a recipe, completed with defaults and with values that the model decides.
    static func input(_ given: Input?, for model: Model, on data: Data) -> Input
    /// What is wrong with a completed section `input`; nil if nothing is.
    static func fault(of input: Input) -> String?
    /// Whether there are data to measure on.
    static func isMeasured(_ data: Data) -> Bool
    /// Whether every sample has one class, so that classes can be counted.
    static var hasOneClassASample: Bool { get }
}

extension RecipeSections {
    package static func fault(of input: Input) -> String? { nil }
    package static func isMeasured(_ data: Data) -> Bool { true }
}

package typealias RecipeSection = Codable & Hashable & Sendable

/// A section `model`.
package protocol ModelSection: RecipeSection {
    /// A name that `vertebra models` lists, or a text such as `iresnet50:shortcut=dense`.
    var backbone: String { get }
    /// Weights to start from. Nil: random weights.
    var weights: String? { get }
    /// The licence that the trained weights are given under. Nil: none is stated.
    var license: License? { get }
}

extension ImageSize {
    /// The most pixels of a side that a recipe may ask for: half of what a JPEG can have, and far from any overflow.
    static let longestInput = 32768
}

/// A section `data`.
package protocol DataSection: RecipeSection {
    /// The folder of the data. A relative path starts from the folder that the command runs in.
    var root: String { get }
}

extension DataSection {
    /// A path in the data's root, or an absolute path as it is.
    package func path(_ path: String) -> String { FilePath.joined(path, to: root) }
}

/// A section `inference`: how a trained model is used.
package protocol InferenceSection: RecipeSection {
    init()
}

/// The measure by which the best checkpoint is chosen: the one with the highest value is kept.
package protocol EvaluationMetric: RecipeSection, RawRepresentable<String>, CaseIterable {
    static var usual: Self { get }
    /// Further measures, which choose no best checkpoint, because their lowest value is the best.
    static var lowerIsBetter: [String] { get }
    /// Images in a batch of an evaluation.
    static var usualBatch: Int { get }
}

/// The section `evaluation`: when the model is measured, and by which measure the best checkpoint is chosen.
package struct EvaluationSection<Metric: EvaluationMetric>: Codable, Hashable, Sendable {
    /// Epochs between evaluations; the last epoch is always evaluated. 0: only the last.
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
        try values.update(&batch, .batch, "must be 1 to 1000000") { (1...1_000_000).contains($0) }
    }
}
