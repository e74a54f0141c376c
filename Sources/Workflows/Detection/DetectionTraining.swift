import DataPipeline
import Media
import NN
import Tensors
import Training

/// Trains the detector of a recipe.
package struct DetectionTraining: TrainingJob {
    package let recipe: DetectionRecipe
    package let run: RunFolder
    /// The detector with its fresh or given weights.
    package let model: DetectorModel
    private let file: RecipeFile
    private let task: DetectionTask
    private let processes: TrainingProcesses?
    private let dataNotes: [String]
    private let parts: [(name: String, part: DetectionData.Part)]

    package var classNames: [String] { model.classNames }
    /// A line about the training images and boxes that the filter kept and left out.
    package var summary: String { task.loader.dataset.report.summary }
    package var start: StartWeights? { model.start }
    package var notes: [String] { dataNotes + model.notes + [task.sampling, task.unusableFiles].compactMap(\.self) }
    package var replacedImages: [SkippedSample] { task.loader.skipped }
    package var damagedImages: [MediaWarning] { task.damagedImages }
    package var leftOutImages: [UnreadableImage] { task.leftOutImages }

    /// Opens the data and builds the model, so that mistakes show before the first step.
    ///
    /// - Parameters:
    ///   - resuming: Skips the recipe's start weights, because a checkpoint will replace them.
    ///   - processes: Those that train together; nil for one alone.
    ///   - checking: Called while the training files are looked at.
    /// - Throws: `RecipeFileError`, `AnnotationError`, `ClassMismatch`, `DatasetError` and the weights' errors.
    package init(
        file: RecipeFile, output: String, device: Device = .cpu, resuming: Bool = false,
        processes: TrainingProcesses? = nil,
        checking: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws {
        try device.requirePresence()
        (recipe, self.file) = try TrainingRun.open(file)
        run = RunFolder(output)
        self.processes = processes
        let data = DetectionData(recipe.data, file: self.file)
        let training = try data.open(.train)
        let classNames = try data.classNames(training: training)
        let validation = recipe.data.val == nil ? nil : try data.open(.val, classNames: classNames)
        dataNotes = training.notes + (validation?.notes ?? [])
        let parts: [(String, DetectionData.Part?)] = [("train", training), ("val", validation)]
        self.parts = parts.compactMap { name, part in part.map { (name, $0) } }
        model = try DetectorModel(recipe: recipe, file: self.file, classNames: classNames, loadsWeights: !resuming)
        model.place(on: device)
        let share = try recipe.training.share(of: processes, training: model.detector, file: self.file)
        task = try DetectionTask(
            model: model, training: training, validation: validation, share: share, processes: processes,
            checking: checking)
        try TrainingRun.requireBatches(
            task, images: task.loader.dataset.count, batch: recipe.training.microBatch, file: self.file)
    }

    package func train(
        resume: Bool = false, from checkpoint: String? = nil, acceptingChanges: Bool = false, seconds: Double? = nil,
        resumeCommand: String? = nil, showsProgress: Bool = false
    ) throws -> TrainingOutcome {
        task.keepsEvidence = recipe.logging.tensorboard && processes?.isFirst ?? true
        return try trainingRun.train(
            task, summary: summary, start: start, notes: notes, records: records,
            resumption: resume ? Resumption(from: checkpoint, acceptsChanges: acceptingChanges) : nil, seconds: seconds,
            resumeCommand: resumeCommand, showsProgress: showsProgress)
    }

    package func learningRateRange(
        progress: @escaping (_ done: Int, _ total: Int) -> Void
    ) throws -> LearningRateRange { try trainingRun.trial(task).learningRateRange(progress: progress) }

    package func rehearse() throws -> TrainingRehearsal {
        let size = recipe.input.evaluationSize(of: try task.loader.dataset.imageSize(0))
        return try trainingRun.rehearse(
            task, model, input: [3, size.height, size.width], measuredImages: task.measurement?.imageCount ?? 0
        ) { try task.measurement?.secondsPerImage() }
    }

    private var trainingRun: TrainingRun {
        TrainingRun(
            file: file, folder: run, recipe: recipe.training, classNames: classNames,
            evaluation: recipe.data.val == nil ? nil : (recipe.evaluation.every, recipe.evaluation.metric.rawValue),
            lowerIsBetter: DetectionMetric.lowerIsBetter, processes: processes)
    }

    private var records: RunRecords {
        let (parts, task) = (parts, task)
        return RunRecords(
            logging: recipe.logging, device: model.device,
            data: RunData {
                parts.map { name, part in
                    DataRecord(name, files: [part.annotations.source], annotations: part.annotations)
                }
            },
            evidence: { try task.takeEvidence()?.summary() ?? [] })
    }
}
