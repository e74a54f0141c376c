import Annotations
import ArgumentParser
import Foundation
import ScoreCommands
import Support

package struct DetectCommand: EngineCommand {
    package static let configuration = CommandConfiguration(
        commandName: "detect",
        abstract:
            "Find objects in images and videos; write boxes as JSON, and pictures and videos with the boxes drawn in.")

    @Argument(help: "JPEG or PNG files, videos (MP4, MOV, Matroska, WebM, AVI, MPEG, FLV, GIF), or folders of them.")
    package var images: [String]
    @Option(help: "A checkpoint's file, a run's folder, or weights of torchvision's Faster R-CNN (.pth, .safetensors).")
    package var checkpoint: String
    @Option(
        help: """
            Folder for drawn pictures and videos and for detections.json. Default: none; JSON goes to standard output and \
            nothing is drawn.
            """)
    package var output: String?
    @Option(help: "Leave out objects with a lower score, 0…1.") package var threshold: Float = 0.5
    @Option(help: "Look at every n-th frame of a video; drawn frames in between repeat the last boxes.")
    package var every = 1
    @Option(help: "The number of the stream of a video, from 0. Default: the one that FFmpeg prefers.")
    package var stream: Int?
    @Option(help: "Number of video frames that the detector gets at a time.") package var batch = 8
    @Flag(inversion: .prefixedNo, help: "Copy a video's sound into the drawn one.") package var sound = true
    @OptionGroup package var drawn: DrawnContainerOption
    @OptionGroup(title: "Following objects") package var tracking: TrackingOptions
    @Option(help: "Also write the detections to this file in COCO's results format; images only.") package var results:
        String?
    @Option(
        help: "An instances JSON that gives --results its image and category ids, matched by file and class names.")
    package var annotations: String?
    @OptionGroup(title: "Weights of others") package var weights: WeightsOptions
    @OptionGroup(title: "Inference") package var inference: InferenceOptions
    @OptionGroup package var damaged: DamagedImagesOption
    @OptionGroup package var set: SettingOptions
    @OptionGroup package var precision: PrecisionOption
    @OptionGroup package var device: DeviceOption

    package func validate() throws {
        guard (0...1).contains(threshold) else {
            throw ValidationError("--threshold is \(threshold); it must be in 0…1.")
        }
        if let stream, stream < 0 { throw ValidationError("--stream is \(stream); it must not be below 0.") }
        for (name, value) in [("every", every), ("batch", batch)] where value < 1 {
            throw ValidationError("--\(name) is \(value); it must be above 0.")
        }
        guard annotations == nil || results != nil else {
            throw ValidationError("--annotations gives --results its ids; name the file for the results as well.")
        }
    }

    package init() {}
}
