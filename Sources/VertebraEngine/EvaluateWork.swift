import Annotations
import ArgumentParser
import Commands
import Foundation
import ScoreCommands
import Support
import Workflows

extension EvaluateCommand: EngineWork {
    package func workInEngine() throws {
        let device = device.opened
        let checkpoint = try RunFolder.checkpoint(at: run)
        let named = data.map { NamedData(path: $0, images: images) }
        let bar = ProgressLine("evaluating")
        let settings =
            (crop.map(SavedModel.settings(crop:)) ?? []) + set.settings + inference.settings + damaged.settings
            + precision.settings
        let saved = try weights.open(checkpoint, settings: settings, on: named)
        if crop != nil { try saved.requireCroppedImages() }
        guard !saved.isPublished || data != nil || set.settings.contains(where: { $0.hasPrefix("data.") }) else {
            throw ValidationError(
                "\(checkpoint) holds weights alone, which don't say what to measure on. Name it: --data FILE.json --images DIR, "
                    + "or --data FOLDER.")
        }
        try saved.requireClassNames()
        let usual =
            saved.isPublished
            ? "runs/" + URL(fileURLWithPath: checkpoint).deletingPathExtension().lastPathComponent
            : FilePath.folder(of: checkpoint).nonEmpty ?? "."
        let folder = RunFolder(output ?? usual)
        try folder.prepare()
        if saved.task == .classification {
            guard pictures == 0, results == nil, inference.settings.isEmpty else {
                throw ValidationError(
                    "--pictures, --results and the options of inference are for detectors, and \(checkpoint) is a "
                        + "classifier.")
            }
            let line = ProgressLine("looking at videos")
            defer { line.end() }
            let evaluation = try ClassificationEvaluation(saved, device: device)
            useThreads(evaluation.model.recipe.training.threads)
            let scores = try evaluation.run(into: folder, indexing: line.showTimeLeft) { note in
                line.end()
                printToStandardError(note)
            } progress: {
                line.end()
                bar.show($0, of: $1)
            }
            bar.end()
            printToStandardOutput(json ? try prettyJSON(scores) : scores.table)
            printToStandardError("\(checkpoint): written to \(folder.evaluation) and \(folder.predictions)")
            return
        }
        let evaluation = try DetectionEvaluation(saved, device: device)
        for note in evaluation.notes { printToStandardError(note) }
        useThreads(evaluation.model.recipe.training.threads)
        let (scores, found) = try evaluation.run(into: folder, results: results) {
            bar.show($0, of: $1)
        }
        bar.end()
        printToStandardOutput(json ? try prettyJSON(scores) : scores.table)
        if pictures > 0 {
            let drawn = try evaluation.draw(
                found, count: pictures, threshold: threshold, into: RunFolder(folder.path + "/pictures"))
            printToStandardError("pictures: \(drawn[0]) and \(drawn.count - 1) beside it")
        }
        printToStandardError("\(checkpoint): written to \(folder.evaluation) and \(folder.detections)")
    }
}

extension String {
    fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}
