import DataPipeline
import Foundation
import NN
import Support
import Tensors
import Training

/// The part of training that all tasks share: the run's folder, its log, and the loop.
struct TrainingRun {
    let file: RecipeFile
    let folder: RunFolder
    let recipe: TrainingSection
    let classNames: [String]
    /// Epochs between evaluations and the measure that chooses the best checkpoint; nil never evaluates.
    let evaluation: (every: Int, metric: String)?
    /// Measures whose lowest value is the best.
    let lowerIsBetter: [String]
    /// The processes that train together; nil for one alone.
    let processes: TrainingProcesses?

    /// Decodes a recipe and makes its data root absolute.
    ///
    /// - Throws: `RecipeFileError`.
    static func open<Sections: RecipeSections>(
        _ file: RecipeFile
    ) throws -> (recipe: Recipe<Sections>, file: RecipeFile) {
        let recipe = try file.decode(Recipe<Sections>.self)
        return (recipe, try anchoring(file, root: recipe.data.root))
    }

    /// Throws `RecipeFileError` if an epoch of `images` images has no batch.
    static func requireBatches<Task: TrainingTask>(_ task: Task, images: Int, batch: Int, file: RecipeFile) throws {
        guard task.batchesPerEpoch > 0 else {
            throw file.error(
                at: "training.batch",
                "an epoch of \(images) images has no full batch of \(batch); lower training.batch, or set a smaller "
                    + "training.device_batch")
        }
    }

    /// The recipe with an absolute data root, so that the run can be resumed, and its model used, from another folder.
    private static func anchoring(_ file: RecipeFile, root: String) throws -> RecipeFile {
        var file = file
        let absolute = URL(fileURLWithPath: root).standardizedFileURL.path
        if absolute != root { try file.replace("data.root", with: absolute) }
        return file
    }

    /// - Parameters:
    ///   - records: What the run notes beside its checkpoints.
    ///   - files: Further texts to write into the run's folder once training has begun, by path.
    func train<Task: TrainingTask>(
        _ task: Task, summary: String, start: StartWeights?, notes: [String], records: RunRecords,
        files: [String: String] = [:], resumption: Resumption?, seconds: Double?, resumeCommand: String?,
        showsProgress: Bool
    ) throws -> TrainingOutcome {
        let writes = processes?.isFirst ?? true
        if writes { try folder.prepare() }
        // Before anything is written, so that another run in this folder stays whole.
        let lock = writes ? try FolderLock(ofRun: folder.path) : nil
        let text = try file.text
        let options = options(batchesPerEpoch: task.batchesPerEpoch, seconds: seconds)
        let checkpoint = try resumption.map { try folder.checkpoint(toResumeFrom: $0.from) }
        var files = files
        var changes: String?
        if let checkpoint, let resumption {
            let info = try Checkpoint.readInfo(checkpoint)
            let found = try RecipeChanges(
                since: info, to: file, learningRate: recipe.learningRate, options: options)
            if !resumption.acceptsChanges { try found.requireContinuing(checkpoint) }
            let kept = folder.recipe(untilStep: info.step)
            let summary = found.summary(oldRecipe: kept)
            changes = summary ?? ""
            // A file of that step holds the recipe that trained until it; later ones took no step.
            if summary != nil, !FileManager.default.fileExists(atPath: kept) { files[kept] = info.recipe }
        }
        guard writes else {
            let loop = TrainingLoop(
                task: task, optimizer: recipe.makeOptimizer(for: task.model), options: options,
                identity: identity(text, resumeCommand, changes), folder: folder.path)
            loop.processes = processes
            return try loop.run(
                resume: resumption != nil, from: checkpoint, acceptingChanges: resumption?.acceptsChanges ?? false)
        }
        let log = try folder.openLog()
        log.info("\(classNames.count) classes: \(classNames.joined(separator: ", "))")
        log.info("training on \(summary)")
        if resumption == nil, let start { log.info("\(start.summary)") }
        for note in notes { log.info("\(note)") }
        let loop = TrainingLoop(
            task: task, optimizer: recipe.makeOptimizer(for: task.model),
            options: options, identity: identity(text, resumeCommand, changes),
            folder: folder.path,
            observers: [FileWriter(files.merging([folder.recipe: text]) { $1 }), ProgressPrinter.logging(to: log)]
                + (showsProgress ? [ProgressPrinter.standard()] : [])
                + records.observers(
                    in: folder, recipe: text, seed: recipe.seed, processes: processes?.size ?? 1))
        loop.lock = lock
        loop.processes = processes
        let origin = RunOrigin(recipe: file, data: records.data)
        loop.texts = { try origin.texts }
        do {
            return try loop.run(
                resume: resumption != nil, from: checkpoint, acceptingChanges: resumption?.acceptsChanges ?? false)
        } catch {
            log.error("\(error)")
            throw error
        }
    }

    private func identity(_ recipe: String, _ resumeCommand: String?, _ changes: String?) -> RunIdentity {
        var identity = RunIdentity(classNames: classNames, recipe: recipe, resumeCommand: resumeCommand)
        identity.changes = changes
        return identity
    }

    func options(batchesPerEpoch: Int, seconds: Double?) -> TrainingOptions {
        let stepsPerEpoch = (batchesPerEpoch + recipe.microBatches - 1) / recipe.microBatches
        var options = TrainingOptions(epochs: recipe.epochs, steps: recipe.steps)
        options.seconds = seconds
        options.accumulation = recipe.microBatches
        options.schedule = recipe.learningRateSchedule(
            totalSteps: min(recipe.epochs * stepsPerEpoch, recipe.steps ?? .max), stepsPerEpoch: stepsPerEpoch)
        options.maxGradientNorm = recipe.clipNorm
        options.lossScale = recipe.precision == .float16 ? LossScale() : nil
        options.seed = recipe.seed
        options.checkpointSteps = recipe.checkpointSteps
        options.checkpointSeconds = recipe.checkpointMinutes > 0 ? recipe.checkpointMinutes * 60 : nil
        options.averaging = recipe.ema?.averaging
        options.keptBest = recipe.keepBest
        options.earlyStopping = recipe.earlyStopping?.stopping(lowerIsBetter: lowerIsBetter)
        if let evaluation {
            options.evaluation = .epochs(evaluation.every == 0 ? recipe.epochs : evaluation.every)
            options.best = .init(evaluation.metric)
        } else {
            options.evaluation = .never
        }
        return options
    }
}

/// Writes the recipe and other texts once training has begun, so that a refused run does not overwrite another's recipe.
private final class FileWriter: TrainingObserver {
    private let texts: [String: String]

    init(_ texts: [String: String]) { self.texts = texts }

    func handle(_ event: TrainingEvent) throws {
        guard case .started = event else { return }
        for (path, text) in texts { try RunFolder.write(text, to: path) }
    }
}
