import Annotations
import DataPipeline
import Media
import NN
import Support
import Tensors
import Training

/// Trains the classifier of a recipe.
package struct ClassificationTraining: TrainingJob {
    package let recipe: ClassificationRecipe
    package let run: RunFolder
    /// The classifier with its fresh or given weights.
    package let model: ClassifierModel
    private let file: RecipeFile
    private let task: ClassificationTask<AnyClassificationDataset>
    private let processes: TrainingProcesses?

    package var classNames: [String] { model.classNames }
    package var summary: String {
        let classes = "of \(classNames.count) classes"
        guard let videos = survey?.inventories[0] else { return "\(task.loader.dataset.count) images \(classes)" }
        return "\(videos.readable) videos \(classes)\(videos.shortfall)"
    }
    package var start: StartWeights? { model.start }
    package var notes: [String] { dataNotes + [task.sampling].compactMap(\.self) }
    private let dataNotes: [String]
    /// The videos of the training and of the validation part; nil for images.
    private let survey: ClipSurvey?
    package var replacedImages: [SkippedSample] { task.loader.skipped }
    package var damagedImages: [MediaWarning] { task.loader.dataset.damaged.images + task.measurement.damagedImages }
    package var leftOutImages: [UnreadableImage] { task.measurement.leftOutImages }

    /// Opens the data and builds the model, so that mistakes show before the first step.
    ///
    /// - Parameters:
    ///   - resuming: Skips the recipe's start weights, because a checkpoint will replace them.
    ///   - processes: Those that train together; nil for one alone.
    ///   - indexing: called while the files of images are looked at, or the index of the videos' frames is brought up to
    ///     date.
    /// - Throws: `RecipeFileError`, `DatasetError` and the weights' errors; `Stopped` once the user asks
    ///   to stop.
    package init(
        file: RecipeFile, output: String, device: Device = .cpu, resuming: Bool = false,
        processes: TrainingProcesses? = nil,
        indexing: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws {
        try device.requirePresence()
        (recipe, self.file) = try TrainingRun.open(file)
        run = RunFolder(output)
        self.processes = processes
        let damaged = DamagedImageLog()
        var training = AnyClassificationDataset(
            try ClassifierModel.dataset(
                recipe, file: self.file, training: true, augmented: true, damaged: damaged), damaged: damaged)
        model = try ClassifierModel(
            recipe: recipe, file: self.file, classNames: training.classNames, loadsWeights: !resuming)
        model.place(on: device)
        var validation = try ClassificationMeasurement.dataset(of: model)
        if let train = training.clips, let val = validation.clips {
            let survey = try ClipSurvey(recipe, parts: [ClipPart(train), ClipPart(val)], progress: indexing)
            try survey.requireReadable(recipe.data.failedImages, file: self.file)
            self.survey = survey
            training.clips?.orders = survey.inventories[0].orders
            validation.clips?.orders = survey.inventories[1].orders
        } else {
            survey = nil
        }
        let (policy, anchored) = (recipe.data.failedImages, self.file)
        let parts = [(part: ImagePart.training, dataset: training), (.validation, validation)].compactMap {
            part, dataset in
            dataset.images.map { (part: part, images: $0) }
        }
        var index =
            parts.contains { $0.images.count >= ImageFolderIndex.leastImages }
            ? ImageFolderIndex(root: recipe.data.root, file: recipe.data.indexFile) : nil
        let unusable = try parts.compactMap { part, images in
            let files = images.unusableFiles(knownBy: &index, progress: indexing)
            index?.save()
            return try files.unusable(of: images.count, in: part, under: policy, file: anchored) {
                images.folder + "/" + images.describe($0)
            }
        }
        dataNotes =
            (survey?.notes ?? []) + (index?.notes ?? []) + (survey?.inventories.flatMap(\.notes) ?? []) + unusable
        let leftOut = survey?.inventories[0].leftOut ?? []
        task = try ClassificationTask(
            model: model, dataset: training, leavingOut: leftOut,
            share: try recipe.training.share(of: processes, training: model.network, file: self.file),
            measurement: ClassificationMeasurement(
                model: model, dataset: validation, inventory: survey?.inventories[1], processes: processes))
        try TrainingRun.requireBatches(
            task, images: training.count - leftOut.count, batch: recipe.training.microBatch, file: self.file)
    }

    package func train(
        resume: Bool = false, from checkpoint: String? = nil, acceptingChanges: Bool = false, seconds: Double? = nil,
        resumeCommand: String? = nil, showsProgress: Bool = false
    ) throws -> TrainingOutcome {
        // In all processes, because they put it together.
        task.keepsEvidence = recipe.logging.tensorboard
        let videos = try survey.map { [run.videos: try prettyJSON($0) + "\n"] } ?? [:]
        return try trainingRun.train(
            task, summary: summary, start: start, notes: notes,
            records: records, files: videos,
            resumption: resume ? Resumption(from: checkpoint, acceptsChanges: acceptingChanges) : nil, seconds: seconds,
            resumeCommand: resumeCommand, showsProgress: showsProgress)
    }

    package func learningRateRange(
        progress: @escaping (_ done: Int, _ total: Int) -> Void
    ) throws -> LearningRateRange { try trainingRun.trial(task).learningRateRange(progress: progress) }

    package func rehearse() throws -> TrainingRehearsal {
        let input = recipe.input
        return try trainingRun.rehearse(
            task, model, input: [3] + (model.takesClips ? [input.frames] : []) + [input.side, input.side],
            measuredImages: task.measurement.readableCount
        ) { try task.measurement.secondsPerImage() }
    }

    private var trainingRun: TrainingRun {
        TrainingRun(
            file: file, folder: run, recipe: recipe.training, classNames: classNames,
            evaluation: (recipe.evaluation.every, recipe.evaluation.metric.rawValue),
            lowerIsBetter: ClassificationMetric.lowerIsBetter, processes: processes)
    }

    private var records: RunRecords {
        let (task, data) = (task, recipe.data)
        return RunRecords(
            logging: recipe.logging, device: model.device,
            data: RunData {
                [("train", task.loader.dataset), ("val", task.measurement.dataset)].map { $1.record(as: $0, data) }
            },
            evidence: { try task.takeEvidence()?.summary(of: task.measurement.dataset) ?? [] })
    }
}

/// A classification data set of images or clips, with its type erased.
struct AnyClassificationDataset: ClassificationDataset {
    private var base: any ClassificationDataset
    /// The damaged images that the data set accepted so far.
    let damaged: DamagedImageLog

    init(_ base: any ClassificationDataset, damaged: DamagedImageLog) {
        self.base = base
        self.damaged = damaged
    }

    var count: Int { base.count }
    var classNames: [String] { base.classNames }
    /// The data set as clips of videos; nil for images.
    var clips: ClipDataset? {
        get { base as? ClipDataset }
        set { if let newValue { base = newValue } }
    }
    /// The data set as a folder of images; nil for others.
    var images: ImageFolderDataset? { base as? ImageFolderDataset }

    func sample(at index: Int, random: inout SeededRandom) throws -> ClassificationSample {
        try base.sample(at: index, random: &random)
    }

    func describe(_ index: Int) -> String { base.describe(index) }

    func label(_ index: Int) -> Int { base.label(index) }

    /// The name of a sample within the data: its file's, relative to the folder.
    func name(_ index: Int) -> String { clips.map { $0.annotations.clips[index].path } ?? describe(index) }

    /// What the data are as a part of a recipe's.
    func record(as part: String, _ data: ClassificationDataSection) -> DataRecord {
        if let clips {
            let annotations = clips.annotations
            return DataRecord(
                part, files: [annotations.source] + (data.classes.map { [data.path($0)] } ?? []),
                images: annotations.clips.count
            ) { "\(annotations.clips[$0].path)\t\(annotations.clips[$0].label)" }
        }
        return DataRecord(part, files: (base as? CIFARDataset)?.paths ?? [], images: count, name: describe)
    }
}

/// A classifier on its data, as the training loop sees it.
final class ClassificationTask<D: ClassificationDataset>: TrainingTask {
    struct Batch {
        let loaded: DataPipeline.Batch<ClassificationSample>
        /// The network's input and the classes on its device; nil where that is the CPU, and both are made as they are needed.
        let uploaded: (input: Tensor, labels: Tensor)?
    }

    let classifier: ClassifierModel
    let loader: DataLoader<D>
    let measurement: ClassificationMeasurement
    /// A line on samples that are visited more or less often; nil where all are visited once.
    let sampling: String?
    /// Factors on the classes' terms of the loss; nil for 1 each.
    private let classWeights: Tensor?
    /// Whether what an evaluation finds is kept until it is taken.
    var keepsEvidence = false
    private var evidence: ClassificationEvidence?

    var model: Module { classifier.network }
    var batchesPerEpoch: Int { loader.batchesPerEpoch }

    /// - Parameter leavingOut: Samples that are known not to be readable. Leaving them out changes no other sample.
    ///
    /// - Throws: `RecipeFileError` for weights of classes that the data don't have.
    init(
        model: ClassifierModel, dataset: D, leavingOut leftOut: Set<Int> = [], share: BatchShare = BatchShare(),
        measurement: ClassificationMeasurement
    ) throws {
        classifier = model
        self.measurement = measurement
        let training = model.recipe.training
        classWeights = try training.classWeights.map { weights in
            let own = try weights.weights(
                of: dataset.classNames,
                counts: {
                    var counts = [Int](repeating: 0, count: dataset.classNames.count)
                    for i in 0..<dataset.count where !leftOut.contains(i) { counts[dataset.label(i)] += 1 }
                    return counts
                }, file: model.file)
            return Tensor(own.map(Float.init), shape: [own.count]).to(model.device)
        }
        let weighted = try training.sampling?.sampler(
            count: dataset.count, seed: training.seed, leftOut: leftOut, classNames: dataset.classNames,
            file: model.file, classes: { [dataset.label($0)] },
            name: { (dataset as? AnyClassificationDataset)?.name($0) ?? dataset.describe($0) })
        sampling = weighted?.summary
        loader = DataLoader(
            dataset: dataset, batchSize: training.microBatch,
            sampler: weighted
                ?? PartialSampler(
                    ShuffledSampler(count: dataset.count, seed: training.seed), leavingOut: leftOut),
            threads: training.loaderThreads,
            seed: training.seed, failurePolicy: model.recipe.data.failedImages, dropLast: training.dropLast,
            share: share)
    }

    func batches(epoch: Int, startingAt first: Int) throws -> () throws -> Batch? {
        let batches = loader.epoch(epoch, startingAtBatch: first)
        let classifier = classifier, device = classifier.device
        return {
            try batches.next().map { loaded in
                guard device != .cpu else { return Batch(loaded: loaded, uploaded: nil) }
                let there = Tensor.upload([classifier.input(loaded), loaded.labels], to: device)
                return Batch(loaded: loaded, uploaded: (there[0], there[1]))
            }
        }
    }

    func losses(_ batch: Batch) throws -> [(name: String, value: Tensor)] {
        let (input, labels) = batch.uploaded ?? (classifier.input(batch.loaded), batch.loaded.labels)
        let logits = classifier.inRecipeMemory { classifier.logits(input) }
        let loss = F.crossEntropy(
            logits, labels, classWeights: classWeights, labelSmoothing: classifier.recipe.model.labelSmoothing)
        return [("cross_entropy", loss)]
    }

    func work(_ batch: Batch) -> OutOfMemory.Work? {
        guard let first = batch.loaded.samples.first else { return nil }
        let frames = classifier.takesClips ? [first.frames.count] : []
        return classifier.work(
            [batch.loaded.samples.count, 3] + frames + [first.image.height, first.image.width],
            taking: classifier.recipe.training.memoryKey,
            more: classifier.memoryAdvice + ["set model.checkpoint_activations=true"])
    }

    func imageCount(_ batch: Batch) -> Int { batch.loaded.samples.count }

    func describe(_ batch: Batch) -> String { batch.loaded.samples.map(\.name).joined(separator: ", ") }

    func replay(_ batch: Batch) -> [(name: String, tensor: Tensor)] {
        [("images", classifier.input(batch.loaded).contiguous()), ("labels", batch.loaded.labels)]
    }

    func evaluate() throws -> [String: Double]? {
        var found = keepsEvidence ? measurement.newEvidence() : nil
        let scores = try measurement.scores(keeping: &found)
        evidence = found
        return scores.metrics
    }

    /// What the last evaluation found, once; nil if nothing was kept.
    func takeEvidence() -> ClassificationEvidence? {
        defer { evidence = nil }
        return evidence
    }
}
