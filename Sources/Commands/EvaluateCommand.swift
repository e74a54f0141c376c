import Annotations
import ArgumentParser
import Foundation
import ScoreCommands
import Support

package struct EvaluateCommand: EngineCommand {
    package static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Measure a run, a checkpoint or weights of others on annotated data.",
        discussion: """
            For a detector, writes metrics.json and detections.json beside the checkpoint and prints COCO's table. For a \
            classifier, writes metrics.json and predictions.json and prints top-1 and top-5; a video's result is the mean over \
            all its views. \
            Weights of others need --data:
              vertebra evaluate fasterrcnn_resnet50_fpn_coco.pth --data annotations/instances_val2017.json --images val2017
              vertebra evaluate resnet50.pth --data imagenet
            """)

    @Argument(
        help: "A run's folder (its best checkpoint), a checkpoint's file, or weights of others (.pth, .safetensors).")
    package var run: String
    @Option(
        help: """
            Other data: an instances JSON with --images, or a folder. For a run, it is another root folder of the recipe's data; \
            for weights of others, a folder of COCO's or VOC's, or one with a folder of images for each class.
            """)
    package var data: String?
    @Option(help: "The folder of the pictures of --data FILE.json.") package var images: String?
    @OptionGroup(title: "Weights of others") package var weights: WeightsOptions
    @OptionGroup package var set: SettingOptions
    @Option(
        help: ArgumentHelp(
            "For classifiers of whole images: scale the shorter side to this and look at the middle square, such as 320.",
            valueName: "pixels"))
    package var crop: Int?
    @Option(
        help: """
            Folder for metrics.json and detections.json or predictions.json. Default: the checkpoint's folder; for weights of others, runs/ and \
            their name.
            """)
    package var output: String?
    @Option(help: "Also write the detections to this file in COCO's results format.") package var results: String?
    @OptionGroup(title: "Inference") package var inference: InferenceOptions
    @OptionGroup package var damaged: DamagedImagesOption
    @OptionGroup package var precision: PrecisionOption
    @OptionGroup package var device: DeviceOption
    @Option(help: "Number of images to draw into the subfolder pictures, annotated objects beside detected ones.")
    package var pictures = 0
    @Option(help: "Least score of detections that are drawn.") package var threshold = 0.5
    @Flag(help: "Print JSON instead of the table.") package var json = false

    package func validate() throws {
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

    package init() {}
}
