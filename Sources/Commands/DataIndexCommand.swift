import Annotations
import ArgumentParser
import ScoreCommands

extension DataCommand {
    package struct Index: EngineCommand {
        package static let configuration = CommandConfiguration(
            commandName: "index", abstract: "Count the frames of a recipe's videos, and find those that can't be read.",
            discussion: """
                The result is kept in frames-index.tsv in the data's root, or in the file that data.index names, and only new or \
                changed videos are opened. Training and evaluation update the index too. Ctrl-C keeps what was counted.
                """)

        @Argument(help: "A recipe file whose data are videos.") package var recipe: String
        @OptionGroup package var set: SettingOptions
        @Option(help: "Number of missing and unreadable videos to show for each part.") package var places = 5
        @Flag(help: "Print JSON, with all of these videos.") package var json = false

        package func validate() throws {
            guard places >= 0 else { throw ValidationError("--places is \(places); it must not be below 0.") }
        }

        package init() {}
    }
}
