import Annotations
import Evaluation
import Foundation
import Media

/// The detections of several runs on the same annotated images.
struct ComparedDetections {
    /// The detections, with the ids of the first run's annotations.
    let runs: [DetectionComparison.Run]
    /// The first run's annotations of the images that it was measured on.
    let groundTruth: DetectionAnnotations
    let imageFolder: String
    /// Whether the data are VOC's, whose measure is VOC's mean average precision.
    let isVOC: Bool
    /// Accepted where an evaluation accepted damaged images.
    let damagedImages: DamagedImages

    /// - Throws: `JobError` for runs that were measured on different data; `AnnotationError`, `RecipeFileError`.
    init(_ runs: [ComparedRun], names: [String], settings: [String]) throws {
        let parts = try runs.map { try Self.part(of: $0, settings) }
        let truths = zip(runs, parts).map { run, part in
            let unreadable = Set((Self.file(of: run)?.unreadable ?? []).map(\.path))
            let all = part.annotations
            return all.leavingOut(imagesWhere: { unreadable.contains(all.fileName($0)) })
        }
        for (i, truth) in truths.enumerated().dropFirst() {
            guard let difference = GroundTruthDifference(truth, truths[0], named: (names[i], names[0])) else {
                continue
            }
            throw JobError(
                runs[i].path,
                "can't be compared with \(runs[0].path): \(difference). Measure both on the same data: vertebra evaluate "
                    + "\(runs[i].path) --data ROOT")
        }
        let truth = truths[0]
        self.runs = try zip(runs, names).map { run, name in
            let (found, named) = try COCO.readNamedResults(run.folder.detections)
            return DetectionComparison.Run(name: name, results: try found.renumbered(by: named, as: truth))
        }
        groundTruth = truth
        imageFolder = parts[0].imageFolder
        if case .voc = try Self.location(of: runs[0], settings) { isVOC = true } else { isVOC = false }
        damagedImages = runs.contains { Self.file(of: $0)?.damaged?.isEmpty == false } ? .accept : .refuse
    }

    /// Why a measured detector must be measured anew: its annotations have changed. Nil for other runs.
    static func reasonToMeasure(_ run: ComparedRun, _ settings: [String]) throws -> String? {
        guard let known = file(of: run)?.measured?.groundTruth else { return nil }
        let annotations = try part(of: run, settings).annotations
        let now = DataRecord("val", files: [], annotations: annotations)
        guard (now.namesCRC32, now.objectsCRC32) != (known.namesCRC32, known.objectsCRC32) else { return nil }
        return "\(annotations.source) has other images or objects than when it was measured"
    }

    private static func file(of run: ComparedRun) -> DetectionMetricsFile? {
        if case .detector(let file) = run.measured { file } else { nil }
    }

    private static func location(of run: ComparedRun, _ settings: [String]) throws -> DatasetLocation {
        if settings.isEmpty, let measured = file(of: run)?.measured { return measured.data }
        guard let recipe = run.recipe else {
            throw JobError(
                run.folder.evaluation, "does not say what was measured; measure again: vertebra evaluate \(run.path)")
        }
        return try DetectionData(recipe.decode(DetectionRecipe.self).data, file: recipe).location(.val)
    }

    private static func part(of run: ComparedRun, _ settings: [String]) throws -> DetectionData.Part {
        try location(of: run, settings).open()
    }
}
