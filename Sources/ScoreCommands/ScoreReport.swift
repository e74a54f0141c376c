import Annotations
import Evaluation
import Foundation

/// Scores of detections in a file, as a table for a person and as JSON for a program.
struct ScoreReport: Sendable {
    let table: String
    let json: String
    /// What a person should know of the numbers, in a line each.
    var warnings: [String] = []

    /// COCO's twelve numbers and the AP of each class.
    ///
    /// - Parameter ignoresUnknownCategories: Whether to leave out detections of unknown categories, as pycocotools does,
    ///   rather than throw.
    /// - Throws: `AnnotationError`, `EvaluationError`.
    static func coco(
        annotations: String, results: String, ignoresUnknownCategories: Bool = false
    ) throws -> ScoreReport {
        let (truth, (found, names)) = try COCO.readToScore(annotations: annotations) {
            try COCO.readNamedResults(results)
        }
        let scores = try COCOEvaluation.evaluate(
            groundTruth: truth, results: found.renumbered(by: names, as: truth),
            unknownCategories: ignoresUnknownCategories ? .ignore : .fail)
        let warnings =
            truth.annotationIDs.contains(0)
            ? [
                "\(annotations): an annotation has the id 0, and COCO's rule, as pycocotools applies it, never counts a detection "
                    + "of it as right. Number annotations from 1."
            ] : []
        return ScoreReport(table: scores.table(), json: try prettyJSON(scores), warnings: warnings)
    }

    /// The number and cost of TIDE's six kinds of errors.
    ///
    /// - Throws: `AnnotationError`, `EvaluationError`.
    static func errors(annotations: String, results: String) throws -> ScoreReport {
        let (truth, (found, names)) = try COCO.readToScore(annotations: annotations) {
            try COCO.readNamedResults(results)
        }
        let matching = try DetectionMatching(groundTruth: truth, results: found.renumbered(by: names, as: truth))
        let costs = ErrorCosts(ErrorAnalysis(matching))
        return ScoreReport(table: costs.table(), json: try prettyJSON(costs))
    }

    /// PASCAL VOC's average precision of each class, and their mean.
    ///
    /// - Parameters:
    ///   - results: COCO's results JSON, or a folder of the devkit's `<prefix><class>.txt`.
    ///   - elevenPoint: Whether to take VOC 2007's mean over eleven recalls instead of the area under the curve.
    ///   - classNames: The class names in the order of the labels; nil takes VOC's twenty, or the names in the split.
    /// - Throws: `AnnotationError`, `EvaluationError`.
    static func voc(
        folder: String, split: String, results: String, prefix: String = "", iouThreshold: Double = 0.5,
        elevenPoint: Bool = false, classNames: [String]? = nil
    ) throws -> ScoreReport {
        let truth = try VOCFolder(path: folder).read(split: split, classNames: classNames)
        var isDirectory: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: results, isDirectory: &isDirectory)
        let detections =
            isDirectory.boolValue
            ? try VOCFolder.readResults(folder: results, prefix: prefix, groundTruth: truth)
            : try vocResults(results, truth: truth, classesAreKnown: classNames != nil)
        let scores = try VOCEvaluation.evaluate(
            groundTruth: truth, results: detections, iouThreshold: iouThreshold,
            method: elevenPoint ? .elevenPoint : .allPoint)
        return ScoreReport(table: scores.table(), json: try prettyJSON(scores))
    }

    /// Reads results in COCO's format, which names images and classes by numbers.
    private static func vocResults(
        _ path: String, truth: DetectionAnnotations, classesAreKnown: Bool
    ) throws -> DetectionResults {
        let (results, names) = try COCO.readNamedResults(path)
        guard classesAreKnown || !names.categories.isEmpty || truth.classNames == VOCFolder.standardClassNames else {
            throw AnnotationError(
                file: path, problem: "its category ids have no class names",
                fix: "Name the classes in the labels' order: --classes with, in some order, "
                    + truth.classNames.joined(separator: " "))
        }
        return try results.renumbered(by: names, as: truth)
    }
}
