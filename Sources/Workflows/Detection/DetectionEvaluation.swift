import Annotations
import DataPipeline
import Foundation
import Media
import Support
import Tensors
import Training

/// Measures a trained detector on the validation part of its recipe, which settings can replace.
public struct DetectionEvaluation {
    /// The detector.
    public let model: DetectorModel
    private let measurement: DetectionMeasurement
    private let measured: MeasuredDetector

    /// What reading the annotations changed, in a line each.
    public var notes: [String] { measurement.part.notes }

    /// Loads a saved detector onto a device and opens its validation part.
    ///
    /// - Throws: `RecipeFileError`, `CheckpointError`, `AnnotationError`, `ClassMismatch`, `MissingDevice`.
    public init(_ saved: SavedModel, device: Device = .cpu) throws {
        model = try DetectorModel(saved, device: device)
        let data = DetectionData(model.recipe.data, file: model.file)
        let location = try data.location(.val, classNames: model.classNames)
        measurement = try DetectionMeasurement(
            model: model, part: location.open(), takesFewerClasses: saved.isPublished)
        measured = MeasuredDetector(
            model, checkpoint: saved.path, at: saved.checkpoint.info, data: location,
            annotations: measurement.part.annotations)
    }

    /// Draws images spread evenly over the data, annotated objects at the left, detected ones at the right.
    ///
    /// - Returns: The pictures' paths, an overview of all first.
    public func draw(
        _ results: DetectionResults, count: Int, threshold: Double, into folder: RunFolder
    ) throws -> [String] {
        try folder.prepare()
        let drawing = DetectionPictures(
            measurement.part, results, threshold: threshold, damagedImages: model.recipe.data.damagedImages)
        var names = PictureNames(
            folder: folder.path, images: measurement.part.imagePaths)
        let overview = names.path(for: "overview")
        var pictures: [ByteImage] = []
        var paths: [String] = []
        for image in drawing.spread(count) {
            let drawn: (pair: ByteImage, detected: ByteImage)
            do {
                drawn = try drawing.draw(image)
            } catch {
                guard measurement.model.recipe.data.failedImages != .stop else { throw error }
                continue
            }
            paths.append(names.path(for: measurement.part.annotations.fileName(image)))
            try ImageFile.writeJPEG(drawn.pair, to: paths[paths.count - 1])
            pictures.append(drawn.detected)
        }
        try ImageFile.writeJPEG(
            Montage.grid(pictures, columns: 4, cellWidth: 400, cellHeight: 300), to: overview)
        return [overview] + paths
    }

    /// Detects on every image, scores the detections, and writes `metrics.json` and `detections.json`.
    ///
    /// - Parameters:
    ///   - folder: The folder of the two files.
    ///   - path: Another file to write the detections to.
    ///   - progress: called with the number of images done.
    /// - Throws: `RecipeFileError` for images that can't be used, the loader's and the files' errors; `Stopped` once the user
    ///   asks to stop.
    public func run(
        into folder: RunFolder, results path: String? = nil,
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws -> (scores: DetectionScores, results: DetectionResults) {
        if let path { try WholeFile.requireWritable(path) }
        try measurement.requireUsableFiles()
        let (found, results) = try measurement.scores(progress: progress)
        var scores = found
        scores.measured = measured
        // Remove the old numbers first, so that metrics.json never stands beside the detections of another evaluation.
        try? FileManager.default.removeItem(atPath: folder.evaluation)
        let names = measurement.part.annotations.resultNames
        try COCO.writeResults(results, to: folder.detections, names: names)
        try RunFolder.write(try prettyJSON(scores) + "\n", to: folder.evaluation)
        if let path { try COCO.writeResults(results, to: path, names: names) }
        return (scores, results)
    }
}
