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
            input.test_crops say how many. Each video is told as soon as it is done; one that can't be read is named and \
            left out, and then the command ends with 1.
            """)

    @Argument(help: "Video files, folders of frames, or folders of both.") var videos: [String]
    @Option(help: "A classifier of clips: a run's folder, a checkpoint's file, or weights alone (.pth, .safetensors).")
    var checkpoint: String
    @Option(help: "The number of the stream of a video, from 0. Default: the one that FFmpeg prefers.")
    var stream: Int?
    @Option(help: "Number of classes to print for each video.") var top = 5
    @OptionGroup var damaged: DamagedImagesOption
    @Option(
        help: """
            Folder for recognized.json and for the videos with their classes drawn in. Default: none; JSON goes to standard \
            output and nothing is drawn.
            """)
    var output: String?
    @OptionGroup(title: "Weights of others") var weights: WeightsOptions
    @Flag(inversion: .prefixedNo, help: "Copy a video's sound into the drawn one.") var sound = true
    @OptionGroup var set: SettingOptions
    @OptionGroup var precision: PrecisionOption
    @OptionGroup var device: DeviceOption

    func validate() throws {
        if let stream, stream < 0 { throw ValidationError("--stream is \(stream); it must not be below 0.") }
        guard top > 0 else { throw ValidationError("--top is \(top); it must be above 0.") }
    }

    func work() throws {
        let files = try ClipRecognition.videos(videos)
        let folder = output.map { RunFolder($0) }
        try folder?.prepare()
        let recognition = try ClipRecognition(
            weights.open(checkpoint, settings: set.settings + damaged.settings + precision.settings),
            device: device.device, top: top,
            stream: stream)
        useThreads(recognition.model.recipe.training.threads)
        var names = PictureNames(folder: folder?.path ?? "", images: files)
        var all: [RecognizedClip] = [], failures: [any Error] = [], stop: (any Error)?
        var list = PrintedList()
        let line = ProgressLine("recognizing")
        StopSignal.watching(saving: false) {
            for file in files where stop == nil {
                do {
                    try requireGoingOn(before: file)
                    var found = try recognition.recognize(file)
                    if folder != nil {
                        try found.writeVideo(to: names.path(for: file, ending: "mp4"), keepsSound: sound)
                    }
                    all.append(found)
                    line.end()
                    if folder == nil {
                        try list.append(found)
                    } else {
                        printAtOnce("\(found.drawn ?? found.video): \(found.summary)")
                    }
                    if let reason = found.soundLeftOut { printLeftOut(reason, of: file) }
                } catch  where error is Stopped || error is ExitCode {
                    stop = error
                } catch {
                    // The results of the other videos must not be lost.
                    line.end()
                    failures.append(error)
                    printToStandardError("vertebra: \(error)")
                }
                line.show(all.count + failures.count, of: files.count)
            }
        }
        line.end()
        list.end()
        if let folder, !all.isEmpty {
            let path = folder.path + "/recognized.json"
            try RunFolder.write(prettyJSON(all) + "\n", to: path)
            printToStandardOutput("numbers: \(path)")
        }
        printDamage(recognition.damagedImages)
        if let stop { throw stop }
        guard failures.isEmpty else {
            if files.count > 1 {
                printToStandardError("vertebra: \(failures.count) of \(files.count) videos are left out")
            }
            throw ExitCode.failure
        }
    }
}

/// A JSON list on standard output that is printed element by element.
private struct PrintedList {
    private var isBegun = false

    mutating func append(_ element: some Encodable) throws {
        let json = try prettyJSON(element)
        printToStandardOutput(isBegun ? "," : "[")
        isBegun = true
        let lines = json.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }
        printToStandardOutput(lines.joined(separator: "\n"), terminator: "")
        fflush(nil)
    }

    func end() { if isBegun { printToStandardOutput("\n]") } }
}

/// Prints a line that a reader at the other end of a pipe sees now.
private func printAtOnce(_ text: String) {
    printToStandardOutput(text)
    fflush(nil)
}

/// Tells that a drawn video lacks the sound of its original.
func printLeftOut(_ reason: String, of video: String) {
    printToStandardError("vertebra: \(video): its sound is left out (\(reason))")
}
