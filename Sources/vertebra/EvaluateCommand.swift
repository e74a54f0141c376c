import Annotations
import ArgumentParser
import Foundation
import ScoreCommands
import Support
import Workflows

struct EvaluateCommand: WorkCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Measure a run, a checkpoint or weights of others on annotated data.",
        discussion: """
            For a detector, writes metrics.json and detections.json beside the checkpoint and prints COCO's table. For a \
            classifier, writes metrics.json and prints top-1 and top-5; a video's result is the mean over all its views. \
            Weights of others need --data:
              vertebra evaluate fasterrcnn_resnet50_fpn_coco.pth --data annotations/instances_val2017.json --images val2017
              vertebra evaluate resnet50.pth --data imagenet
            """)

    @Argument(
        help: "A run's folder (its best checkpoint), a checkpoint's file, or weights of others (.pth, .safetensors).")
    var run: String
    @Option(
        help: """
            Other data: an instances JSON with --images, or a folder. For a run, it is another root folder of the recipe's data; \
            for weights of others, a folder of COCO's or VOC's, or one with a folder of images for each class.
            """)
    var data: String?
    @Option(help: "The folder of the pictures of --data FILE.json.") var images: String?
    @OptionGroup(title: "Weights of others") var weights: WeightsOptions
    @OptionGroup var set: SettingOptions
    @Option(
        help: ArgumentHelp(
            "For classifiers of whole images: scale the shorter side to this and look at the middle square, such as 320.",
            valueName: "pixels"))
    var crop: Int?
    @Option(
        help: """
            Folder for metrics.json and detections.json. Default: the checkpoint's folder; for weights of others, runs/ and \
            their name.
            """)
    var output: String?
    @Option(help: "Also write the detections to this file in COCO's results format.") var results: String?
    @OptionGroup(title: "Inference") var inference: InferenceOptions
    @OptionGroup var damaged: DamagedImagesOption
    @OptionGroup var precision: PrecisionOption
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
        guard crop.map({ (1...4096).contains($0) }) ?? true else {
            throw ValidationError("--crop is \(crop ?? 0); it must be 1 to 4096 pixels.")
        }
        guard images == nil || data != nil else {
            throw ValidationError("--images is the folder of the pictures of --data FILE.json; name that as well.")
        }
    }

    func work() throws {
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
            printToStandardOutput(json ? text : scores.table)
            printToStandardError("\(checkpoint): written to \(folder.evaluation)")
            return
        }
        let evaluation = try DetectionEvaluation(saved, device: device.device)
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
