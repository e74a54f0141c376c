import Support

/// The key `training.class_weights`: factors on the classes' terms of the classification loss, as `torch.nn.CrossEntropyLoss` has
/// them. In a recipe: `{rare: 4, usual: 0.5}`, or `balanced`.
package enum ClassWeights: Hashable, Sendable {
    /// By the classes' names; 1 for those that are not named.
    case named([String: Double])
    /// N / (C · n(c)), of N samples of C classes, n(c) of them of class c: all classes weigh the same together. For classifiers.
    case balanced

    /// The weight of each class.
    ///
    /// - Parameter counts: Samples of each class, for `balanced`.
    /// - Throws: `RecipeFileError` for a class that the data don't have.
    func weights(of classNames: [String], counts: () -> [Int], file: RecipeFile) throws -> [Double] {
        switch self {
        case .named(let weights): return try file.numbers(weights, ofClasses: classNames, at: "training.class_weights")
        case .balanced:
            let counts = counts(), total = Double(counts.reduce(0, +))
            // A class without samples has no term, so that any number will do.
            return counts.map { $0 == 0 ? 1 : total / (Double(counts.count) * Double($0)) }
        }
    }
}

extension ClassWeights: Codable {
    private static let balancedWord = "balanced"

    package init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            guard text == Self.balancedWord else {
                throw DecodingError.dataCorrupted(
                    .init(
                        codingPath: decoder.codingPath,
                        debugDescription: "is '\(text)'; it can be balanced, or name classes: {rare: 4, usual: 0.5}"))
            }
            self = .balanced
            return
        }
        let weights = try [String: Double](from: decoder)
        if let wrong = weights.sorted(by: { $0.key < $1.key }).first(where: { !($0.value > 0 && $0.value <= 1e6) }) {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "gives \(wrong.key) the weight \(wrong.value); it must be above 0, up to 1000000")
            )
        }
        self = .named(weights)
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .balanced:
            var value = encoder.singleValueContainer()
            try value.encode(Self.balancedWord)
        case .named(let weights): try weights.encode(to: encoder)
        }
    }
}
