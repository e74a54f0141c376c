import ArgumentParser
import Foundation
import ScoreCommands

package struct ReportCommand: EngineCommand {
    package static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write a page on what a detector can do and where it fails, from an evaluated run.",
        discussion: """
            The page is one HTML file that needs no other. It has the numbers, the curves of the training, every class's \
            precision and recall, the confusion matrix, the cost of each kind of error, and the worst images.
            """)

    @Argument(help: "A run's folder, or a folder that `evaluate --output` wrote to.") package var run: String
    @Option(help: "The page's file. Default: report.html in the folder.") package var output: String?
    @Option(help: "Number of the worst images to show.") package var pictures = 12
    @Option(help: "Least score of detections that are shown and counted in the confusion matrix.") package
        var threshold = 0.5
    @Option(help: "Root folder of the data if they have moved; the same as --set data.root=…") package var data: String?
    @OptionGroup package var set: SettingOptions

    package func validate() throws {
        guard pictures >= 0 else { throw ValidationError("--pictures is \(pictures); it must not be below 0.") }
        guard (0...1).contains(threshold) else {
            throw ValidationError("--threshold is \(threshold); it must be in 0…1.")
        }
    }

    package init() {}
}
