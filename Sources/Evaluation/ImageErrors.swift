/// What a detector found, imagined and missed on one image, by detections from a score on.
public struct ImageErrors: Hashable, Sendable {
    /// The image's position in the annotations.
    public let image: Int
    /// The detections that found an object.
    public private(set) var found: [Int] = []
    /// The detections that found none.
    public private(set) var wrong: [Int] = []
    /// The objects that no detection found.
    public private(set) var missed: [Int] = []
    /// How bad it is: a missed object counts 1, a wrong detection its score.
    public private(set) var badness = 0.0

    private init(image: Int) { self.image = image }

    /// Every image's errors, in the order of the annotations.
    public static func all(_ matching: DetectionMatching, scoreThreshold: Double) -> [ImageErrors] {
        var images = (0..<matching.groundTruth.imageCount).map { ImageErrors(image: $0) }
        for (i, outcome) in matching.outcomes.enumerated() where matching.results.scores[i] >= scoreThreshold {
            switch outcome {
            case .right: images[matching.images[i]].found.append(i)
            case .wrong: images[matching.images[i]].wrong.append(i)
            case .ignored: break
            }
        }
        for image in images.indices {
            images[image].missed = matching.groundTruth.objects(image).filter {
                matching.isCounted(object: $0) && !matching.isFound(object: $0, scoreThreshold: scoreThreshold)
            }
            images[image].badness =
                Double(images[image].missed.count)
                + images[image].wrong.reduce(0) { $0 + matching.results.scores[$1] }
        }
        return images
    }
}
