import ArgumentParser
import Detectors

extension BoxSuppression.Method: ExpressibleByArgument {}

/// How a detector is used: the keys of a recipe's section `inference` as options.
struct InferenceOptions: ParsableArguments {
    @Option(help: "Leave out candidates with a lower score before any are compared, 0…1. Without it: the recipe's.")
    var scoreThreshold: Double?
    @Option(help: "Keep so many detections of an image, the best ones. Without it: the recipe's.")
    var topK: Int?
    @Option(
        help:
            "Of boxes that overlap a better one: drop them (hard), or lower their scores (linear, gaussian: soft-NMS).")
    var nms: BoxSuppression.Method?
    @Option(help: "The overlap from which that happens; gaussian has none. Without it: the recipe's.")
    var nmsThreshold: Double?
    @Option(help: "The width of gaussian.") var nmsSigma: Double?
    @Flag(help: "Let objects of different classes thin each other out.") var classAgnostic = false
    @Flag(help: "Look at the mirror image as well, and thin out what is found in both together.") var flip = false

    func validate() throws {
        for (name, value) in [("--score-threshold", scoreThreshold), ("--nms-threshold", nmsThreshold)] {
            guard value.map({ (0...1).contains($0) }) ?? true else {
                throw ValidationError("\(name) is \(value ?? 0); it must be in 0…1.")
            }
        }
        guard topK.map({ $0 > 0 }) ?? true else {
            throw ValidationError("--top-k is \(topK ?? 0); it must be above 0.")
        }
        guard nmsSigma.map({ $0 > 0 }) ?? true else {
            throw ValidationError("--nms-sigma is \(nmsSigma ?? 0); it must be above 0.")
        }
    }

    /// As `--set` says it.
    var settings: [String] {
        let values: [(String, String?)] = [
            ("score_threshold", scoreThreshold.map { "\($0)" }), ("top_k", topK.map { "\($0)" }),
            ("nms", nms?.rawValue), ("nms_threshold", nmsThreshold.map { "\($0)" }),
            ("nms_sigma", nmsSigma.map { "\($0)" }), ("class_agnostic", classAgnostic ? "true" : nil),
            ("flip", flip ? "true" : nil),
        ]
        return values.compactMap { key, value in value.map { "inference.\(key)=\($0)" } }
    }
}
