import Annotations
import Evaluation
import Media
import Training

/// What an evaluation within a training found, to be looked at: detections on the validation images.
struct DetectionEvidence {
    let part: DetectionData.Part
    let results: DetectionResults
    /// The images that the evaluation left out.
    let leftOut: [UnreadableImage]
    let damagedImages: DamagedImages

    /// Images that are drawn at each evaluation, always the same.
    private static let pictureCount = 4
    /// Least score of detections that are drawn.
    private static let drawnScore = 0.5
    /// Classes that have a curve of their own.
    private static let mostCurves = 100

    /// Drawn images, and curves of precision against recall at IoU 0.5: one of all classes together, and one of each class that
    /// has objects.
    ///
    /// - Throws: `EvaluationError`, `MediaError`.
    func summary() throws -> [SummaryValue] { try pictures() + curves() }

    private func pictures() throws -> [SummaryValue] {
        let pictures = DetectionPictures(part, results, threshold: Self.drawnScore, damagedImages: damagedImages)
        let missing = Set(leftOut.map(\.path))
        return try pictures.spread(Self.pictureCount).compactMap { image in
            let name = part.annotations.fileName(image)
            guard !missing.contains(name) else { return nil }
            let picture = try pictures.draw(image).pair
            let bytes = try ImageFile.encodeJPEG(picture, encoding: JPEGEncoding(quality: 85), name: name)
            return SummaryValue(
                "detections/\(name)", .image(encoded: bytes, width: picture.width, height: picture.height))
        }
    }

    private func curves() throws -> [SummaryValue] {
        let missing = Set(leftOut.map(\.path))
        let truth = part.annotations.leavingOut(imagesWhere: { missing.contains(part.annotations.fileName($0)) })
        let counts = ThresholdCounts.counts(of: try DetectionMatching(groundTruth: truth, results: results))
        let all = ThresholdCounts(sumOf: counts, name: "all classes")
        guard all.objects > 0 else { return [] }
        return ([all] + counts.filter { $0.objects > 0 }.prefix(Self.mostCurves)).map(\.curve)
    }
}
