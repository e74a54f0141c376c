import ArgumentParser
import DataPipeline
import SampleSets
import ScoreCommands
import Workflows

extension DataCommand {
    /// `data make FOLDER` makes the detection set, `data make actions FOLDER` the action set.
    struct Make: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "make", abstract: "Make a built-in sample set.",
            discussion: "The same numbers and seed give the same files.", subcommands: [Shapes.self, Actions.self],
            defaultSubcommand: Shapes.self)
    }

    struct Shapes: WorkCommand {
        static let configuration = CommandConfiguration(
            commandName: "shapes", abstract: "Detection: drawn objects, in COCO's and VOC's formats.",
            discussion: "The same numbers and seed give the same files.")

        @Argument(help: "The folder to make.") var folder: String
        @Option(help: "Number of training images.") var train = 240
        @Option(help: "Number of validation images.") var val = 60
        @Option(help: "Seed of the random numbers; another seed gives other pictures.") var seed: UInt64 = 1
        @Flag(help: "Replace the folder if it is there.") var replace = false

        func validate() throws {
            guard train > 0, val > 0 else { throw ValidationError("--train and --val must be above 0.") }
        }

        func work() throws {
            printToStandardOutput(
                try SampleSetMaking.make(
                    folder: folder, trainImages: train, validationImages: val, seed: seed, replacing: replace))
        }
    }

    struct Actions: WorkCommand {
        static let configuration = CommandConfiguration(
            commandName: "actions",
            abstract: "Action recognition: videos, in Kinetics' and Something-Something's formats.",
            discussion: "The classes differ only in motion. The same numbers and seed give the same files.")

        @Argument(help: "The folder to make.") var folder: String
        @Option(help: "Number of training clips of each class.") var train = ActionSampleSet.Settings().trainClips
        @Option(help: "Number of validation clips of each class.") var val = ActionSampleSet.Settings().validationClips
        @Option(help: "Seed of the random numbers; another seed gives other clips.") var seed: UInt64 = 1
        @Flag(help: "Replace the folder if it is there.") var replace = false

        func validate() throws {
            guard train > 0, val > 0 else { throw ValidationError("--train and --val must be above 0.") }
        }

        func work() throws {
            printToStandardOutput(
                try SampleSetMaking.makeActions(
                    folder: folder, trainClips: train, validationClips: val, seed: seed, replacing: replace))
        }
    }
}
