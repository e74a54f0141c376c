import Architectures
import Evaluation
import Foundation
import Support
import Training

/// A run as a comparison needs it: what it is, what was measured, and how it was trained.
struct ComparedRun {
    /// What `evaluate` left in a run's folder.
    enum Measured {
        case detector(DetectionMetricsFile)
        case classifier(ClassificationMetricsFile)
    }

    let path: String
    let folder: RunFolder
    let task: VisionTask
    /// The recipe with the user's settings; nil for weights of others.
    let recipe: RecipeFile?
    /// What is in `metrics.json`; nil if that is missing or can't be read.
    private(set) var measured: Measured?
    private let settings: [String]

    /// - Parameters:
    ///   - path: A run's folder, or one that `evaluate --output` wrote to.
    ///   - settings: Changes to the run's recipe as `key=value`.
    /// - Throws: `JobError` for a folder that isn't there or holds no run; `RecipeFileError`.
    init(_ path: String, settings: [String]) throws {
        self.path = path
        self.settings = settings
        folder = RunFolder(path)
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw JobError(path, "there is no such run")
        }
        guard isDirectory.boolValue else {
            throw JobError(
                path, "this is a file; name the run's folder. Results files go with --annotations and --results")
        }
        guard folder.holdsRun else {
            throw JobError(
                path,
                "this folder holds no run: no recipe.yaml, no metrics.json, no checkpoint. Name the --output of train or "
                    + "evaluate")
        }
        measured = Self.measured(in: folder)
        recipe = try Self.recipe(of: folder, checkpoint: Self.checkpoint(measured), settings: settings)
        if let recipe {
            task = try VisionTask(of: recipe)
        } else {
            switch measured {
            case .detector: task = .detection
            case .classifier: task = .classification
            case nil:
                throw JobError(
                    path,
                    "holds neither a recipe nor a metrics.json that can be read; measure again: vertebra evaluate \(path)"
                )
            }
        }
    }

    /// What the run's images are and what was asked of them.
    var kind: Comparison.Kind {
        if task == .detection { return .detection }
        if case .classifier(let file) = measured { return file.videos == nil ? .images : .videos }
        let data = try? recipe?.decode(ClassificationRecipe.self).data
        return data?.format.isOfVideos == true ? .videos : .images
    }

    private static func measured(in folder: RunFolder) -> Measured? {
        guard let data = FileManager.default.contents(atPath: folder.evaluation) else { return nil }
        let decoder = JSONDecoder()
        if let file = try? decoder.decode(ClassificationMetricsFile.self, from: data) { return .classifier(file) }
        return (try? decoder.decode(DetectionMetricsFile.self, from: data)).map(Measured.detector)
    }

    private static func checkpoint(_ measured: Measured?) -> String? {
        switch measured {
        case .detector(let file): file.measured?.checkpoint
        case .classifier(let file): file.measured?.checkpoint
        case nil: nil
        }
    }

    /// The recipe in the folder, or the one in the checkpoint that was measured or would be; nil for weights of others.
    private static func recipe(of folder: RunFolder, checkpoint: String?, settings: [String]) throws -> RecipeFile? {
        if FileManager.default.fileExists(atPath: folder.recipe) {
            return try RecipeFile(path: folder.recipe, settings: settings)
        }
        for path in [checkpoint, folder.bestCheckpoint, folder.lastCheckpoint].compactMap(\.self) {
            guard let info = try? Checkpoint.readInfo(path) else { continue }
            return try RecipeFile(text: info.recipe, path: "the recipe in \(path)", settings: settings)
        }
        return nil
    }

    /// The step and epoch of the measured checkpoint, with its file, model and parameters; nil before a measurement.
    private var position: (checkpoint: String, step: Int, epoch: Int, model: String, parameters: Int)? {
        switch measured {
        case .detector(let file):
            file.measured.map { ($0.checkpoint, $0.step, $0.epoch, $0.model, $0.parameters) }
        case .classifier(let file):
            file.measured.map { ($0.checkpoint, $0.step, $0.epoch, $0.model, $0.parameters) }
        case nil: nil
        }
    }

    /// Why the run must be measured before it can be compared; nil if all that is needed is there.
    func reasonToMeasure() -> String? {
        guard FileManager.default.fileExists(atPath: folder.evaluation) else { return "it was not measured yet" }
        guard let position else {
            return "its metrics.json does not say what was measured, as those of earlier versions"
        }
        let kept = task == .detection ? folder.detections : folder.predictions
        guard FileManager.default.fileExists(atPath: kept) else {
            return "its folder keeps no \(FilePath.name(of: kept))"
        }
        if let info = try? Checkpoint.readInfo(position.checkpoint), info.step != position.step {
            return "it was trained on since it was measured, from step \(position.step) to step \(info.step)"
        }
        return nil
    }

    /// The checkpoint to measure: that of the last measurement, or the best.
    ///
    /// - Throws: `JobError` where there is none.
    func checkpointToMeasure() throws -> String {
        if let checkpoint = position?.checkpoint, FileManager.default.fileExists(atPath: checkpoint) {
            return checkpoint
        }
        guard let checkpoint = try? RunFolder.checkpoint(at: path) else {
            throw JobError(
                path,
                "\(reasonToMeasure() ?? "it is to be measured"), and it holds no checkpoint (best.safetensors, "
                    + "last.safetensors). Train it first, or leave it out")
        }
        return checkpoint
    }

    /// This run after a measurement.
    func read() throws -> ComparedRun { try ComparedRun(path, settings: settings) }

    /// The recipe's backbone, training and input, of either task.
    private var sections: (backbone: String, training: TrainingSection, input: [Int])? {
        guard let recipe else { return nil }
        switch task {
        case .detection:
            guard let all = try? recipe.decode(DetectionRecipe.self) else { return nil }
            let side = all.input.side ?? 224
            return (all.model.backbone, all.training, [3, side, side])
        case .classification:
            guard let all = try? recipe.decode(ClassificationRecipe.self) else { return nil }
            let isOfClips = (try? BackboneArchitecture(text: all.model.backbone))?.rank == .video
            let frames = isOfClips ? [all.input.frames] : []
            return (all.model.backbone, all.training, [3] + frames + [all.input.side, all.input.side])
        }
    }

    /// What the model is in a few words: for a detector, its head and its backbone.
    var modelTitle: String? { position?.model ?? sections?.backbone }

    /// Facts for the table.
    var facts: ComparisonTable.Facts {
        var facts = ComparisonTable.Facts()
        facts.backbone = sections?.backbone ?? position?.model
        facts.parameters = position?.parameters
        facts.epochs = position.flatMap { $0.step == 0 ? nil : $0.epoch }
        facts.steps = position.flatMap { $0.step == 0 ? nil : $0.step }
        if let sections, let plan = try? BackboneArchitecture(text: sections.backbone).with({ $0.classes = nil }).plan()
        {
            facts.input = sections.input
            facts.multiplyAdds = plan.multiplyAdds(input: sections.input)
        }
        return facts
    }

    /// The epochs that the recipe trains for; nil without a recipe.
    var plannedEpochs: Int? { sections?.training.epochs }

    /// A sentence on a training that has not come to its end; nil for one that has, and where that isn't known.
    var unfinished: String? {
        guard let training = sections?.training, let info = try? Checkpoint.readInfo(folder.lastCheckpoint) else {
            return nil
        }
        let isDone = info.epoch >= training.epochs || training.steps.map { info.step >= $0 } ?? false
        guard !isDone else { return nil }
        let isRunning = (try? folder.requireFree()) == nil
        return
            "\(path): its training \(isRunning ? "still runs" : "is not finished"): epoch \(info.epoch) of \(training.epochs), "
            + "step \(info.step)."
    }

    /// The keys of the recipe with their values; empty without a recipe.
    var settingsByKey: [(key: String, value: String)] {
        guard let recipe, let listing = try? RecipeListing(recipe) else { return [] }
        return listing.entries.map { ($0.key, $0.value) }
    }

    /// What the training recorded, and a sentence on what of it can't be read.
    func history() -> (records: [MetricsRecord], note: String?) {
        guard FileManager.default.fileExists(atPath: folder.metrics) else {
            return ([], "\(path): holds no metrics.jsonl, so its learning curves are missing.")
        }
        guard let (records, damaged) = try? MetricsLog.recordsAndDamage(folder.metrics) else {
            return ([], "\(folder.metrics): can't be read, so its learning curves are missing.")
        }
        let lines = damaged == 1 ? "1 is" : "\(damaged) are"
        return (
            records,
            damaged == 0
                ? nil : "\(folder.metrics): of \(records.count + damaged) lines, \(lines) damaged and left out."
        )
    }
}
