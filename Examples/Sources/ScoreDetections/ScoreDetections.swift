import Annotations
import Evaluation

/// Scores detections by COCO's rules, without libtorch:
///
///     ScoreDetections ANNOTATIONS.json RESULTS.json    another program's results
///     ScoreDetections ANNOTATIONS.json                 the annotated boxes themselves, each a tenth of its width off
@main
struct ScoreDetections {
    static func main() throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard let path = arguments.first else { fatalError("usage: ScoreDetections ANNOTATIONS.json [RESULTS.json]") }
        let truth = try COCO.readInstances(path)
        let results = arguments.count > 1 ? try COCO.readResults(arguments[1]) : shifted(truth)

        let scores = try COCOEvaluation.evaluate(groundTruth: truth, results: results)
        print(scores.table())

        let worst = scores.classes.filter { $0.objects > 0 }.sorted { $0.ap < $1.ap }.prefix(3)
        for score in worst { print("\(score.name): AP \(score.ap) over \(score.objects) objects") }
    }

    /// Boxes to the right of every object by a tenth of its width. An IoU of 0.9/1.1 = 0.82 makes each right at seven of
    /// COCO's ten thresholds, so AP is 0.7.
    static func shifted(_ truth: DetectionAnnotations) -> DetectionResults {
        var results = DetectionResults(source: "annotated boxes, shifted")
        for image in 0..<truth.imageCount {
            for index in truth.objects(image) {
                let object = truth.object(index)
                results.append(
                    imageID: truth.imageID(image), categoryID: truth.categoryIDs[object.label - 1],
                    x: object.x + object.width / 10, y: object.y, width: object.width, height: object.height, score: 1)
            }
        }
        return results
    }
}
