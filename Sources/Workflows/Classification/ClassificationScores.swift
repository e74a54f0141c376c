import Evaluation
import Foundation
import Media
import Tensors
import Training

/// What a classifier scored on images that it was not trained on.
public struct ClassificationScores: Sendable, Codable {
    /// How often images, or videos, of one class were recognised.
    public struct ClassScore: Sendable, Codable {
        /// The class's name.
        public var name: String
        /// Images, or videos, of the class.
        public var images: Int
        /// Share of them that were given this class.
        public var top1: Double
    }

    /// Share of images, or videos, whose class was found the likeliest, 0…1.
    public var top1: Double
    /// Share of images, or videos, whose class was among the five likeliest, 0…1.
    public var top5: Double
    /// Mean cross-entropy.
    public var loss: Double
    /// Number of images, or videos, that were looked at.
    public var images: Int
    /// Seconds that the measurement took.
    public var seconds: Double
    /// The scores of each class, in the order of the labels.
    public var classes: [ClassScore]
    /// How much of a set of videos this was measured on; nil for images.
    public var videos: Videos?
    /// Images that could not be read; the scores leave them out.
    public var unreadable: [UnreadableImage] = []
    /// Images that are damaged and were accepted, as `data.damaged_images` says; the scores are of them too.
    public var damaged: [MediaWarning] = []
    /// The classifier and the data that were measured; nil during training.
    public var measured: MeasuredClassifier?
    /// What was made of each image, or video, which is kept in a file of its own; nil during training.
    public var predictions: ClassPredictions?

    private enum CodingKeys: String, CodingKey {
        case top1, top5, loss, images, seconds, classes, videos, unreadable, damaged, measured
    }

    /// What a measurement on videos looked at.
    public struct Videos: Sendable, Codable {
        /// Views of each video whose probabilities are averaged.
        public var views: Int
        /// Number of videos that the set lists.
        public var listed: Int
        /// Names of listed videos that are not there.
        public var missing: [String]
        /// Videos that are there and could not be read; the scores leave them out.
        public var unreadable: [UnreadableVideo]
    }

    /// The values that a run records.
    public var metrics: [String: Double] { ["top1": top1, "top5": top5, "loss": loss] }

    /// The scores of each class, then the overall ones, as text for a person.
    public var table: String {
        let width = max(5, classes.map(\.name.count).max() ?? 0)
        func row(_ name: String, _ images: String, _ value: String) -> String {
            " " + name.padding(toLength: width, withPad: " ", startingAt: 0) + "  "
                + String(repeating: " ", count: max(0, 7 - images.count)) + images + "  " + value
        }
        let rows = classes.map { row($0.name, String($0.images), String(format: "%6.2f %%", 100 * $0.top1)) }
        let rate = seconds > 0 ? String(format: "%.1f", Double(images) / seconds) : "–"
        return
            ([row("class", "images", "   top-1")] + rows + [
                "",
                String(format: " top-1 %.2f %%, top-5 %.2f %%, cross-entropy %.4f", 100 * top1, 100 * top5, loss),
                String(
                    format: " %d %@ in %.1f s, %@ a second", images, videos == nil ? "images" : "videos", seconds, rate),
            ] + (videos.map { [$0.line(measured: images)] } ?? [])
            + [unreadable.summary(of: images + unreadable.count), damaged.damageSummary].compactMap(\.self)
            .map { " " + $0 }).joined(separator: "\n")
    }
}

extension ClassificationScores.Videos {
    /// A line for a person. It gives the size of the part, without which an accuracy means little.
    func line(measured: Int) -> String {
        " "
            + ClipInventory.size(
                measured, listed: listed, missing: missing.count, unreadable: unreadable.count)
            + "; \(views) \(views == 1 ? "view" : "views") of each"
    }
}

