import ArgumentParser
import ScoreCommands

extension DataCommand {
    /// `data make FOLDER` makes the detection set, `data make actions FOLDER` the action set.
    package struct Make: ParsableCommand {
        package static let configuration = CommandConfiguration(
            commandName: "make", abstract: "Make a built-in sample set.",
            discussion: "The same numbers and seed give the same files.", subcommands: [Shapes.self, Actions.self],
            defaultSubcommand: Shapes.self)

        package init() {}
    }

    package struct Shapes: EngineCommand {
        package static let configuration = CommandConfiguration(
            commandName: "shapes", abstract: "Detection: drawn objects, in COCO's and VOC's formats.",
            discussion: "The same numbers and seed give the same files.")

        @Argument(help: "The folder to make.") package var folder: String
        @Option(help: "Number of training images.") package var train = 240
        @Option(help: "Number of validation images.") package var val = 60
        @Option(help: "Seed of the random numbers; another seed gives other pictures.") package var seed: UInt64 = 1
        @Flag(help: "Replace the folder if it is there.") package var replace = false

        package func validate() throws {
            guard train > 0, val > 0 else { throw ValidationError("--train and --val must be above 0.") }
        }

        package init() {}
    }

    package struct Actions: EngineCommand {
        package static let configuration = CommandConfiguration(
            commandName: "actions",
            abstract: "Action recognition: videos, in Kinetics' and Something-Something's formats.",
            discussion: "The classes differ only in motion. The same numbers and seed give the same files.")

        @Argument(help: "The folder to make.") package var folder: String
        @Option(help: "Number of training clips of each class.") package var train = 120
        @Option(help: "Number of validation clips of each class.") package var val = 12
        @Option(help: "Seed of the random numbers; another seed gives other clips.") package var seed: UInt64 = 1
        @Flag(help: "Replace the folder if it is there.") package var replace = false

        package func validate() throws {
            guard train > 0, val > 0 else { throw ValidationError("--train and --val must be above 0.") }
        }

        package init() {}
    }
}
