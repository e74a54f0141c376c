import Training

/// The section `training.ema`: the exponential moving average of the weights, which is then what is measured.
package struct AveragingSection: RecipeSection {
    /// The share of the average that is kept at a step, once it has grown to it.
    package var decay = 0.9999
    /// Steps over which that share grows, as 1 − exp(−step / warmup_steps). 0: none.
    package var warmupSteps = 2000

    enum CodingKeys: String, CodingKey, CaseIterable {
        case decay
        case warmupSteps = "warmup_steps"
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try values.update(&decay, .decay, "must be in 0…1, without 1") { (0..<1).contains($0) }
        try values.update(&warmupSteps, .warmupSteps, "must not be below 0") { $0 >= 0 }
    }

    var averaging: WeightAveraging { WeightAveraging(decay: decay, warmupSteps: warmupSteps) }
}
