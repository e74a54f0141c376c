import Foundation
import Support

/// Compares the predictions of several classifiers on the same images, or videos.
public struct ClassificationComparison: Sendable {
    /// One classifier's predictions.
    public struct Run: Sendable {
        /// What the classifier is called.
        public var name: String
        /// What it made of each image.
        public var predictions: ClassPredictions

        /// Predictions and the name of what made them.
        public init(name: String, predictions: ClassPredictions) {
            self.name = name
            self.predictions = predictions
        }
    }

    /// The numbers.
    public let comparison: Comparison

    /// - Parameters:
    ///   - runs: Two or more; the others are compared with the first.
    ///   - kind: Images or videos.
    ///   - resamples: The choices of images that tell how far differences are chance.
    ///   - threads: Threads that measure; nil takes one for each processor. The numbers don't depend on it.
    ///   - progress: Called with the number of resamples done.
    /// - Throws: ``EvaluationError`` for predictions of other images, labels or classes than the first run's; `Stopped` once
    ///   the user asks to stop.
    public init(
        _ runs: [Run], kind: Comparison.Kind, resamples: BootstrapResamples = BootstrapResamples(),
        threads: Int? = nil, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws {
        let first = runs[0].predictions
        let aligned = try runs.map { try Self.align($0, with: runs[0]) }
        let labels = first.images.map(\.label), classCount = first.classes.count, runCount = runs.count
        let measure: @Sendable ([Int32]) -> [Double] = { copies in
            aligned.flatMap { Self.numbers($0, labels: labels, classCount: classCount, copies: copies) }
        }
        let once = [Int32](repeating: 1, count: labels.count)
        let values = aligned.map { Self.numbers($0, labels: labels, classCount: classCount, copies: once) }
        let samples = try resamples.measured(images: labels.count, threads: threads, progress: progress, measure)
        let width = values[0].count
        func compared(_ name: String, _ unit: Comparison.Measure.Unit = .share, column: Int) -> Comparison.Measure {
            Comparison.Measure(
                name, unit, values: values.map { $0[column] },
                samples: samples.map { sample in (0..<runCount).map { sample[$0 * width + column] } })
        }
        var counts = [Int](repeating: 0, count: classCount)
        for label in labels { counts[label] += 1 }
        comparison = Comparison(
            kind: kind, runs: runs.map(\.name), images: labels.count, objects: nil, resamples: resamples,
            measures: [compared("top-1", column: 0), compared("top-5", column: 1), compared("loss", .loss, column: 2)],
            classes: first.classes.enumerated().map { k, name in
                Comparison.ClassMeasures(name: name, count: counts[k], measures: [compared("top-1", column: 3 + k)])
            },
            mcNemar: aligned.dropFirst().map { other in
                let pairs = zip(aligned[0], other)
                return McNemarTest(
                    firstOnly: pairs.count { $0.isRight && !$1.isRight },
                    secondOnly: pairs.count { !$0.isRight && $1.isRight })
            },
            changedImages: Comparison.ChangedImage.sorted(
                first.images.indices.map { i in
                    Comparison.ChangedImage(
                        name: first.images[i].name, image: i, label: first.classes[labels[i]],
                        errors: aligned.map { $0[i].loss },
                        outcomes: aligned.map { images in
                            let percent = String(format: "%.0f %%", 100 * images[i].probability)
                            return "\(first.classes[images[i].likeliest[0]]) \(percent)"
                        })
                }))
    }

    /// A run's predictions in the order of the first run's images, with its classes' indices.
    private static func align(_ run: Run, with first: Run) throws -> [ClassPredictions.Image] {
        let (own, reference) = (run.predictions, first.predictions)
        let between = "\(run.name) and \(first.name)"
        func failure(_ problem: String) -> EvaluationError {
            EvaluationError(
                source: between, problem: problem,
                fix: "Measure both on the same data: vertebra evaluate RUN --data ROOT")
        }
        if let words = NameDifference(own.classes, reference.classes, named: (run.name, first.name))?.words("class") {
            throw failure("their classes differ: \(words)")
        }
        let names = (own.images.map(\.name), reference.images.map(\.name))
        if let words = NameDifference(names.0, names.1, named: (run.name, first.name))?.words("image") {
            throw failure("they were measured on different images: \(words)")
        }
        let places = Dictionary(zip(reference.classes, reference.classes.indices)) { first, _ in first }
        let classes = own.classes.map { places[$0] ?? 0 }
        let byName = Dictionary(own.images.map { ($0.name, $0) }) { first, _ in first }
        var relabelled: [String] = []
        let aligned = reference.images.compactMap { image -> ClassPredictions.Image? in
            guard var found = byName[image.name] else { return nil }
            found.label = classes[found.label]
            found.likeliest = found.likeliest.map { classes[$0] }
            if found.label != image.label { relabelled.append(image.name) }
            return found
        }
        guard relabelled.isEmpty else {
            let images = relabelled.count == 1 ? "1 image" : "\(relabelled.count) images"
            throw failure("the class of \(images) differs, such as that of \(relabelled[0])")
        }
        return aligned
    }

    /// Top-1, top-5 and the loss, then top-1 of each class; not a number for a class without an image.
    private static func numbers(
        _ images: [ClassPredictions.Image], labels: [Int], classCount: Int, copies: [Int32]
    ) -> [Double] {
        var (right, amongFive, total, loss) = (0, 0, 0, 0.0)
        var ofClass = [(right: Int, images: Int)](repeating: (0, 0), count: classCount)
        for (i, image) in images.enumerated() where copies[i] > 0 {
            let times = Int(copies[i])
            total += times
            ofClass[labels[i]].images += times
            if image.isRight {
                right += times
                ofClass[labels[i]].right += times
            }
            if image.isAmongFive { amongFive += times }
            loss += Double(times) * image.loss
        }
        func share(_ part: Int, _ whole: Int) -> Double { whole == 0 ? .nan : Double(part) / Double(whole) }
        return [share(right, total), share(amongFive, total), total == 0 ? .nan : loss / Double(total)]
            + ofClass.map { share($0.right, $0.images) }
    }
}
