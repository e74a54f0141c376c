import Annotations
import ArgumentParser
import Foundation
import ScoreCommands
import Workflows

struct EvaluateCommand: WorkCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Measure a run or a checkpoint on its validation part.",
        discussion: """
            For a detector, writes metrics.json and detections.json beside the checkpoint and prints COCO's table. For a \
            classifier, writes metrics.json and prints top-1 and top-5; a video's result is the mean over all its views.
            """)

    @Argument(help: "A run's folder (its best checkpoint) or a checkpoint's file.") var run: String
    @Option(help: "Another root folder of the data; the same as --set data.root=…") var data: String?
    @OptionGroup var set: SettingOptions
    @Option(help: "Folder for metrics.json and detections.json. Default: the checkpoint's folder.") var output: String?
    @Option(help: "Also write the detections to this file in COCO's results format.") var results: String?
    @OptionGroup(title: "Inference") var inference: InferenceOptions
    @OptionGroup var damaged: DamagedImagesOption
    @OptionGroup var device: DeviceOption
    @Option(help: "Number of images to draw into the subfolder pictures, annotated objects beside detected ones.")
    var pictures = 0
    @Option(help: "Least score of detections that are drawn.") var threshold = 0.5
    @Flag(help: "Print JSON instead of the table.") var json = false

    func validate() throws {
        guard pictures >= 0 else { throw ValidationError("--pictures is \(pictures); it must not be below 0.") }
        guard (0...1).contains(threshold) else {
            throw ValidationError("--threshold is \(threshold); it must be in 0…1.")
        }
    }

    func work() throws {
        let checkpoint = try RunFolder.checkpoint(at: run)
        let folder = RunFolder(output ?? (checkpoint as NSString).deletingLastPathComponent.nonEmpty ?? ".")
        try folder.prepare()
        let settings =
            set.settings + (data.map { ["data.root=\($0)"] } ?? []) + inference.settings
            + damaged.settings
        let bar = ProgressLine("evaluating")
        let saved = try SavedModel(checkpoint, settings: settings)
        if saved.task == .classification {
            guard pictures == 0, results == nil, inference.settings.isEmpty else {
                throw ValidationError(
                    "--pictures, --results and the options of inference are for detectors, and \(checkpoint) is a "
                        + "classifier.")
            }
            let line = ProgressLine("looking at videos")
            defer { line.end() }
            let model = try ClassifierModel(saved, device: device.device)
            useThreads(model.recipe.training.threads)
            let scores = try ClassificationScores.measured(model, indexing: line.showTimeLeft) { note in
                line.end()
                printToStandardError(note)
            } progress: {
                line.end()
                bar.show($0, of: $1)
            }
            bar.end()
            let text = try prettyJSON(scores)
            try RunFolder.write(text + "\n", to: folder.evaluation)
            print(json ? text : scores.table)
            printToStandardError("\(checkpoint): written to \(folder.evaluation)")
            return
        }
        let evaluation = try DetectionEvaluation(saved, device: device.device)
        useThreads(evaluation.model.recipe.training.threads)
        let (scores, found) = try evaluation.run(into: folder, results: results) {
            bar.show($0, of: $1)
        }
        bar.end()
        print(json ? try prettyJSON(scores) : scores.table)
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
