import Annotations
import Evaluation
import Foundation
import Media
import Reports
import Support
import Training

/// The report of a detector's run, made from the files of training and `evaluate` in its folder. The detector is not run.
public struct RunReport {
    /// The page's contents.
    public private(set) var report: DetectionReport
    /// The run's folder.
    public let folder: RunFolder

    /// - Parameters:
    ///   - path: A run's folder, or the one that `evaluate --output` wrote to.
    ///   - settings: Changes to the run's recipe as `key=value`, such as `data.root=…` if the data have moved.
    ///   - pictures: Number of the worst images to show.
    ///   - threshold: Least score of detections that are shown and counted in the confusion matrix.
    /// - Throws: `JobError` for a file that the folder lacks; `RecipeFileError`, `AnnotationError`, `EvaluationError`.
    public init(run path: String, settings: [String] = [], pictures: Int = 12, threshold: Double = 0.5) throws {
        let folder = RunFolder(path)
        self.folder = folder
        try Self.requireDetections(in: folder)
        let evaluation = try Self.evaluation(in: folder)
        let recipe = try Self.recipe(in: folder, evaluation: evaluation, settings: settings)
        let location: DatasetLocation
        if settings.isEmpty, let measured = evaluation.measured {
            location = measured.data
        } else if let recipe {
            location = try DetectionData(try recipe.decode(DetectionRecipe.self).data, file: recipe).location(.val)
        } else {
            throw JobError(
                folder.evaluation,
                "does not say what was measured; measure again: vertebra evaluate \(path)")
        }
        let part = try location.open()
        let all = part.annotations
        let unreadable = Set((evaluation.unreadable ?? []).map(\.path))
        let annotations = all.leavingOut(imagesWhere: { unreadable.contains(all.fileName($0)) })
        let name = URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent
        report = try DetectionReport(
            title: name, groundTruth: annotations, results: COCO.readResults(folder.detections),
            imageFolder: part.imageFolder)
        report.pictureCount = pictures
        // What the evaluation accepted is drawn as well.
        if evaluation.damaged?.isEmpty == false { report.damagedImages = .accept }
        report.scoreThreshold = threshold
        report.settings = try recipe?.text
        report.facts = Self.facts(evaluation, location, annotations, detections: report)
        try addHistory()
    }

    /// Writes the page completely or not at all.
    ///
    /// - Throws: `JobError`.
    public func write(to path: String) throws { try RunFolder.write(report.html(), to: path) }

    private static func requireDetections(in folder: RunFolder) throws {
        let files = FileManager.default
        var isDirectory: ObjCBool = false
        guard files.fileExists(atPath: folder.path, isDirectory: &isDirectory) else {
            throw JobError(folder.path, "there is no such run")
        }
        guard isDirectory.boolValue else {
            throw JobError(
                folder.path, "this is a file; name the run's folder, where evaluate left its numbers")
        }
        if let task = try? VisionTask(of: RecipeFile(path: folder.recipe)), task != .detection {
            throw JobError(
                folder.path, "this is the run of a classifier; a report shows detections")
        }
        for file in [folder.evaluation, folder.detections] where !files.fileExists(atPath: file) {
            throw JobError(
                folder.path,
                "this folder holds no \((file as NSString).lastPathComponent); measure first: "
                    + "vertebra evaluate \(folder.path)")
        }
    }

    private static func evaluation(in folder: RunFolder) throws -> DetectionMetricsFile {
        do {
            return try JSONDecoder().decode(
                DetectionMetricsFile.self, from: Data(contentsOf: URL(fileURLWithPath: folder.evaluation)))
        } catch {
            throw JobError(
                folder.evaluation,
                "is not from a detector's evaluation; measure again: vertebra evaluate \(folder.path)")
        }
    }

    /// The run's recipe, or the one in the checkpoint that was measured; nil if both are gone.
    private static func recipe(
        in folder: RunFolder, evaluation: DetectionMetricsFile, settings: [String]
    ) throws -> RecipeFile? {
        if FileManager.default.fileExists(atPath: folder.recipe) {
            return try RecipeFile(path: folder.recipe, settings: settings)
        }
        guard let measured = evaluation.measured, !measured.isPublished, case let checkpoint = measured.checkpoint,
            FileManager.default.fileExists(atPath: checkpoint)
        else { return nil }
        return try RecipeFile(
            text: Checkpoint.readInfo(checkpoint).recipe, path: "the recipe in \(checkpoint)", settings: settings)
    }

    private static func facts(
        _ evaluation: DetectionMetricsFile, _ location: DatasetLocation, _ annotations: DetectionAnnotations,
        detections report: DetectionReport
    ) -> [DetectionReport.Fact] {
        var facts: [DetectionReport.Fact] = []
        if let measured = evaluation.measured {
            facts += [
                .init("model", measured.model),
                .init("parameters", String(format: "%.2f M", Double(measured.parameters) / 1e6)),
                .init(
                    "checkpoint",
                    (measured.checkpoint as NSString).lastPathComponent
                        + (measured.isPublished ? "" : ", step \(measured.step), epoch \(measured.epoch)")
                ),
            ]
        }
        let objects = report.curves.reduce(0) { $0 + $1.objects }
        facts += [
            .init("data", location.title),
            .init("images", "\(annotations.imageCount)"),
            .init("objects", "\(objects) of \(annotations.classCount) classes"),
            .init("detections", "\(report.voc.classes.reduce(0) { $0 + $1.detections })"),
        ]
        if evaluation.seconds > 0 {
            facts.append(
                .init("speed", String(format: "%.1f images a second", Double(evaluation.images) / evaluation.seconds)))
        }
        return facts
    }

    /// Adds the curves of the training if the folder has its metrics.
    private mutating func addHistory() throws {
        guard FileManager.default.fileExists(atPath: folder.metrics) else { return }
        let records: [MetricsRecord]
        do {
            records = try MetricsLog.records(folder.metrics)
        } catch {
            throw JobError(
                folder.metrics, "can't be read (\(reason(of: error)))")
        }
        let steps = records.filter { $0.kind == .step }
        func line(_ name: String, _ value: (MetricsRecord) -> Double?) -> DetectionReport.Line {
            // A number that no drawing has room for is left out.
            .init(
                name: name,
                points: steps.compactMap { step in
                    value(step).flatMap { abs($0) < 1e30 ? (Double(step.step), $0) : nil }
                })
        }
        let terms = Set(steps.flatMap { ($0.losses ?? [:]).keys }).sorted()
        report.losses =
            [line("sum", \.loss)] + (terms.count > 1 ? terms.map { name in line(name) { $0.losses?[name] } } : [])
        report.learningRate = line("learning rate", \.learningRate)
        let evaluations = records.filter { $0.kind == .evaluation }
        report.metrics = ["AP", "AP50", "AP75"].map { name in
            let points = evaluations.compactMap { record -> (x: Double, y: Double)? in
                guard let value = record.metrics?[name], (0...1e30).contains(value) else { return nil }
                return (record.epoch, value)
            }
            return DetectionReport.Line(name: name, points: points)
        }.filter { !$0.points.isEmpty }
    }
}
