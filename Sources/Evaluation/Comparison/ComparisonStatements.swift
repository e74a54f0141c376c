import Foundation

extension Comparison {
    /// What the differences mean, in sentences: one for each run but the first, and what the intervals do and don't tell.
    public var statements: [String] {
        let things = kind == .videos ? "videos" : "images"
        let judgements = runs.indices.dropFirst().map { run in
            [judgement(run), mcNemarSentence(run, things)].compactMap(\.self).joined(separator: " ")
        }
        let few =
            images < Self.fewImages
            ? " So few \(things) as \(images) tell little, and such intervals are then rather too narrow." : ""
        return judgements + [
            "Intervals are the middle 95 % of the differences on \(resamples.count) resamples of the \(images) \(things), the same "
                + "for all runs (paired bootstrap, seed \(resamples.seed)). They say what other \(things) of the kind would change, "
                + "not what another training would: train with several values of training.seed to learn that.\(few)"
        ]
    }

    /// Below so many images, intervals are known to be too narrow.
    private static let fewImages = 30

    /// Whether a run is better than the first by the main measure, in a sentence.
    package func judgement(_ run: Int) -> String {
        let measure = mainMeasure, name = runs[run], baseline = runs[0]
        guard let difference = measure.differences[run] else {
            return "\(name) can't be compared with \(baseline): there is nothing to measure."
        }
        let numbers = "\(measure.name) \(measure.text(0)) → \(measure.text(run)), \(measure.differenceText(run))"
        let interval = "(95 % interval \(measure.intervalText(run)))"
        if difference.value == 0, !difference.isBeyondChance {
            return "\(name) is as good as \(baseline) here: \(numbers) \(interval)."
        }
        let word = measure.isGain(difference.value) ? "better" : "worse"
        return difference.isBeyondChance
            ? "\(name) is \(word) than \(baseline) beyond chance: \(numbers) \(interval)."
            : "\(name) is \(word) than \(baseline) here, but that may be chance: \(numbers) \(interval)."
    }

    private func mcNemarSentence(_ run: Int, _ things: String) -> String? {
        guard mcNemar.indices.contains(run - 1) else { return nil }
        let test = mcNemar[run - 1]
        let p = test.pValue < 0.0001 ? "below 0.0001" : String(format: "%.4f", test.pValue)
        return
            "\(test.secondOnly) \(things) are right in \(runs[run]) alone, \(test.firstOnly) in \(runs[0]) alone; by "
            + "McNemar's exact test the probability of so uneven a split is \(p)."
    }
}
