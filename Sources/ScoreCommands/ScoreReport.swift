import Annotations
import Evaluation
import Foundation

/// Scores of detections that stand in files, whoever made them: a table for a person, JSON for a program.
struct ScoreReport: Sendable {
    let table: String
    let json: String

    /// COCO's twelve numbers and the AP of each class.
    ///
    /// - Parameter ignoresUnknownCategories: Leaves such detections out, as pycocotools does; otherwise they throw.
    /// - Throws: `AnnotationError`, `EvaluationError`.
    static func coco(
        annotations: String, results: String, ignoresUnknownCategories: Bool = false
    ) throws -> ScoreReport {
        let scores = try COCOEvaluation.evaluate(
            annotationsPath: annotations, resultsPath: results,
            unknownCategories: ignoresUnknownCategories ? .ignore : .fail)
        return ScoreReport(table: scores.table(), json: try prettyJSON(scores))
    }

    /// PASCAL VOC's average precision of each class, and their mean.
    ///
    /// - Parameters:
    ///   - results: COCO's results JSON, or a folder of the devkit's `<prefix><class>.txt`.
    ///   - elevenPoint: VOC 2007's mean over eleven recalls instead of the area.
    /// - Throws: `AnnotationError`, `EvaluationError`.
    static func voc(
        folder: String, split: String, results: String, prefix: String = "", iouThreshold: Double = 0.5,
        elevenPoint: Bool = false
    ) throws -> ScoreReport {
        let truth = try VOCFolder(path: folder).read(split: split)
        var isDirectory: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: results, isDirectory: &isDirectory)
        let detections =
            isDirectory.boolValue
            ? try VOCFolder.readResults(folder: results, prefix: prefix, groundTruth: truth)
            : try COCO.readResults(results)
        let scores = try VOCEvaluation.evaluate(
            groundTruth: truth, results: detections, iouThreshold: iouThreshold,
            method: elevenPoint ? .elevenPoint : .allPoint)
        return ScoreReport(table: scores.table(), json: try prettyJSON(scores))
    }
}
