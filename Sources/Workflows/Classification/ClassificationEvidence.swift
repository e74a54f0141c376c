import DataPipeline
import Evaluation
import Media
import Support
import Tensors
import Training

/// What an evaluation within a training found, to be looked at: predictions on some validation samples, how often each class was
/// taken for each, and how sure the classifier was.
struct ClassificationEvidence {
    /// What the classifier said of a sample.
    struct Prediction: Codable, Hashable {
        /// The sample's index in the data set.
        let sample: Int
        let label: Int
        let predicted: Int
        /// The probability of the predicted class, 0…1.
        let probability: Float
    }

    let classNames: [String]
    /// Those of the samples to be drawn, which are always the same.
    private(set) var predictions: [Prediction] = []
    /// How often samples of a class were found likeliest of a class: `confusion[label * classes + predicted]`.
    private(set) var confusion: [Int]
    private let drawn: Set<Int>
    /// For each class, so many counts one after the other.
    private var right: [Int]
    private var wrong: [Int]

    /// Samples that are drawn.
    private static let pictureCount = 8
    /// Thresholds of a curve.
    private static let thresholds = 101
    /// Classes that have a curve of their own.
    private static let mostCurves = 100
    /// Most classes whose confusions are drawn; names of more could not be read.
    private static let mostConfused = 60

    /// - Parameters:
    ///   - samples: How many samples the data set has.
    ///   - leftOut: Those of them that can't be read.
    init(classNames: [String], samples: Int, leftOut: Set<Int>) {
        self.classNames = classNames
        let readable = leftOut.isEmpty ? Array(0..<samples) : (0..<samples).filter { !leftOut.contains($0) }
        let count = min(Self.pictureCount, readable.count)
        // One of each of so many stretches, at random, because classes may take turns in a list.
        var random = SeededRandom(seed: 0, epoch: 0, index: 0)
        drawn = Set(
            (0..<count).map { i in
                let stretch = i * readable.count / count..<(i + 1) * readable.count / count
                return readable[stretch.lowerBound + random.integer(below: stretch.count)]
            })
        confusion = [Int](repeating: 0, count: classNames.count * classNames.count)
        right = [Int](repeating: 0, count: classNames.count * Self.thresholds)
        wrong = right
    }

    /// - Parameters:
    ///   - logits: `[N, classes]`.
    ///   - samples: The samples' indices in the data set.
    mutating func add(_ logits: Tensor, labels: [Int], samples: [Int]) {
        let classes = classNames.count
        let probabilities = logits.softmax(dim: 1).array(Float.self)
        for (row, (label, sample)) in zip(labels, samples).enumerated() {
            let own = probabilities[row * classes..<(row + 1) * classes]
            var best = own.startIndex
            for (k, place) in own.indices.enumerated() {
                if own[place] > own[best] { best = place }
                let slot =
                    k * Self.thresholds + ThresholdCounts.place(of: Double(own[place]), thresholds: Self.thresholds)
                if k == label { right[slot] += 1 } else { wrong[slot] += 1 }
            }
            let predicted = best - own.startIndex
            confusion[label * classes + predicted] += 1
            guard drawn.contains(sample) else { continue }
            predictions.append(
                Prediction(sample: sample, label: label, predicted: predicted, probability: own[best]))
        }
    }

    /// Adds up what all processes found.
    mutating func gather(_ processes: TrainingProcesses) throws {
        predictions = try processes.gather(all: predictions).sorted { $0.sample < $1.sample }
        func sum(_ counts: [Int]) throws -> [Int] {
            let lists = try processes.group.gather(counts.map(Double.init))
            return counts.indices.map { i in lists.reduce(0) { $0 + Int($1[i]) } }
        }
        (confusion, right, wrong) = (try sum(confusion), try sum(right), try sum(wrong))
    }

    /// The samples with their true and their predicted class; which classes were taken for which; and curves of precision against
    /// recall, for which each class in turn is the one to find: one of all classes together, and one of each class that has samples.
    ///
    /// - Throws: `MediaError`.
    func summary(of dataset: AnyClassificationDataset) throws -> [SummaryValue] {
        try predictions.compactMap { try picture(of: $0, in: dataset) } + confusionPicture() + curves
    }

    private func picture(of prediction: Prediction, in dataset: AnyClassificationDataset) throws -> SummaryValue? {
        var random = SeededRandom(seed: 0, epoch: 0, index: prediction.sample)
        // One that was readable when it was measured may be gone.
        guard let sample = try? dataset.sample(at: prediction.sample, random: &random) else { return nil }
        let name = dataset.name(prediction.sample)
        return try Self.value(
            "predictions/\(name)",
            PredictionPicture.drawn(
                sample.frames, name: name, label: classNames[prediction.label],
                predicted: classNames[prediction.predicted], probability: prediction.probability))
    }

    private func confusionPicture() throws -> [SummaryValue] {
        guard (2...Self.mostConfused).contains(classNames.count), confusion.contains(where: { $0 > 0 }) else {
            return []
        }
        return [try Self.value("confusion", ConfusionPicture.drawn(confusion, classNames: classNames))]
    }

    private static func value(_ tag: String, _ picture: ByteImage) throws -> SummaryValue {
        let bytes = try ImageFile.encodeJPEG(picture, encoding: JPEGEncoding(quality: 90), name: tag)
        return SummaryValue(tag, .image(encoded: bytes, width: picture.width, height: picture.height))
    }

    private var curves: [SummaryValue] {
        let classes = classNames.count
        let counts = classNames.indices.map { k in
            let part = k * Self.thresholds..<(k + 1) * Self.thresholds
            return ThresholdCounts(
                name: classNames[k],
                objects: confusion[k * classes..<(k + 1) * classes].reduce(0, +), rightFrom: Array(right[part]),
                wrongFrom: Array(wrong[part]))
        }
        let all = ThresholdCounts(sumOf: counts, name: "all classes")
        guard all.objects > 0 else { return [] }
        return ([all] + counts.filter { $0.objects > 0 }.prefix(Self.mostCurves)).map { $0.curve }
    }
}
