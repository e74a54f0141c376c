import ArgumentParser
import ScoreCommands

extension DataCommand {
    /// The names of `Workflows.DetectionFormat`.
    package enum Format: String, CaseIterable, Sendable, ExpressibleByArgument { case coco, yolo, voc, csv }

    /// The names of `Workflows.SetWriter.Images`.
    package enum ImagePlacing: String, CaseIterable, Sendable, ExpressibleByArgument { case link, copy, none }

    /// How a set of any format is read.
    package struct ReadingOptions: ParsableArguments {
        @Option(help: "The format to read; recognized from the files by default.") package var from: Format?
        @Option(help: "The folder of the pictures of COCO or CSV; looked for by default.")
        package var imageFolder: String?
        @OptionGroup package var names: FileNameOptions

        package init() {}
    }

    /// How a set is written.
    package struct WritingOptions: ParsableArguments {
        @Option(help: "What becomes of pictures: link them where possible, copy them, or none.")
        package var images: ImagePlacing = .link
        @Flag(help: "Replace the folder if it is a data set.") package var replace = false
        @Flag(help: "Print what was written as JSON.") package var json = false

        package init() {}
    }

    package struct Convert: EngineCommand {
        package static let configuration = CommandConfiguration(
            commandName: "convert", abstract: "Write a detection set in another format.",
            discussion: """
                Reads COCO (also as Roboflow, CVAT and Label Studio lay it out), YOLO with data.yaml or classes.txt, VOC (also \
                LabelImg's and Label Studio's), and CSV. What a format can't hold is said. Pictures are never moved.
                """)

        @Argument(help: "The set: a folder, an instances JSON, a data.yaml or a CSV.") package var set: String
        @Argument(help: "The folder to make.") package var output: String
        @Option(help: "The format to write.") package var to: Format
        @OptionGroup package var reading: ReadingOptions
        @OptionGroup package var writing: WritingOptions

        package init() {}
    }

    package struct Split: EngineCommand {
        package static let configuration = CommandConfiguration(
            commandName: "split", abstract: "Divide a detection set into train, val and test.",
            discussion: """
                Every class gets its share in each part, as far as images with several classes allow. The same seed gives the \
                same parts.
                """)

        @Argument(help: "The set: a folder, an instances JSON, a data.yaml or a CSV.") package var set: String
        @Option(help: "The folder to make.") package var output: String
        @Option(help: "The share of images to measure on, between 0 and 1.") package var val: Double
        @Option(help: "The share of images to test on.") package var test = 0.0
        @Option(help: "Seed of the random numbers; another seed gives other parts.") package var seed: UInt64 = 1
        @Option(help: "The format to write; the one that is read by default.") package var to: Format?
        @OptionGroup package var reading: ReadingOptions
        @OptionGroup package var writing: WritingOptions

        package func validate() throws {
            guard val > 0, test >= 0, val + test < 1 else {
                throw ValidationError(
                    "--val is \(val) and --test is \(test); --val must be above 0, and together they must be below 1.")
            }
        }

        package init() {}
    }

    package struct Merge: EngineCommand {
        package static let configuration = CommandConfiguration(
            commandName: "merge", abstract: "Join detection sets: classes and parts by name.",
            discussion: "Formats may differ. Two pictures of one name both stay, the second under another name.")

        @Argument(help: "The sets: folders, instances JSONs, data.yaml files or CSVs.") package var sets: [String]
        @Option(help: "The folder to make.") package var output: String
        @Option(help: "The format to write; that of the first set by default.") package var to: Format?
        @OptionGroup package var reading: ReadingOptions
        @OptionGroup package var writing: WritingOptions

        package func validate() throws {
            guard sets.count > 1 else { throw ValidationError("Name two sets or more to join.") }
        }

        package init() {}
    }
}
