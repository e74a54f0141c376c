/// What several runs measured on the same images, each compared with the first of them.
public struct Comparison: Hashable, Sendable, Codable {
    /// What the images are and what was asked of them.
    public enum Kind: String, Hashable, Sendable, Codable {
        /// Objects in images.
        case detection
        /// A class for each image.
        case images
        /// A class for each video.
        case videos
    }

    /// One measure of all runs.
    public struct Measure: Hashable, Sendable, Codable {
        /// How the measure is written.
        public enum Unit: String, Hashable, Sendable, Codable {
            /// A share in 0…1, of which more is better.
            case share
            /// A loss, of which less is better.
            case loss
        }

        /// The measure's name, such as AP50.
        public let name: String
        /// How the measure is written, and whether more of it is better.
        public let unit: Unit
        /// Each run's value; nil where there is nothing to measure.
        public let values: [Double?]
        /// Each run's difference to the first; nil for the first, and where there is nothing to measure.
        public let differences: [MeasuredDifference?]

        /// The runs with the best value; none where all are equal or nothing was measured.
        public var best: [Int] {
            let measured = values.compactMap(\.self)
            let wanted = unit == .share ? measured.max() : measured.min()
            guard let wanted, measured.count > 1, Set(measured).count > 1 else { return [] }
            return values.indices.filter { values[$0] == wanted }
        }

        /// Whether a difference is for the better.
        public func isGain(_ difference: Double) -> Bool { unit == .share ? difference > 0 : difference < 0 }
    }

    /// One class's measures.
    public struct ClassMeasures: Hashable, Sendable, Codable {
        /// The class's name.
        public let name: String
        /// Objects of the class, or images, or videos.
        public let count: Int
        /// The measures, the one that matters most first.
        public let measures: [Measure]
    }

    /// An image on which runs differ.
    public struct ChangedImage: Hashable, Sendable, Codable {
        /// The image's file name, or its name in the data set.
        public let name: String
        /// The image's position in the annotations, or among the predictions.
        public let image: Int
        /// The annotated class; nil for detectors.
        public let label: String?
        /// How bad each run is on it: for a detector, a missed object counts 1 and a wrong detection its score; for a
        /// classifier, the cross-entropy.
        public let errors: [Double]
        /// What each run made of the image, in words.
        public let outcomes: [String]
    }

    /// What is compared.
    public let kind: Kind
    /// The runs' names; the others are compared with the first.
    public let runs: [String]
    /// Number of images, or of videos.
    public let images: Int
    /// Number of objects to find; nil for classifiers.
    public let objects: Int?
    /// The choices of images that tell how far differences are chance.
    public let resamples: BootstrapResamples
    /// The measures of the whole, in the order of the papers' tables.
    public let measures: [Measure]
    /// The measures of each class, in the order of the labels.
    public let classes: [ClassMeasures]
    /// For classifiers, McNemar's test of the first run and each of the others; empty for detectors.
    public let mcNemar: [McNemarTest]
    /// The images on which runs differ, those with the largest change first.
    public let changedImages: [ChangedImage]

    /// The measure that a run is judged by.
    public var mainMeasure: Measure { measures[0] }
}

extension Comparison.Measure {
    /// A measure of values and of those on every resample.
    ///
    /// - Parameters:
    ///   - values: By run, not a number where there is nothing to measure.
    ///   - samples: By resample, then by run.
    init(_ name: String, _ unit: Unit = .share, values: [Double], samples: [[Double]]) {
        self.init(
            name: name, unit: unit, values: values.map { $0.isNaN ? nil : $0 },
            differences: values.indices.map { run in
                guard run > 0, !values[run].isNaN, !values[0].isNaN else { return nil }
                let measured = samples.map { $0[run] - $0[0] }.filter { !$0.isNaN }
                return measured.isEmpty ? nil : MeasuredDifference(values[run] - values[0], samples: measured)
            })
    }
}

extension Comparison.ChangedImage {
    /// The images on which runs differ, those with the largest change to the first run first.
    static func sorted(_ images: [Comparison.ChangedImage]) -> [Comparison.ChangedImage] {
        func change(_ errors: [Double]) -> Double { errors.dropFirst().map { abs($0 - errors[0]) }.max() ?? 0 }
        let changes = images.map { ($0, change($0.errors)) }.filter { $0.1 > 0 }
        return changes.sorted { $0.1 != $1.1 ? $0.1 > $1.1 : $0.0.image < $1.0.image }.map(\.0)
    }
}
