import DataPipeline
import Detectors
import Media
import NN
import Support
import Tensors
import Training

/// A detector on its data, as the training loop sees it.
final class DetectionTask: TrainingTask {
    struct Batch {
        let loaded: DataPipeline.Batch<DetectionSample>
        let examples: DetectionBatch
    }

    let detector: DetectorModel
    let loader: DataLoader<DetectionDataset>
    /// A line on training images that can't be used and will be replaced; nil without any.
    let unusableFiles: String?
    /// A line on images that are visited more or less often; nil where all are visited once.
    let sampling: String?
    let measurement: DetectionMeasurement?
    private let damaged = DamagedImageLog()
    /// Whether what an evaluation finds is kept until it is taken.
    var keepsEvidence = false
    private var evidence: DetectionEvidence?

    var model: Module { detector.detector }
    var batchesPerEpoch: Int { loader.batchesPerEpoch }

    /// - Parameter checking: Called while the training files are looked at.
    /// - Throws: `DatasetError` for annotations that training can't use; `RecipeFileError` for files that it can't use.
    init(
        model: DetectorModel, training: DetectionData.Part, validation: DetectionData.Part?,
        share: BatchShare = BatchShare(), processes: TrainingProcesses? = nil,
        checking: (_ done: Int, _ total: Int) -> Void
    ) throws {
        detector = model
        let recipe = model.recipe
        let dataset = try DetectionDataset(
            annotations: training.annotations,
            imageFolder: training.imageFolder, transforms: recipe.input.trainingTransforms,
            filter: DetectionFilter(
                degenerateBoxes: recipe.data.degenerateBoxes, emptyImages: recipe.data.emptyImages,
                dropsDifficult: !recipe.data.difficultObjects),
            decodeOptions: DecodeOptions(recipe.data.damagedImages, telling: damaged))
        let seed = recipe.training.seed
        let weighted = try recipe.training.sampling?.sampler(
            count: dataset.count, seed: seed, classNames: dataset.classNames, file: model.file,
            classes: { Set(dataset.target($0).labels).map { $0 - 1 } }, name: dataset.describe)
        sampling = weighted?.summary
        let plain: any Sampler = weighted ?? ShuffledSampler(count: dataset.count, seed: seed)
        let sampler: any Sampler =
            recipe.input.aspectGroups && recipe.input.side == nil
            ? AspectGroupedBatchSampler(aspectRatios: dataset.aspectRatios, base: plain) : plain
        loader = DataLoader(
            dataset: dataset, batchSize: recipe.training.microBatch, sampler: sampler,
            threads: recipe.training.loaderThreads,
            seed: seed, failurePolicy: recipe.data.failedImages, dropLast: recipe.training.dropLast, share: share)
        if let weights = recipe.training.classWeights {
            let own = try weights.weights(of: dataset.classNames, counts: { [] }, file: model.file)
            // The background comes first.
            model.detector.classWeights = Tensor(([1] + own).map(Float.init), shape: [own.count + 1])
                .to(model.device)
        }
        measurement = try validation.map { try DetectionMeasurement(model: model, part: $0, processes: processes) }
        unusableFiles = try dataset.unusableFiles(progress: checking)
            .unusable(of: dataset.count, in: .training, under: recipe.data.failedImages, file: model.file) {
                dataset.path($0)
            }
        try measurement?.requireUsableFiles()
    }

    /// The damaged images that training and its evaluations accepted so far.
    var damagedImages: [MediaWarning] { damaged.images + (measurement?.damagedImages ?? []) }

    /// The validation images that evaluations left out so far.
    var leftOutImages: [UnreadableImage] { measurement?.leftOutImages ?? [] }

    func batches(epoch: Int, startingAt first: Int) throws -> () throws -> Batch? {
        let batches = loader.epoch(epoch, startingAtBatch: first)
        let device = detector.device
        return {
            try batches.next().map {
                Batch(
                    loaded: $0, examples: DetectionBatch(images: $0.images, targets: $0.targets, device: device))
            }
        }
    }

    func losses(_ batch: Batch) throws -> [(name: String, value: Tensor)] {
        detector.inRecipeMemory { detector.inPrecision { detector.detector.losses(batch.examples) } }
    }

    func work(_ batch: Batch) -> OutOfMemory.Work? {
        detector.work(
            batch.loaded.samples.map(\.image.size), taking: detector.recipe.training.memoryKey,
            more: detector.memoryAdvice)
    }

    func imageCount(_ batch: Batch) -> Int { batch.loaded.samples.count }

    func describe(_ batch: Batch) -> String { batch.loaded.names.joined(separator: ", ") }

    func replay(_ batch: Batch) -> [(name: String, tensor: Tensor)] {
        batch.loaded.samples.enumerated().flatMap { i, sample in
            let boxes = sample.target.boxes.flatMap { [$0.x0, $0.y0, $0.x1, $0.y1] }
            return [
                ("image\(i)", Tensor(sample.image)), ("boxes\(i)", Tensor(boxes, shape: [sample.target.count, 4])),
                ("labels\(i)", Tensor(sample.target.labels.map(Int64.init), shape: [sample.target.count])),
            ]
        }
    }

    func evaluate() throws -> [String: Double]? {
        guard let measurement else { return nil }
        let (scores, results) = try measurement.scores()
        if keepsEvidence {
            evidence = DetectionEvidence(
                part: measurement.part, results: results, leftOut: scores.unreadable,
                damagedImages: detector.recipe.data.damagedImages)
        }
        // COCO's and VOC's −1 says that there is no object to find.
        return scores.metrics.mapValues { $0 < 0 ? .nan : $0 }
    }

    /// What the last evaluation found, once; nil if nothing was kept.
    func takeEvidence() -> DetectionEvidence? {
        defer { evidence = nil }
        return evidence
    }
}
