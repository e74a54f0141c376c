import Annotations
import Architectures
import DataPipeline
import Detectors
import Evaluation
import NN
import Support
import Tensors
import Training

/// Faster R-CNN on an iResNet with images of one's own, as the training loop sees it.
final class OwnDetection: TrainingTask {
    typealias Batch = DataPipeline.Batch<DetectionSample>

    let detector: FasterRCNN
    private let loader: DataLoader<DetectionDataset>
    private let validation: DetectionDataset

    /// - Parameters:
    ///   - training: A file of COCO's annotations, as `validation` is; both name files in the folder `images`.
    ///   - backbone: Any image model of the catalogue.
    init(training: String, validation: String, images: String, backbone: String) throws {
        let dataset = try DetectionDataset(
            annotations: COCO.readInstances(training), imageFolder: images, transforms: [RandomHorizontalFlip()])
        self.validation = try DetectionDataset(
            annotations: COCO.readInstances(validation), imageFolder: images, filter: .everything)
        loader = DataLoader(
            dataset: dataset, batchSize: 2, sampler: ShuffledSampler(count: dataset.count, seed: 1), seed: 1,
            dropLast: true)

        var configuration = FasterRCNNConfiguration()
        configuration.minSizes = [192]
        configuration.maxSize = 320
        configuration.anchorSizes = [[16], [32], [64], [128], [192]]
        detector = try FasterRCNN(
            configuration, backbone: Catalogue.architecture(named: backbone), classCount: dataset.classNames.count)
    }

    var classNames: [String] { loader.dataset.classNames }
    var model: Module { detector }
    var batchesPerEpoch: Int { loader.batchesPerEpoch }

    func batches(epoch: Int, startingAt first: Int) -> () throws -> Batch? {
        let batches = loader.epoch(epoch, startingAtBatch: first)
        return { try batches.next() }
    }

    func losses(_ batch: Batch) -> [(name: String, value: Tensor)] {
        detector.losses(images: batch.images, targets: batch.targets)
    }

    func imageCount(_ batch: Batch) -> Int { batch.samples.count }
    func describe(_ batch: Batch) -> String { batch.names.joined(separator: ", ") }

    /// COCO's AP on the validation images. Boxes come back in the pixels of the image that the detector was given.
    func evaluate() throws -> [String: Double]? {
        let annotations = validation.annotations
        var results = DetectionResults()
        for index in 0..<validation.count {
            var random = SeededRandom(seed: 0, epoch: 0, index: index)
            let sample = try validation.sample(at: index, random: &random)
            let found = detector.detect(images: [Tensor(sample.image)])[0]
            let corners = found.boxes.array(Float.self)
            let scores = found.scores.array(Float.self)
            for (i, label) in found.labels.array(Int.self).enumerated() {
                let c = corners[4 * i..<4 * i + 4].map { $0 }
                results.append(
                    imageID: sample.imageID, categoryID: annotations.categoryIDs[label - 1],
                    box: Box(x0: c[0], y0: c[1], x1: c[2], y1: c[3]), score: Double(scores[i]))
            }
        }
        let scores = try COCOEvaluation.evaluate(groundTruth: annotations, results: results)
        return ["AP": scores.ap, "AP50": scores.ap50]
    }
}
