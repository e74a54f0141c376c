import ArgumentParser
import Foundation
import ScoreCommands

package struct ServeCommand: EngineCommand {
    package static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Try a trained network in a browser, and ask it by HTTP, on this machine alone.",
        discussion: """
            Prints the address of a page that takes pictures or clips and shows what the network finds. Programs send files to \
            /detect, /classify or /recognize and get the JSON that `detect` and `recognize` print. Ctrl-C answers what was taken \
            on and ends with 0. Only programs on this machine reach it.
            """)

    @Argument(help: "A run's folder, a checkpoint's file, or weights of others (.pth, .safetensors).")
    package var checkpoint: String
    @Option(help: "The port of 127.0.0.1 to listen on; 0 takes a free one.") package var port = 8765
    @Option(help: ArgumentHelp("The largest upload, in MiB.", valueName: "mib")) package var limitUpload = 64
    @Option(help: "The most pixels of a picture or of a frame, in millions.") package var limitPixels = 50
    @Option(help: "The most frames of a video.") package var limitFrames = 10_000
    @Option(help: "The most requests that wait for the network; more are told to try again.")
    package var limitRequests = 64
    @Flag(help: "Print no line for each request.") package var quiet = false
    @OptionGroup(title: "Weights of others") package var weights: WeightsOptions
    @OptionGroup(title: "Inference of detectors") package var inference: InferenceOptions
    @OptionGroup package var damaged: DamagedImagesOption
    @OptionGroup package var set: SettingOptions
    @OptionGroup package var precision: PrecisionOption
    @OptionGroup package var device: DeviceOption

    package func validate() throws {
        guard (0...65535).contains(port) else {
            throw ValidationError("--port is \(port); it must be in 0…65535.")
        }
        let limits = [
            ("limit-upload", limitUpload, 4096), ("limit-pixels", limitPixels, 1000),
            ("limit-frames", limitFrames, 10_000_000), ("limit-requests", limitRequests, 10_000),
        ]
        for (name, value, most) in limits where !(1...most).contains(value) {
            throw ValidationError("--\(name) is \(value); it must be in 1…\(most).")
        }
    }

    package init() {}
}
