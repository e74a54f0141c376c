import ArgumentParser
import ScoreCommands

extension DataCommand {
    package struct Stats: EngineCommand {
        package static let configuration = CommandConfiguration(
            commandName: "stats", abstract: "Count a detection set's objects; suggest an input's size and anchors.",
            discussion: "Reads the formats of data convert.")

        @Argument(help: "The set: a folder, an instances JSON, a data.yaml or a CSV.") package var set: String
        @OptionGroup package var reading: ReadingOptions
        @Option(help: "Write a page with charts and pictures to this file.") package var html: String?
        @Option(help: "Number of pictures on the page.") package var pictures = 12
        @Option(
            help: ArgumentHelp(
                """
                The input of which anchors are suggested: 300x300 for a fixed size, 800-1333 for a shorter and a longest side, \
                640 for a longer side. Default: the one that is suggested.
                """, valueName: "sides"))
        package var input: String?
        @Option(help: "Number of anchors.") package var anchors = 9
        @Flag(help: "Print JSON.") package var json = false

        package func validate() throws {
            guard (1...100).contains(anchors) else {
                throw ValidationError("--anchors is \(anchors); it must be between 1 and 100.")
            }
            guard (0...200).contains(pictures) else {
                throw ValidationError("--pictures is \(pictures); it must be between 0 and 200.")
            }
        }

        package init() {}
    }
}
