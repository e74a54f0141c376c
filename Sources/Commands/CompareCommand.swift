import ArgumentParser
import Foundation
import ScoreCommands

package struct CompareCommand: EngineCommand {
    package static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compare runs on the same data: their measures, and whether the differences are chance.",
        discussion: """
            The first run is the baseline. All must be detectors, classifiers of images, or classifiers of videos, measured on the \
            same images; a run that was not measured yet is measured first, as by `evaluate`.
              vertebra compare runs/resnet50 runs/iresnet50 --html comparison
            Detections of other programs are compared by their files in COCO's results format:
              vertebra compare --annotations instances_val2017.json --results a.json b.json --images val2017 --html page.html
            """)

    @Argument(help: "Two runs' folders or more, or folders that `evaluate --output` wrote to; the baseline first.")
    package var runs: [String] = []
    @Option(
        help: ArgumentHelp(
            "Also write a page: a file .html, or a folder, which gets the numbers as JSON and Markdown as well.",
            valueName: "file-or-folder")) package var html: String?
    @Flag(help: "Print Markdown instead of text.") package var markdown = false
    @Flag(help: "Print JSON instead of text.") package var json = false
    @Option(help: "Number of resamples of the images that tell how far differences are chance.")
    package var resamples = 1000
    @Option(help: "What the draws of the resamples begin with.") package var seed: UInt64 = 0
    @Option(help: "Number of images that got better, and of those that got worse, to show on the page for each run.")
    package var pictures = 6
    @Option(help: "Least score of detections that are shown and that count in what changed on an image.") package
        var threshold = 0.5
    @Option(help: "Root folder of the data if they have moved; the same as --set data.root=…") package var data: String?
    @OptionGroup package var set: SettingOptions
    @Option(help: "The instances JSON that --results belong to.") package var annotations: String?
    @Option(
        parsing: .upToNextOption,
        help: "Two files or more with detections in COCO's results format, in place of runs; the baseline first.")
    package
        var results: [String] = []
    @Option(help: "The folder of the images of --annotations, to show them on the page.") package var images: String?
    @OptionGroup package var device: DeviceOption

    package func validate() throws {
        if annotations != nil || !results.isEmpty {
            guard let annotations, !results.isEmpty else {
                throw ValidationError("--annotations A.json and --results R1.json R2.json go together.")
            }
            guard runs.isEmpty else {
                throw ValidationError("Name runs, or --results with --annotations \(annotations), but not both.")
            }
            guard results.count > 1 else {
                throw ValidationError(
                    "--results takes two files or more; \(results[0]) alone is scored by: vertebra score coco")
            }
            guard data == nil, set.settings.isEmpty else {
                throw ValidationError("--data and --set are for runs; --results have no recipe.")
            }
        } else {
            guard runs.count > 1 else {
                throw ValidationError(
                    runs.isEmpty
                        ? "Name two runs or more, the baseline first."
                        : "A comparison takes two runs or more; \(runs[0]) alone is shown by: vertebra report \(runs[0])"
                )
            }
            guard images == nil else { throw ValidationError("--images goes with --annotations and --results.") }
        }
        guard !(markdown && json) else { throw ValidationError("--markdown or --json, but not both.") }
        guard (1...1_000_000).contains(resamples) else {
            throw ValidationError("--resamples is \(resamples); it must be 1 to 1000000.")
        }
        guard pictures >= 0 else { throw ValidationError("--pictures is \(pictures); it must not be below 0.") }
        guard (0...1).contains(threshold) else {
            throw ValidationError("--threshold is \(threshold); it must be in 0…1.")
        }
    }

    package init() {}
}
