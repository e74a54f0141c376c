import ArgumentParser

/// Options for a detector's use, one for each key of a recipe's section `inference`.
package struct InferenceOptions: ParsableArguments {
    /// The names of `BoxSuppression.Method`.
    package enum Method: String, CaseIterable, Sendable, ExpressibleByArgument { case hard, linear, gaussian }

    @Option(help: "Leave out candidates with a lower score, 0…1, before suppression. Default: the recipe's.")
    package var scoreThreshold: Double?
    @Option(help: "Number of detections of an image to keep, the best ones. Default: the recipe's.")
    package var topK: Int?
    @Option(
        help:
            "How to treat boxes that overlap a better one: hard drops them; linear and gaussian (soft-NMS) lower scores."
    )
    package var nms: Method?
    @Option(help: "The IoU from which --nms acts; gaussian does not use it. Default: the recipe's.")
    package var nmsThreshold: Double?
    @Option(help: "The width σ of the Gaussian, for --nms gaussian.") package var nmsSigma: Double?
    @Flag(help: "Let objects of different classes suppress each other.") package var classAgnostic = false
    @Flag(help: "Look at the mirror image as well, with one suppression over the boxes of both.") package var flip =
        false

    package func validate() throws {
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

    /// The options that were given, as settings `key=value` of a recipe.
    package var settings: [String] {
        let values: [(String, String?)] = [
            ("score_threshold", scoreThreshold.map { "\($0)" }), ("top_k", topK.map { "\($0)" }),
            ("nms", nms?.rawValue), ("nms_threshold", nmsThreshold.map { "\($0)" }),
            ("nms_sigma", nmsSigma.map { "\($0)" }), ("class_agnostic", classAgnostic ? "true" : nil),
            ("flip", flip ? "true" : nil),
        ]
        return values.compactMap { key, value in value.map { "inference.\(key)=\($0)" } }
    }

    package init() {}
}
