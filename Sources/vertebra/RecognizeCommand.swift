import Annotations
import ArgumentParser
import Foundation
import ScoreCommands
import Support
import Training
import Workflows

struct RecognizeCommand: WorkCommand {
    static let configuration = CommandConfiguration(
        commandName: "recognize", abstract: "Recognise what happens in videos.",
        discussion: """
            A class's probability is the mean over several clips and crops of a video; the recipe's input.test_clips and \
            input.test_crops say how many.
            """)

    @Argument(help: "Video files, or folders of them.") var videos: [String]
    @Option(help: "A classifier of clips: a run's folder or a checkpoint's file.") var checkpoint: String
    @Option(help: "The number of the stream of a video, from 0. Default: the one that FFmpeg prefers.")
    var stream: Int?
    @Option(help: "Number of classes to print for each video.") var top = 5
    @Option(
        help: """
            Folder for recognized.json and for the videos with their classes drawn in. Default: none; JSON goes to standard \
            output and nothing is drawn.
            """)
    var output: String?
    @OptionGroup var set: SettingOptions
    @OptionGroup var device: DeviceOption

    func validate() throws {
        if let stream, stream < 0 { throw ValidationError("--stream is \(stream); it must not be below 0.") }
        guard top > 0 else { throw ValidationError("--top is \(top); it must be above 0.") }
    }

    func work() throws {
        let files = try ImageDetection.videoFiles(videos)
        let folder = output.map { RunFolder($0) }
        try folder?.prepare()
        let recognition = try ClipRecognition(
            SavedModel(checkpoint, settings: set.settings), device: device.device, top: top, stream: stream)
        useThreads(recognition.model.recipe.training.threads)
        var names = PictureNames(folder: folder?.path ?? "", images: files)
        let all = try StopSignal.watching(saving: false) {
            try ProgressLine.counting(files, "recognizing") { file in
                try requireGoingOn(before: file)
                var found = try recognition.recognize(file)
                if folder != nil { try found.writeVideo(to: names.path(for: file, ending: "mp4")) }
                return found
            }
        }
        let json = try prettyJSON(all)
        guard let folder else { return print(json) }
        try RunFolder.write(json + "\n", to: folder.path + "/recognized.json")
        for found in all { print("\(found.drawn ?? found.video): \(found.summary)") }
        print("numbers: \(folder.path)/recognized.json")
    }
}
