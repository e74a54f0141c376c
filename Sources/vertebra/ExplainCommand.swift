import Annotations
import ArgumentParser
import Foundation
import ScoreCommands
import Workflows

extension NamedWeights: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

struct ExplainCommand: WorkCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Show what in an image speaks for a class: Grad-CAM, by one model or several.",
        discussion: """
            A row for each image: the image, then a heat map over it for each model, checkpoints first. What the model did \
            not see, outside of its crop, is darkened.
            """)

    @Argument(help: "JPEG or PNG files, or folders of them.") var images: [String]
    @Option(
        name: .customLong("checkpoint"),
        help: ArgumentHelp(
            "A classifier's checkpoint, or a run's folder; any number of times.", valueName: "checkpoint"))
    var checkpoints: [String] = []
    @Option(
        name: .customLong("model"),
        help: ArgumentHelp(
            "A name that `vertebra models` lists, or one with other axes such as iresnet50:shortcut=dense, and a "
                + ".safetensors or .pth for it; any number of times.",
            valueName: "name=weights"))
    var weights: [NamedWeights] = []
    @Option(help: "A text file with the class names of each --model, one a line in the order of its outputs.")
    var classes: String?
    @Option(
        name: .customLong("class"),
        help: ArgumentHelp(
            "The class to look for. Without it: each model's likeliest.", valueName: "name-or-number"))
    var choice: String?
    @Option(help: "The stage at whose output to look, such as layer3. Without it: the last.") var stage: String?
    @Option(
        help: """
            Folder for the pictures and explanations.json. Without it: no pictures, JSON on standard output.
            """)
    var output: String?
    @OptionGroup var set: SettingOptions
    @OptionGroup var device: DeviceOption

    func validate() throws {
        guard !checkpoints.isEmpty || !weights.isEmpty else {
            throw ValidationError("Name a classifier: --checkpoint RUN, or --model NAME=WEIGHTS.")
        }
        guard classes == nil || !weights.isEmpty else {
            throw ValidationError("--classes names the classes of --model; a checkpoint has its own.")
        }
    }

    func work() throws {
        let files = try ImageDetection.imageFiles(images)
        var writer = try output.map { try ExplanationWriter(folder: RunFolder($0), images: files) }
        let explanation = try ImageExplanation(
            checkpoints: checkpoints, weights: weights, classNames: classes, classChoice: choice, stage: stage,
            settings: set.settings, device: device.device)
        useThreads(explanation.threads)
        let all = try ProgressLine.counting(files, "explaining") { file in
            var found = try explanation.explain(file)
            try writer?.write(&found)
            return found
        }
        let json = try prettyJSON(all)
        guard let output else { return print(json) }
        try RunFolder.write(json + "\n", to: output + "/explanations.json")
        for found in all { print("\(found.picture ?? found.image): \(found.summary)") }
        for overview in try writer?.finish() ?? [] { print("all of them: \(overview)") }
        print("numbers: \(output)/explanations.json")
    }
}
