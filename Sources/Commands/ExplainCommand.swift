import Annotations
import ArgumentParser
import Foundation
import Listings
import ScoreCommands

package struct ExplainCommand: EngineCommand {
    package static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Show which parts of an image speak for a class: Grad-CAM of one model or several.",
        discussion: """
            Draws a row for each image: the image, then the heat map of each model over it, checkpoints first. What is outside \
            a model's crop, which it does not see, is darkened.
            """)

    @Argument(help: "JPEG or PNG files, or folders of them.") package var images: [String]
    @Option(
        name: .customLong("checkpoint"),
        help: ArgumentHelp(
            "A classifier's checkpoint, a run's folder, or weights of others; can be repeated.", valueName: "checkpoint"
        ))
    package var checkpoints: [String] = []
    @Option(
        name: .customLong("model"),
        help: ArgumentHelp(
            "A name that `vertebra models` lists, or one with changed axes such as iresnet50:shortcut=dense, and its "
                + "weights in a .safetensors or .pth file; can be repeated. A name alone is the network of a --checkpoint "
                + "that is weights of others.",
            valueName: "name=weights"))
    package var models: [String] = []
    @Option(
        help: """
            The class names of weights of others: imagenet, or a text file with one on each line, in the order of the outputs.
            """)
    package var classes: String?
    @Option(
        name: .customLong("class"),
        help: ArgumentHelp(
            "The class to explain. Default: each model's likeliest.", valueName: "name-or-number"))
    package var choice: String?
    @Option(help: "The stage whose output is explained, such as layer3. Default: the last.") package var stage: String?
    @Option(
        help: """
            Folder for pictures and explanations.json. Default: none; JSON goes to standard output and nothing is drawn.
            """)
    package var output: String?
    @OptionGroup package var set: SettingOptions
    @OptionGroup package var damaged: DamagedImagesOption
    @OptionGroup package var device: DeviceOption

    package var weights: [NamedWeights] { models.compactMap { NamedWeights($0) } }
    /// The networks that are named without weights.
    package var networks: [String] { models.filter { NamedWeights($0) == nil } }

    package func validate() throws {
        guard !checkpoints.isEmpty || !weights.isEmpty else {
            throw ValidationError("Name a classifier: --checkpoint FILE, or --model NAME=WEIGHTS.")
        }
        guard networks.count <= (checkpoints.isEmpty ? 0 : 1) else {
            throw ValidationError(
                "--model \(networks[networks.count - 1]) names no weights; write --model NAME=WEIGHTS, or name the network of "
                    + "--checkpoint once.")
        }
    }

    package init() {}
}
