import Annotations
import ArgumentParser
import Foundation
import ScoreCommands
import Support

package struct RecognizeCommand: EngineCommand {
    package static let configuration = CommandConfiguration(
        commandName: "recognize", abstract: "Recognise what happens in videos.",
        discussion: """
            A class's probability is the mean over several clips and crops of a video; the recipe's input.test_clips and \
            input.test_crops say how many. Each video is told as soon as it is done; one that can't be read is named and \
            left out, and then the command ends with 1.

            With --timeline, videos may be long and hold many actions one after the other: what happens is told with its \
            times, as JSON, subtitles and a drawn video.
            """)

    @Argument(help: "Video files, folders of frames, or folders of both.") package var videos: [String]
    @Option(help: "A classifier of clips: a run's folder, a checkpoint's file, or weights alone (.pth, .safetensors).")
    package var checkpoint: String
    @Option(help: "The number of the stream of a video, from 0. Default: the one that FFmpeg prefers.")
    package var stream: Int?
    @Option(help: "Number of classes to print for each video.") package var top = 5
    @OptionGroup package var damaged: DamagedImagesOption
    @Option(
        help: """
            Folder for recognized.json and for the videos with their classes drawn in; with --timeline, for timeline.json, \
            subtitles and videos. Default: none; JSON goes to standard output and nothing is drawn.
            """)
    package var output: String?
    @OptionGroup(title: "Weights of others") package var weights: WeightsOptions
    @Flag(inversion: .prefixedNo, help: "Copy a video's sound into the drawn one.") package var sound = true
    @OptionGroup package var drawn: DrawnContainerOption
    @OptionGroup(title: "Timeline") package var timeline: TimelineArguments
    @OptionGroup package var set: SettingOptions
    @OptionGroup package var precision: PrecisionOption
    @OptionGroup package var device: DeviceOption

    package func validate() throws {
        if let stream, stream < 0 { throw ValidationError("--stream is \(stream); it must not be below 0.") }
        guard top > 0 else { throw ValidationError("--top is \(top); it must be above 0.") }
    }

    package init() {}
}