/// Counts right answers as they come.
struct ClassificationTally {
    let classNames: [String]
    private var images: [Int]
    private var right: [Int]
    private var amongFive = 0
    /// The sums of the batches' cross-entropies, with the batches' numbers.
    private var losses: [(batch: Int, loss: Double)] = []
    private let began = ContinuousClock.now
    private(set) var count = 0
    /// What was made of each image; nil if that is not kept.
    private var predictions: [ClassPredictions.Image]?

    /// - Parameter keepsPredictions: Whether to keep what is made of each image. Processes don't gather it.
    init(classNames: [String], keepsPredictions: Bool = false) {
        self.classNames = classNames
        predictions = keepsPredictions ? [] : nil
        images = .init(repeating: 0, count: classNames.count)
        right = images
    }

    /// - Parameters:
    ///   - scores: `[N, classes]`, the higher the likelier.
    ///   - loss: The sum of the images' cross-entropies.
    ///   - batch: The number of the batch; nil follows the last one.
    /// - Throws: `JobError` for a class that the model does not know.
    mutating func add(_ scores: Tensor, loss: Double, labels: [Int], names: [String], batch: Int? = nil) throws {
        let k = min(5, classNames.count)
        let likeliest = scores.topK(k, dim: 1).indices.array(Int.self)
        for (i, (label, name)) in zip(labels, names).enumerated() {
            guard label < classNames.count else {
                throw JobError(name, "has a class that the model does not know")
            }
            images[label] += 1
            if likeliest[i * k] == label { right[label] += 1 }
            if likeliest[i * k..<(i + 1) * k].contains(label) { amongFive += 1 }
        }
        losses.append((batch ?? losses.count, loss))
        count += labels.count
        if predictions != nil { keep(scores, likeliest: likeliest, labels: labels, names: names) }
    }

    private mutating func keep(_ scores: Tensor, likeliest: [Int], labels: [Int], names: [String]) {
        let (k, classes) = (min(5, classNames.count), classNames.count)
        let logarithms = withoutGrad { scores.to(.cpu).to(.float64).logSoftmax(dim: 1).array(Double.self) }
        for (i, (label, name)) in zip(labels, names).enumerated() {
            let row = logarithms[i * classes..<(i + 1) * classes], own = Array(likeliest[i * k..<(i + 1) * k])
            predictions?.append(
                .init(
                    name: name, label: label, likeliest: own, probability: min(1, exp(row[row.startIndex + own[0]])),
                    loss: -row[row.startIndex + label]))
        }
    }

    /// Adds up what all processes counted. Losses are added in the order of the batches, as one process does.
    mutating func gather(_ processes: TrainingProcesses) throws {
        let counts = try processes.group.gather((images + right + [amongFive, count]).map(Double.init))
        func sum(_ i: Int) -> Int { counts.reduce(0) { $0 + Int($1[i]) } }
        let classes = classNames.count
        images = (0..<classes).map(sum)
        right = (classes..<2 * classes).map(sum)
        amongFive = sum(2 * classes)
        count = sum(2 * classes + 1)
        let own = losses.flatMap { [Double($0.batch), $0.loss] }
        losses = try processes.group.gather(lists: own).flatMap { list in
            stride(from: 0, to: list.count, by: 2).map { (Int(list[$0]), list[$0 + 1]) }
        }.sorted { $0.batch < $1.batch }
    }

    func scores(of videos: ClassificationScores.Videos? = nil) -> ClassificationScores {
        let total = Double(max(1, count))
        let loss = losses.reduce(0) { $0 + $1.loss }
        return ClassificationScores(
            top1: Double(right.reduce(0, +)) / total, top5: Double(amongFive) / total, loss: loss / total,
            images: count,
            seconds: (ContinuousClock.now - began) / .seconds(1),
            classes: classNames.enumerated().map { label, name in
                .init(name: name, images: images[label], top1: Double(right[label]) / Double(max(1, images[label])))
            }, videos: videos, predictions: predictions.map { .init(classes: classNames, images: $0) })
    }
}
