import ArgumentParser
import Foundation
import ScoreCommands
import Workflows

struct ReportCommand: WorkCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "A page on what a detector can do and where it fails, from a run that was evaluated.",
        discussion: """
            One HTML file that needs no other: the numbers, the training's course, every class's precision and recall, the \
            confusion matrix, what each kind of error costs, and the worst images.
            """)

    @Argument(help: "A run's folder, or another that `evaluate --output` wrote to.") var run: String
    @Option(help: "The page. Without it: report.html in the folder.") var output: String?
    @Option(help: "How many of the worst images are shown.") var pictures = 12
    @Option(help: "Lowest score that is shown, and counted in the confusion matrix.") var threshold = 0.5
    @Option(help: "Where the data are now, as --set data.root=… does.") var data: String?
    @OptionGroup var set: SettingOptions

    func validate() throws {
        guard pictures >= 0 else { throw ValidationError("--pictures is \(pictures); it must not be below 0.") }
        guard (0...1).contains(threshold) else {
            throw ValidationError("--threshold is \(threshold); it must be in 0…1.")
        }
    }

    func work() throws {
        let report = try RunReport(
            run: run, settings: set.settings + (data.map { ["data.root=\($0)"] } ?? []), pictures: pictures,
            threshold: threshold)
        let path = output ?? report.folder.report
        try report.write(to: path)
        print(path)
    }
}
