import Foundation

/// What a classifier made of each image, or video, of a data set: what `predictions.json` in a run's folder holds.
public struct ClassPredictions: Hashable, Sendable, Codable {
    /// One image, or video.
    public struct Image: Hashable, Sendable, Codable {
        /// The image's name in its data set.
        public var name: String
        /// The annotated class, as an index of `classes`.
        public var label: Int
        /// The likeliest classes, up to five, the likeliest first.
        public var likeliest: [Int]
        /// The probability of the likeliest class, 0…1.
        public var probability: Double
        /// The cross-entropy.
        public var loss: Double

        /// A prediction of its values.
        public init(name: String, label: Int, likeliest: [Int], probability: Double, loss: Double) {
            self.name = name
            self.label = label
            self.likeliest = likeliest
            self.probability = probability
            self.loss = loss
        }

        /// Whether the likeliest class is the annotated one.
        public var isRight: Bool { likeliest.first == label }
        /// Whether the annotated class is among the five likeliest.
        public var isAmongFive: Bool { likeliest.contains(label) }
    }

    /// The classes' names, in the order of the model's outputs.
    public var classes: [String]
    /// The images, in the order of the data set.
    public var images: [Image]

    /// Predictions of images.
    public init(classes: [String], images: [Image]) {
        self.classes = classes
        self.images = images
    }

    /// JSON with a line for each image.
    ///
    /// - Throws: Foundation's error for a number that is not finite.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        func text(_ value: some Encodable) throws -> String {
            String(decoding: try encoder.encode(value), as: UTF8.self)
        }
        let lines = try images.map { try text($0) }
        return "{\"classes\":\(try text(classes)),\n\"images\":[\n\(lines.joined(separator: ",\n"))\n]}\n"
    }

    /// Reads predictions.
    ///
    /// - Throws: ``EvaluationError`` for a file that is missing or damaged, or that contradicts itself.
    public init(path: String) throws {
        func failure(_ problem: String) -> EvaluationError {
            EvaluationError(source: path, problem: problem, fix: "Write it again with vertebra evaluate")
        }
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw failure("it can't be read as predictions")
        }
        for image in images {
            guard ([image.label] + image.likeliest).allSatisfy(classes.indices.contains), !image.likeliest.isEmpty,
                image.loss.isFinite, (0...1).contains(image.probability)
            else { throw failure("what it says of \(image.name) can't be") }
        }
        guard Set(images.map(\.name)).count == images.count else { throw failure("two images have one name") }
    }
}
