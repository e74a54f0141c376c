import DataPipeline
import NN
import Tensors
import Training

/// Trains the detector of a recipe.
public struct DetectionTraining: RecipeTraining {
    public let recipe: DetectionRecipe
    public let run: RunFolder
    /// The detector with its fresh or given weights.
    public let model: DetectorModel
    private let file: RecipeFile
    private let task: DetectionTask

    public var classNames: [String] { model.classNames }
    /// What the filter of the training part left, and what it left out.
    public var summary: String { task.loader.dataset.report.summary }
    public var start: StartWeights? { model.start }
    public var replacedImages: [SkippedSample] { task.loader.skipped }

    /// Opens the data and builds the model, so that whatever is wrong shows before the first step.
    ///
    /// - Throws: `RecipeFileError`, `AnnotationError`, `ClassMismatch`, `DetectionDatasetError` and the weights' errors.
    public init(file: RecipeFile, output: String, device: DeviceChoice = .cpu) throws {
        let device = try device.device()
        recipe = try file.decode(DetectionRecipe.self)
        let file = try RecipeRun.anchoring(file, root: recipe.data.root)
        self.file = file
        run = RunFolder(output)
        if let threads = recipe.training.threads { Threads.count = threads }

        let data = DetectionData(recipe.data, file: file)
        let training = try data.open(.train)
        let classNames = try data.classNames(training: training)
        let validation = recipe.data.val == nil ? nil : try data.open(.val, classNames: classNames)
        Random.seed(recipe.training.seed)
        model = try DetectorModel(recipe: recipe, file: file, classNames: classNames)
        model.detector.move(to: device)
        task = try DetectionTask(model: model, training: training, validation: validation)
        guard task.batchesPerEpoch > 0 else {
            throw file.error(
                at: "training.batch",
                "an epoch of \(task.loader.dataset.count) images has no full batch of \(recipe.training.batch)")
        }
    }

    public func train(
        resume: Bool = false, seconds: Double? = nil, resumeCommand: String? = nil, showsProgress: Bool = false
    ) throws -> TrainingOutcome {
        let evaluation = recipe.evaluation
        return try RecipeRun(
            file: file, folder: run, recipe: recipe.training, classNames: classNames,
            evaluation: recipe.data.val == nil ? nil : (evaluation.every, evaluation.metric.rawValue)
        ).train(
            task, summary: summary, start: start, resume: resume, seconds: seconds, resumeCommand: resumeCommand,
            showsProgress: showsProgress)
    }
}
