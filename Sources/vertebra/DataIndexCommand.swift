import Annotations
import ArgumentParser
import ScoreCommands
import Workflows

extension DataCommand {
    struct Index: WorkCommand {
        static let configuration = CommandConfiguration(
            commandName: "index", abstract: "Count the frames of a recipe's videos, and find those that can't be read.",
            discussion: """
                What is found out is kept in frames-index.tsv in the data's root, or where data.index says; only videos that \
                are new or have changed are opened. Training and evaluating do the same. Ctrl-C keeps what is done.
                """)

        @Argument(help: "A recipe file of a data set of videos.") var recipe: String
        @OptionGroup var set: SettingOptions
        @Option(help: "Missing and unreadable videos to show of each part.") var places = 5
        @Flag(help: "As JSON, with all of them.") var json = false

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
            guard !json else { return print(try prettyJSON(survey)) }
            for part in survey.inventories { print(part.text(placesShown: places)) }
            print("\(survey.opened) videos opened; \(survey.isKept ? "index" : "not kept"): \(survey.index)")
        }
    }
}
