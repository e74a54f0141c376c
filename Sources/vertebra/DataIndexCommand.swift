import Annotations
import ArgumentParser
import ScoreCommands
import Workflows

extension DataCommand {
    struct Index: WorkCommand {
        static let configuration = CommandConfiguration(
            commandName: "index", abstract: "Count the frames of a recipe's videos, and find those that can't be read.",
            discussion: """
                The result is kept in frames-index.tsv in the data's root, or in the file that data.index names, and only new or \
                changed videos are opened. Training and evaluation update the index too. Ctrl-C keeps what was counted.
                """)

        @Argument(help: "A recipe file whose data are videos.") var recipe: String
        @OptionGroup var set: SettingOptions
        @Option(help: "Number of missing and unreadable videos to show for each part.") var places = 5
        @Flag(help: "Print JSON, with all of these videos.") var json = false

        func validate() throws {
            guard places >= 0 else { throw ValidationError("--places is \(places); it must not be below 0.") }
        }

        func work() throws {
            let line = ProgressLine("looking at videos")
            defer { line.end() }
            let survey = try ClipSurvey(
                of: RecipeFile(path: recipe, settings: set.settings), progress: line.showTimeLeft)
            line.end()
            for note in survey.notes { printToStandardError(note) }
            guard !json else { return printToStandardOutput(try prettyJSON(survey)) }
            for part in survey.inventories { printToStandardOutput(part.text(placesShown: places)) }
            printToStandardOutput(
                "\(survey.opened) videos opened; \(survey.isKept ? "index" : "not kept"): \(survey.index)")
        }
    }
}
