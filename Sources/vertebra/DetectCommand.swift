import Annotations
import ArgumentParser
import Foundation
import ScoreCommands
import Workflows

struct DetectCommand: WorkCommand {
    static let configuration = CommandConfiguration(
        commandName: "detect", abstract: "Find objects in images: boxes as JSON, and drawn pictures.")

    @Argument(help: "JPEG or PNG files, or folders of them.") var images: [String]
    @Option(help: "A checkpoint's file, or a run's folder.") var checkpoint: String
    @Option(
        help: "Folder for the drawn pictures and detections.json. Without it: no pictures, JSON on standard output.")
    var output: String?
    @Option(help: "Leave out objects with a lower score, 0…1.") var threshold: Float = 0.5
    @Option(help: "Also write the detections in COCO's results form.") var results: String?
    @Option(
        help: "An instances JSON whose image and category ids --results takes, by the files' and the classes' names.")
    var annotations: String?
    @OptionGroup(title: "Inference") var inference: InferenceOptions
    @OptionGroup var set: SettingOptions
    @OptionGroup var device: DeviceOption

    func validate() throws {
        guard (0...1).contains(threshold) else {
            throw ValidationError("--threshold is \(threshold); it must be in 0…1.")
        }
        guard annotations == nil || results != nil else {
            throw ValidationError("--annotations gives --results its ids; name the file for the results as well.")
        }
    }

    func work() throws {
        let files = try ImageDetection.imageFiles(images)
        if let output { try RunFolder(output).prepare() }
        let detection = try ImageDetection(
            checkpoint: RunFolder.checkpoint(at: checkpoint), settings: set.settings + inference.settings,
            device: device.device)
        let ids = try results.map { _ in
            try ImageResultsIDs(images: files, classNames: detection.model.classNames, annotations: annotations)
        }
        var names = output.map { PictureNames(folder: $0, images: files) }
        let all = try ProgressLine.counting(files, "detecting") { file in
            var found = try detection.detect(file, threshold: threshold)
            if let picture = names?.path(for: file) { try found.writePicture(to: picture) }
            return found
        }
        if let results, let ids { try ids.write(all, to: results) }
        let json = try prettyJSON(all)
        guard let output else { return print(json) }
        try RunFolder.write(json + "\n", to: output + "/detections.json")
        for found in all {
            print("\(found.picture ?? found.image): \(summary(of: found))")
        }
        print("boxes: \(output)/detections.json")
    }

    /// The best few objects in words.
    private func summary(of found: ImageDetections) -> String {
        let names = found.detections.map { "\($0.name) \(Int(($0.score * 100).rounded()))%" }
        guard !names.isEmpty else { return "nothing" }
        let more = names.count > 8 ? " and \(names.count - 8) more" : ""
        return names.prefix(8).joined(separator: ", ") + more
    }
}
