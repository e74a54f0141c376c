import DataPipeline
import Foundation
import NN
import Tensors
import Training

/// Trains the detector of a recipe.
public struct DetectionTraining {
    public let recipe: DetectionRecipe
    public let run: RunFolder
    /// The detector with its fresh or given weights.
    public let model: DetectorModel
    private let file: RecipeFile
    private let task: DetectionTask

    /// What the filter of the training part left out.
    public var report: DetectionFilterReport { task.loader.dataset.report }

    /// Opens the data and builds the model, so that whatever is wrong shows before the first step.
    ///
    /// - Throws: `RecipeFileError`, `AnnotationError`, `ClassMismatch`, `DetectionDatasetError` and the weights' errors.
    public init(file: RecipeFile, output: String, device: DeviceChoice = .cpu) throws {
        let device = try device.device()
        var file = file
        recipe = try file.decode(DetectionRecipe.self)
        // Whoever goes on with the run, or uses its model, may do so from another folder.
        let root = URL(fileURLWithPath: recipe.data.root).standardizedFileURL.path
        if root != recipe.data.root { try file.replace("data.root", with: root) }
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

    /// Trains to the end, or until the user asks to stop.
    ///
    /// - Parameters:
    ///   - resume: Goes on from the run's last checkpoint.
    ///   - seconds: Saves and stops after that time, to be resumed.
    ///   - resumeCommand: What a user types to go on.
    ///   - showsProgress: On standard error.
    public func train(
        resume: Bool = false, seconds: Double? = nil, resumeCommand: String? = nil, showsProgress: Bool = false
    ) throws -> TrainingOutcome {
        try run.prepare()
        let text = try file.text
        let log = try run.openLog()
        log.info("\(model.classNames.count) classes: \(model.classNames.joined(separator: ", "))")
        log.info("training on \(report.summary)")
        let loop = TrainingLoop(
            task: task, optimizer: recipe.training.makeOptimizer(for: model.detector),
            options: options(seconds: seconds),
            identity: RunIdentity(classNames: model.classNames, recipe: text, resumeCommand: resumeCommand),
            folder: run.path,
            observers: [RecipeWriter(text: text, path: run.recipe), ProgressPrinter.logging(to: log)]
                + (showsProgress ? [ProgressPrinter.standard()] : []))
        do {
            return try loop.run(resume: resume)
        } catch {
            log.error("\(error)")
            throw error
        }
    }

    /// Images that could not be read and were replaced by others.
    public var replacedImages: [SkippedSample] { task.loader.skipped }

    private func options(seconds: Double?) -> TrainingOptions {
        let training = recipe.training
        let stepsPerEpoch = (task.batchesPerEpoch + training.accumulation - 1) / training.accumulation
        var options = TrainingOptions(epochs: training.epochs, steps: training.steps)
        options.seconds = seconds
        options.accumulation = training.accumulation
        options.schedule = training.learningRateSchedule(
            totalSteps: min(training.epochs * stepsPerEpoch, training.steps ?? .max))
        options.maxGradientNorm = training.clipNorm
        options.seed = training.seed
        if recipe.data.val == nil {
            options.evaluation = .never
        } else {
            options.evaluation = .epochs(recipe.evaluation.every == 0 ? training.epochs : recipe.evaluation.every)
            options.best = .init(recipe.evaluation.metric.rawValue)
        }
        return options
    }
}

/// Keeps the recipe beside the run once it has begun: a run that was refused leaves another's recipe alone.
private final class RecipeWriter: TrainingObserver {
    private let text: String
    private let path: String

    init(text: String, path: String) {
        self.text = text
        self.path = path
    }

    func handle(_ event: TrainingEvent) throws {
        if case .started = event { try RunFolder.write(text, to: path) }
    }
}
