import Training

/// The section `training.early_stopping`: training ends where evaluations no longer get better.
package struct EarlyStoppingSection: RecipeSection {
    /// The measure. Nil: `evaluation.metric`, which a whole recipe fills in.
    package var metric: String?
    /// Evaluations in a row without a better value after which training ends.
    package var patience: Int
    /// By how much a value must be better to count.
    package var minDelta = 0.0

    enum CodingKeys: String, CodingKey, CaseIterable {
        case metric, patience
        case minDelta = "min_delta"
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        metric = try values.decodeIfPresent(String.self, forKey: .metric)
        patience = try values.decode(Int.self, forKey: .patience)
        try values.require(patience > 0, .patience, "is \(patience); it must be above 0")
        try values.update(&minDelta, .minDelta, "must not be below 0") { $0 >= 0 }
    }

    /// - Parameter lowerIsBetter: The measures whose lowest value is the best.
    func stopping(lowerIsBetter: [String]) -> TrainingOptions.EarlyStopping? {
        metric.map {
            .init(
                .init($0, higherIsBetter: !lowerIsBetter.contains($0)), patience: patience, minimumChange: minDelta)
        }
    }
}
