import Annotations
import ArgumentParser
import ScoreCommands

package struct DataCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "data", abstract: "Work on data sets: find mistakes, draw images, convert, divide and count them.",
        subcommands: [
            Check.self, Show.self, Convert.self, Split.self, Merge.self, Stats.self, Index.self, Make.self,
            Minival.self,
        ])

    package init() {}

    /// The names of `PictureCheck`.
    package enum Pictures: String, CaseIterable, Sendable, ExpressibleByArgument { case decode, headers, skip }

    /// How the file names of an instances JSON become paths in the folder of its images.
    package struct FileNameOptions: ParsableArguments {
        @Option(
            help: ArgumentHelp(
                """
                A beginning of the JSON's file names and what takes its place; the first of several that fits is taken. The last = \
                separates the two.
                """, valueName: "from=to"))
        package var pathPrefix: [String] = []
        @Flag(help: "Take %20 and the like in the JSON's file names for characters.") package var pathPercent = false
        @Flag(help: "Take backslashes in the JSON's file names for slashes.") package var pathBackslashes = false

        package func validate() throws {
            for text in pathPrefix where !text.contains("=") {
                throw ValidationError("--path-prefix is \(text); write FROM=TO, or FROM= to take a beginning off.")
            }
        }

        package var map: FileNameMap {
            FileNameMap(
                prefixes: pathPrefix.compactMap { text in
                    text.lastIndex(of: "=").map {
                        .init(from: String(text[..<$0]), to: String(text[text.index(after: $0)...]))
                    }
                }, decodesPercent: pathPercent, readsBackslashes: pathBackslashes)
        }

        package init() {}
    }

    /// The data set to work on: a recipe's, or files and folders given as options.
    package struct Source: ParsableArguments {
        @Argument(help: "A recipe file, for its training and validation parts.") package var recipe: String?
        @OptionGroup package var set: SettingOptions
        @Option(help: "An instances JSON; needs --images.") package var coco: String?
        @Option(help: "The folder of the JSON's images.") package var images: String?
        @OptionGroup package var names: FileNameOptions
        @Option(help: "A VOC folder: Annotations, ImageSets, JPEGImages.") package var voc: String?
        @Option(help: "A list in the VOC folder's ImageSets/Main. Default: trainval; for check, all lists.")
        package var split: String?

        package func validate() throws {
            guard [recipe, coco, voc].compactMap({ $0 }).count == 1 else {
                throw ValidationError("Name one data set: a recipe, or --coco and --images, or --voc and --split.")
            }
            guard (coco == nil) == (images == nil) else {
                throw ValidationError("--coco and --images belong together.")
            }
            guard coco != nil || names.map.isIdentity else {
                throw ValidationError(
                    "--path-prefix, --path-percent and --path-backslashes belong to --coco; in a recipe they are data.path_prefix, "
                        + "data.path_percent and data.path_backslashes.")
            }
            guard recipe != nil || set.settings.isEmpty else {
                throw ValidationError("--set changes a recipe, and there is none.")
            }
        }

        package init() {}
    }

    package struct Check: EngineCommand {
        package static let configuration = CommandConfiguration(
            commandName: "check", abstract: "Find mistakes in a data set before training meets them.",
            discussion: "The exit code is 1 if training would be affected.")

        @OptionGroup package var source: Source
        @Option(help: "What to check of image files: decode them, read only their headers, or skip them.")
        package var pictures: Pictures = .decode
        @Option(help: "Number of places to show for each kind of finding.") package var places = 5
        @OptionGroup package var damaged: DamagedImagesOption
        @Flag(help: "Print JSON.") package var json = false

        package init() {}
    }

    package struct Show: EngineCommand {
        package static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Draw images with their boxes and names.")

        @OptionGroup package var source: Source
        @Option(help: "Number of images to draw of each part, spread evenly.") package var count = 12
        @Flag(help: "Draw images as training sees them: the training part with the recipe's transforms.")
        package var training = false
        @Option(help: "Folder for the pictures.") package var output: String
        @OptionGroup package var damaged: DamagedImagesOption

        package func validate() throws {
            guard count > 0 else { throw ValidationError("--count is \(count); it must be above 0.") }
            guard !training || source.recipe != nil else {
                throw ValidationError("--training shows a recipe's transforms, so it needs a recipe.")
            }
        }

        package init() {}
    }

    package struct Minival: EngineCommand {
        package static let configuration = CommandConfiguration(
            commandName: "minival", abstract: "Make COCO 2014's minival and the training set that leaves it out.",
            discussion: """
                Reads instances_train2014.json, instances_val2014.json and instances_val2017.json in the folder's annotations, \
                and writes instances_minival2014.json, instances_valminusminival2014.json and \
                instances_trainvalminusminival2014.json beside them. Boxes, areas and crowds are kept; outlines are not.
                """)

        @Argument(help: "The folder where COCO's archives were unpacked.") package var folder: String
        @Flag(help: "Replace the files if they exist.") package var replace = false

        package init() {}
    }
}
