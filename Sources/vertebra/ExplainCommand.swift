import Annotations
import ArgumentParser
import Foundation
import ScoreCommands
import Workflows

struct ExplainCommand: WorkCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Show which parts of an image speak for a class: Grad-CAM of one model or several.",
        discussion: """
            Draws a row for each image: the image, then the heat map of each model over it, checkpoints first. What is outside \
            a model's crop, which it does not see, is darkened.
            """)

    @Argument(help: "JPEG or PNG files, or folders of them.") var images: [String]
    @Option(
        name: .customLong("checkpoint"),
        help: ArgumentHelp(
            "A classifier's checkpoint, a run's folder, or weights of others; can be repeated.", valueName: "checkpoint"
        ))
    var checkpoints: [String] = []
    @Option(
        name: .customLong("model"),
        help: ArgumentHelp(
            "A name that `vertebra models` lists, or one with changed axes such as iresnet50:shortcut=dense, and its "
                + "weights in a .safetensors or .pth file; can be repeated. A name alone is the network of a --checkpoint "
                + "that is weights of others.",
            valueName: "name=weights"))
    var models: [String] = []
    @Option(
        help: """
            The class names of weights of others: imagenet, or a text file with one on each line, in the order of the outputs.
            """)
    var classes: String?
    @Option(
        name: .customLong("class"),
        help: ArgumentHelp(
            "The class to explain. Default: each model's likeliest.", valueName: "name-or-number"))
    var choice: String?
    @Option(help: "The stage whose output is explained, such as layer3. Default: the last.") var stage: String?
    @Option(
        help: """
            Folder for pictures and explanations.json. Default: none; JSON goes to standard output and nothing is drawn.
            """)
    var output: String?
    @OptionGroup var set: SettingOptions
    @OptionGroup var damaged: DamagedImagesOption
    @OptionGroup var device: DeviceOption

    private var weights: [NamedWeights] { models.compactMap { NamedWeights($0) } }
    /// The networks that are named without weights.
    private var networks: [String] { models.filter { NamedWeights($0) == nil } }

    func validate() throws {
        guard !checkpoints.isEmpty || !weights.isEmpty else {
            throw ValidationError("Name a classifier: --checkpoint FILE, or --model NAME=WEIGHTS.")
        }
        guard networks.count <= (checkpoints.isEmpty ? 0 : 1) else {
            throw ValidationError(
                "--model \(networks[networks.count - 1]) names no weights; write --model NAME=WEIGHTS, or name the network of "
                    + "--checkpoint once.")
        }
    }

    func work() throws {
        let files = try ImageDetection.imageFiles(images)
        var writer = try output.map { try ExplanationWriter(folder: RunFolder($0), images: files) }
        let explanation = try ImageExplanation(
            checkpoints: checkpoints, network: networks.first, weights: weights, classNames: classes,
            classChoice: choice,
            stage: stage, settings: set.settings + damaged.settings, device: device.device)
        useThreads(explanation.threads)
        for note in explanation.notes { printToStandardError(note) }
        let all = try ProgressLine.counting(files, "explaining") { file in
            var found = try explanation.explain(file)
            try writer?.write(&found)
            return found
        }
        printDamage(all.compactMap(\.damage))
        let json = try prettyJSON(all)
        guard let output else { return printToStandardOutput(json) }
        try RunFolder.write(json + "\n", to: output + "/explanations.json")
        for found in all { printToStandardOutput("\(found.picture ?? found.image): \(found.summary)") }
        for overview in try writer?.finish() ?? [] { printToStandardOutput("all of them: \(overview)") }
        printToStandardOutput("numbers: \(output)/explanations.json")
    }
}
